package mou

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ProfileText is the text of one profile, as it is published and exported.
type ProfileText struct {
	Ref  string `json:"ref"` // name@version
	Text []byte `json:"text"`
}

// LoadProfile reads one of the embedded profiles by its reference, strictly:
// unknown keys, codes outside the lists and values without a source are errors.
func LoadProfile(ref string) (*Profile, error) {
	texts, err := ProfileTexts(ref)
	if err != nil {
		return nil, err
	}
	return ParseProfile(texts)
}

// ProfileTexts gives the texts that an embedded profile is read from: its own
// and, behind it, that of the profile that it extends.
func ProfileTexts(ref string) ([]ProfileText, error) {
	own, err := embedded(ref)
	if err != nil {
		return nil, err
	}
	p, err := parseProfile(own.Text)
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", ref, err)
	}
	if p.Extends == "" {
		return []ProfileText{own}, nil
	}
	base, err := embedded(p.Extends)
	if err != nil {
		return nil, fmt.Errorf("reading what %s extends: %w", ref, err)
	}
	return []ProfileText{own, base}, nil
}

func embedded(ref string) (ProfileText, error) {
	if !slices.Contains(ProfileRefs(), ref) {
		return ProfileText{}, fmt.Errorf("there is no profile %q; there are %s", ref, strings.Join(ProfileRefs(), ", "))
	}
	text, err := profiles.ReadFile("profiles/" + ref + ".yaml")
	if err != nil {
		return ProfileText{}, fmt.Errorf("reading profile %s: %w", ref, err)
	}
	return ProfileText{ref, text}, nil
}

// ParseProfile reads a profile from its texts, as [ProfileTexts] gives them. It
// trusts none of them: compare [ProfileDigest] with what genesis names.
func ParseProfile(texts []ProfileText) (*Profile, error) {
	if len(texts) == 0 || len(texts) > 2 {
		return nil, fmt.Errorf("a profile has its own text and at most that of one that it extends, not %d", len(texts))
	}
	var read []*Profile
	for _, t := range texts {
		p, err := parseProfile(t.Text)
		if err != nil {
			return nil, fmt.Errorf("reading profile %s: %w", t.Ref, err)
		}
		if p.Ref() != t.Ref {
			return nil, fmt.Errorf("profile %s calls itself %s", t.Ref, p.Ref())
		}
		read = append(read, p)
	}
	p := read[0]
	switch {
	case p.Extends == "" && len(read) == 2 || p.Extends != "" && (len(read) == 1 || read[1].Ref() != p.Extends):
		return nil, fmt.Errorf("profile %s: the text of the profile that it extends must stand behind it, and no other", p.Ref())
	case p.Extends != "" && read[1].Extends != "":
		return nil, fmt.Errorf("profile %s: a profile extends one that stands alone", p.Ref())
	case p.Extends != "":
		p.inherit(read[1])
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("profile %s: %w", p.Ref(), err)
	}
	p.index()
	return p, nil
}

// ProfileDigest is what genesis names of a profile's texts: the hexadecimal
// SHA-256 over, for each of them, its reference, a line end, the number of its
// bytes, a line end, and the bytes.
func ProfileDigest(texts []ProfileText) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write([]byte(t.Ref + "\n" + strconv.Itoa(len(t.Text)) + "\n"))
		h.Write(t.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
