package tlog_test

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"handrail/contracts/tlog"
	"handrail/events"
)

func TestEntryKeepsWhatItWasGiven(t *testing.T) {
	h := newHub(t, sampleland, "entry")
	first, second := h.admit(h.opened(1)), h.admit(h.opened(2))
	refused := h.refuse(h.opened(3), [32]byte{1})
	for _, e := range []tlog.Entry{first, second, refused} {
		got, err := tlog.ParseEntry(e.Bytes())
		must(t, err)
		if !reflect.DeepEqual(got, e) {
			t.Errorf("read back\n%+v\nwant\n%+v", got, e)
		}
	}
	if second.Attribute("subject") == "" || second.Attribute("plaincommit") != "" {
		t.Error("an entry gives the attributes that it has")
	}
	event, err := second.Event()
	must(t, err)
	if event.Type != events.TypeCaseOpened || event.Data != nil {
		t.Error("an entry gives its event without data")
	}
}

// A refused entry says nothing of what was sent beyond submitter, rule, place
// and, when the signature was good, the case.
func TestRefusedEntryKeepsNothingElse(t *testing.T) {
	h := newHub(t, sampleland, "refused")
	e := h.opened(1)
	b := string(h.refuse(e, [32]byte{1}).Bytes())
	for _, secret := range []string{string(e.ID), string(e.Type), e.Sequence, e.TraceParent, e.DSSEMaterial} {
		if strings.Contains(b, secret) {
			t.Error("a refused entry repeats an attribute")
		}
	}
	plain := tlog.SubmissionDigest(e.Attributes(), e.Data)
	if strings.Contains(b, string(plain[:])) || strings.Count(b, "\n") != 9 {
		t.Errorf("unexpected lines:\n%s", b)
	}
}

