package mou_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
)

func texts(t *testing.T, ref string) []mou.ProfileText {
	t.Helper()
	all, err := mou.ProfileTexts(ref)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAProfileIsItsTexts: whoever has nothing but the texts reads the same profile
// as the program that has it embedded.
func TestAProfileIsItsTexts(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		own, err := mou.ParseProfile(texts(t, ref))
		if err != nil {
			t.Fatal(err)
		}
		embedded := memorandum(t, ref).Profile
		if fmt.Sprintf("%+v", own.Durations) != fmt.Sprintf("%+v", embedded.Durations) || own.Ref() != ref || own.Retention() != embedded.Retention() {
			t.Errorf("%s is read from its texts as something else", ref)
		}
		if got := len(texts(t, ref)); got != 1 && own.Extends == "" || got != 2 && own.Extends != "" {
			t.Errorf("%s has %d texts", ref, got)
		}
	}
	if _, err := mou.ProfileTexts("atlantis@1"); err == nil {
		t.Error("gave the texts of a profile that does not exist")
	}
}

// TestTheDigestNamesEveryByteOfAProfile, and where one text ends and the next begins.
func TestTheDigestNamesEveryByteOfAProfile(t *testing.T) {
	whole := texts(t, "uk@1")
	seen := map[string]string{mou.ProfileDigest(whole): "the profile itself"}
	see := func(what string, changed []mou.ProfileText) {
		t.Helper()
		digest := mou.ProfileDigest(changed)
		if other := seen[digest]; other != "" {
			t.Errorf("%s and %s have one digest", what, other)
		}
		seen[digest] = what
	}
	for n := range whole {
		for i := range whole[n].Text {
			changed := slices.Clone(whole)
			changed[n].Text = bytes.Clone(changed[n].Text)
			changed[n].Text[i] ^= 1
			see(fmt.Sprintf("byte %d of text %d changed", i, n), changed)
		}
	}
	see("the texts exchanged", []mou.ProfileText{whole[1], whole[0]})
	see("without the base", whole[:1])
	see("nothing", nil)
	see("another name", []mou.ProfileText{{Ref: "uk@2", Text: whole[0].Text}, whole[1]})
	half := len(whole[0].Text) / 2
	see("cut elsewhere", []mou.ProfileText{
		{Ref: whole[0].Ref, Text: whole[0].Text[:half]}, {Ref: whole[1].Ref, Text: slices.Concat(whole[0].Text[half:], whole[1].Text)},
	})
	one := texts(t, "model@1")
	want := sha256.Sum256(fmt.Appendf(nil, "model@1\n%d\n%s", len(one[0].Text), one[0].Text))
	if mou.ProfileDigest(one) != hex.EncodeToString(want[:]) {
		t.Error("the digest is not what its definition says")
	}
}

// TestTextsThatAreNotOneProfileAreRefused, also if each of them is a good one.
func TestTextsThatAreNotOneProfileAreRefused(t *testing.T) {
	uk, model, lt := texts(t, "uk@1"), texts(t, "model@1"), texts(t, "lt@1")
	in := func(text mou.ProfileText, old, to string) mou.ProfileText {
		t.Helper()
		changed := mou.ProfileText{Ref: text.Ref, Text: []byte(strings.Replace(string(text.Text), old, to, 1))}
		if bytes.Equal(changed.Text, text.Text) {
			t.Fatal("nothing was changed")
		}
		return changed
	}
	for name, c := range map[string]struct {
		texts []mou.ProfileText
		says  string
	}{
		"none":                      {nil, "at most that of one"},
		"the base is missing":       {uk[:1], "must stand behind it"},
		"the base alone is another": {[]mou.ProfileText{uk[0], lt[0]}, "must stand behind it"},
		"the base stands first":     {[]mou.ProfileText{uk[1], uk[0]}, "must stand behind it"},
		"one too many":              {append(slices.Clone(uk), model...), "at most that of one"},
		"a base of what needs none": {[]mou.ProfileText{model[0], model[0]}, "must stand behind it"},
		"another name":              {[]mou.ProfileText{{Ref: "lt@1", Text: uk[0].Text}, uk[1]}, "calls itself uk@1"},
		"a base of another name":    {[]mou.ProfileText{uk[0], {Ref: "model@2", Text: uk[1].Text}}, "calls itself model@1"},
		"a base of another version": {[]mou.ProfileText{uk[0], {Ref: "model@2", Text: in(model[0], "version: 1", "version: 2").Text}}, "must stand behind it"},
		"no profile":                {[]mou.ProfileText{{Ref: "uk@1", Text: []byte("{")}, uk[1]}, "reading profile uk@1"},
		"an unknown key":            {[]mou.ProfileText{in(uk[0], "name: uk", "name: uk\ncountry: XX"), uk[1]}, "reading profile uk@1"},
		"a base that is not whole":  {[]mou.ProfileText{uk[0], in(model[0], "  retention: {", "  missing: {")}, "model@1"},
		"a base that extends": {[]mou.ProfileText{
			in(uk[0], "extends: model@1", "extends: lt@1"), lt[0],
		}, "stands alone"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mou.ParseProfile(c.texts)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