func TestEntryHasOneForm(t *testing.T) {
	h := newHub(t, sampleland, "form")
	h.admit(h.opened(1))
	admitted := string(h.admit(h.opened(2)).Bytes())
	refused := string(h.refuse(h.opened(3), [32]byte{1}).Bytes())
	forms := otherEntryForms(admitted, refused)
	forms["longer than any entry"] = admitted + strings.Repeat("x", tlog.MaxEntryBytes)
	for name, changed := range forms {
		if changed == admitted || changed == refused {
			t.Fatalf("%s: the test changed nothing", name)
		}
		if _, err := tlog.ParseEntry([]byte(changed)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// otherEntryForms are texts that are nearly entries: of a second, admitted one that is
// linked to the first, and of a refused one.
func otherEntryForms(admitted, refused string) map[string]string {
	return map[string]string{
		"empty":                   "",
		"another version":         strings.Replace(admitted, "entry v1", "entry v2", 1),
		"no final line feed":      strings.TrimSuffix(admitted, "\n"),
		"a line more":             admitted + "note hello\n",
		"an empty line":           admitted + "\n",
		"carriage returns":        strings.ReplaceAll(admitted, "\n", "\r\n"),
		"leading zero":            strings.Replace(admitted, "number 1\n", "number 01\n", 1),
		"a sign":                  strings.Replace(admitted, "number 1\n", "number +1\n", 1),
		"milliseconds":            strings.Replace(admitted, ".234567Z", ".234Z", 1),
		"another zone":            strings.Replace(admitted, "567Z\n", "567+00:00\n", 1),
		"unknown verdict":         strings.Replace(admitted, "verdict admitted", "verdict perhaps", 1),
		"refused with attributes": strings.Replace(admitted, "verdict admitted", "verdict refused", 1),
		"admitted without":        strings.Replace(refused, "verdict refused", "verdict admitted", 1),
		"another submitter":       strings.Replace(admitted, "submitter sampletown-police", "submitter lighthouse-shelter", 1),
		"semantics zero":          strings.Replace(admitted, "semantics 1", "semantics 0", 1),
		"free text as clause":     strings.Replace(admitted, "clause 4.2", "clause she said", 1),
		"clause twice":            strings.Replace(admitted, "clause 4.2\n", "clause 4.2\nclause 4.2\n", 1),
		"lines swapped":           strings.Replace(admitted, "profile model@1\nclause 4.2\n", "clause 4.2\nprofile model@1\n", 1),
		"attribute unknown":       strings.Replace(admitted, "ce-specversion 1.0\n", "ce-specversion 1.0\nce-name x\n", 1),
		"attribute twice":         strings.Replace(admitted, "ce-specversion 1.0\n", "ce-specversion 1.0\nce-specversion 1.0\n", 1),
		"attribute missing":       strings.Replace(admitted, "ce-specversion 1.0\n", "", 1),
		"attributes swapped":      strings.Replace(admitted, "ce-specversion 1.0\nce-type org.handrail.case.opened.v1\n", "ce-type org.handrail.case.opened.v1\nce-specversion 1.0\n", 1),
		"upper-case digest":       upperLine(admitted, "data-sha256"),
		"half a link":             admitted[:strings.Index(admitted, "previous-leaf")],
		"linked to itself":        strings.Replace(admitted, "previous-number 0", "previous-number 1", 1),
		"refused with a link":     refused + "previous-number 0\n",
		"pointer with text":       strings.Replace(refused, "pointer /sections", "pointer the person's name", 1),
		"case of another form":    strings.Replace(refused, "case 0", "case x", 1),
		"rule of another form":    strings.Replace(refused, "rule consent", "rule Consent", 1),
		"number beyond JSON":      strings.Replace(admitted, "number 1\n", "number 9007199254740992\n", 1),
	}
}

func upperLine(text, name string) string {
	before, after, _ := strings.Cut(text, name+" ")
	return before + name + " " + strings.ToUpper(after[:64]) + after[64:]
}

// Entries that cannot be read back are never written: no opening for them.
func TestNoOpeningForAnImpossibleEntry(t *testing.T) {
	h := newHub(t, sampleland, "impossible")
	good := h.admit(h.opened(1))
	for name, change := range map[string]func(*tlog.Entry){
		"no verdict":       func(e *tlog.Entry) { e.Verdict = "" },
		"rule with spaces": func(e *tlog.Entry) { e.Verdict, e.Rule = tlog.Refused, "no way" },
		"no profile":       func(e *tlog.Entry) { e.Profile = "" },
		"line in a clause": func(e *tlog.Entry) { e.Clause = "4.2\nnumber 9" },
		"nobody's":         func(e *tlog.Entry) { e.Submitter = "" },
		"far future":       func(e *tlog.Entry) { e.Admitted = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) },
		"control":          func(e *tlog.Entry) { e.Attributes = nil },
	} {
		e := good
		change(&e)
		if _, err := tlog.NewOpening(e, h.random); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := tlog.NewOpening(good, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("opened with half a salt")
	}
}

func TestCleanPointerDropsFreeText(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"attribute time":              "attribute time",
		"/recipient/except":           "/recipient/except",
		"/to/3":                       "/to/3",
		"/children/0-8":               "/children/0-8",
		"/she lives at":               "",
		"/a\nrule x":                  "",
		"attribute of the person":     "",
		"/" + strings.Repeat("x", 33): "",
	} {
		if got := tlog.CleanPointer(in); got != want {
			t.Errorf("CleanPointer(%q) = %q", in, got)
		}
	}
}

// Leaf and salted digest, against the sentence that defines them.
func TestLeafIsOpaqueAndSalted(t *testing.T) {
	h := newHub(t, sampleland, "leaf")
	e := h.admit(h.opened(1))
	o := h.openings[0]
	if leaf := o.Leaf(); len(leaf) != len("handrail-leaf v1\n")+32 || bytes.Contains(leaf, []byte("police")) {
		t.Error("a leaf is its tag and 32 bytes")
	}
	if o.LeafHash() != sha256.Sum256(append([]byte{0}, o.Leaf()...)) {
		t.Error("a leaf hash is RFC 6962's")
	}
	again, err := tlog.NewOpening(e, h.random)
	must(t, err)
	if bytes.Equal(again.Leaf(), o.Leaf()) {
		t.Error("two salts, one leaf")
	}
	event := h.opened(2)
	a := tlog.SubmissionDigest(event.Attributes(), event.Data)
	swapped := event.Attributes()
	swapped[0], swapped[3] = swapped[3], swapped[0]
	if tlog.SubmissionDigest(swapped, event.Data) != a {
		t.Error("the order of headers is no part of a submission")
	}
	event.Data = append(event.Data, ' ')
	if tlog.SubmissionDigest(event.Attributes(), event.Data) == a {
		t.Error("the data are part of a submission")
	}
}

// Any entry that can be opened has exactly one byte form.
func TestEntryRoundTrip(t *testing.T) {
	h := newHub(t, sampleland, "round trip")
	attributes := h.opened(1).Attributes()
	rapid.Check(t, func(r *rapid.T) {
		e := tlog.Entry{
			Number:    rapid.Uint64Range(1, 1<<53-1).Draw(r, "number"),
			Admitted:  time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(r, "admitted")).UTC(),
			Verdict:   rapid.SampledFrom([]tlog.Verdict{tlog.Admitted, tlog.Refused}).Draw(r, "verdict"),
			Submitter: police,
		}
		if e.Verdict == tlog.Admitted {
			e.Profile = rapid.StringMatching(`[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,5}`).Draw(r, "profile")
			e.Clause = rapid.StringMatching(`([0-9][0-9.]{0,8})?`).Draw(r, "clause")
			e.Semantics = rapid.IntRange(1, 1<<30).Draw(r, "semantics")
			e.Attributes = attributes
			if rapid.Bool().Draw(r, "linked") {
				e.Previous = &tlog.Link{Number: rapid.Uint64Range(0, e.Number-1).Draw(r, "previous"), Leaf: sha256.Sum256(nil)}
			}
		} else {
			e.Rule = events.Rule(rapid.StringMatching(`[a-z][a-z0-9-]{0,47}`).Draw(r, "rule"))
			e.Pointer = tlog.CleanPointer(rapid.StringMatching(`(/[a-z_]{1,32}){0,9}`).Draw(r, "pointer"))
			e.Salted = sha256.Sum256([]byte(e.Rule))
		}
		got, err := tlog.ParseEntry(e.Bytes())
		if err != nil || !reflect.DeepEqual(got, e) {
			r.Fatalf("%v: read back\n%+v\nwant\n%+v", err, got, e)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	h := newHub(f, sampleland, "fuzz")
	h.admit(h.opened(1))
	f.Add(h.openings[0].Entry)
	f.Add(h.admit(h.opened(2)).Bytes())
	f.Add(h.refuse(h.opened(3), [32]byte{1}).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := tlog.ParseEntry(b); err == nil && !bytes.Equal(e.Bytes(), b) {
			t.Fatalf("accepted another form:\n%q\n%q", b, e.Bytes())
		}
	})
}
