package ledger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/seal"
)

// careful is a log under a profile that lets nobody export or read the log alone,
// and two auditors of it.
func careful(t *testing.T) (log *openLog, colleague seal.SigningKey) {
	t.Helper()
	texts, err := mou.ProfileTexts("model@1")
	if err != nil {
		t.Fatal(err)
	}
	texts[0].Text = bytes.Replace(texts[0].Text, []byte("second-reader: {for: [],"), []byte("second-reader: {for: [export, log],"), 1)
	profile, err := mou.ParseProfile(texts)
	if err != nil {
		t.Fatal(err)
	}
	all := []entrant{{id: "audit-one", kind: events.Auditor}, {id: "testtown-police", kind: events.Police}, {id: "audit-two", kind: events.Auditor}}
	for i := range all {
		if all[i].key, err = seal.NewSigningKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return openedWith(t, profile, all...), all[2].key
}

func TestAProfileLetsNobodyReadAloneWhatItAsksASecondReaderFor(t *testing.T) {
	log, colleague := careful(t)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	token := func(what events.Reading, id events.CaseID) string {
		signed, err := seal.SignApproval(colleague, seal.Approval{By: "audit-two", Reader: "audit-one", What: what, Case: id, Expires: now.Add(time.Hour)}, "handrail/testland", now)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	export := events.TrailRead{What: events.ReadingExport, Case: testCase}
	for _, c := range []struct {
		what     string
		read     events.TrailRead
		shown    []string
		at       time.Duration
		approved events.AgencyID
		refused  bool
	}{
		{"a replay, alone", events.TrailRead{What: events.ReadingReplay, Case: testCase}, nil, 0, "", false},
		{"an export, alone", export, nil, 0, "", true},
		{"the log, alone", events.TrailRead{What: events.ReadingLog}, nil, 0, "", true},
		{"an export, approved", export, []string{token(events.ReadingExport, testCase)}, 0, "audit-two", false},
		{"an export, approved an hour ago", export, []string{token(events.ReadingExport, testCase)}, time.Hour, "", true},
		{"the log, approved", events.TrailRead{What: events.ReadingLog}, []string{token(events.ReadingLog, "")}, 0, "audit-two", false},
		{"an export, approved as a replay", export, []string{token(events.ReadingReplay, testCase)}, 0, "", true},
		{"the log, approved as an export", events.TrailRead{What: events.ReadingLog}, []string{token(events.ReadingExport, testCase)}, 0, "", true},
	} {
		read := c.read
		v := log.approve(&read, "audit-one", c.shown, now.Add(c.at))
		if (v != nil) != c.refused || read.Approved != c.approved {
			t.Errorf("%s: %v, approved by %q", c.what, v, read.Approved)
		}
	}
}

func TestWhatIsAskedForIsReadStrictly(t *testing.T) {
	log, _ := careful(t)
	for body, right := range map[string]bool{
		`{"what":"log"}`: true, `{"what":"replay","case":"` + testCase + `"}`: true, `{"what":"completeness","agency":"testtown-police"}`: true,
		`{"what":"replay"}`: false, `{"what":"log","what":"log"}`: false, `{"what":"log","approved":"audit-two"}`: false, `{"what":"log"} x`: false, ``: false,
	} {
		if _, v := log.readingAsked([]byte(body)); (v == nil) != right {
			t.Errorf("%s: %v", body, v)
		}
	}
}

func TestTheIdOfARequestCountsOnceForAsLongAsItsTimeDoes(t *testing.T) {
	r, now := newReplay(), time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for step := range 40 {
		at := now.Add(time.Duration(step) * 20 * time.Second)
		id := string(rune('a' + step))
		if !r.first("one", id, at) || r.first("one", id, at) || !r.first("two", id, at) {
			t.Fatalf("at %v an id does not count just once for each", at)
		}
		for earlier := max(0, step-6); earlier < step; earlier++ { // two minutes: as long as clocks may be apart
			if r.first("one", string(rune('a'+earlier)), at) {
				t.Fatalf("at %v the id of %d s before counts again", at, 20*(step-earlier))
			}
		}
	}
	if len(r.now)+len(r.old) > 2*2*10+4 {
		t.Errorf("%d ids are kept", len(r.now)+len(r.old))
	}
}

func TestALeadThatIsOverRecordsNoReading(t *testing.T) {
	over := make(chan struct{})
	l := &lead{readings: make(chan *asked), over: over}
	close(over)
	if _, err := l.read(t.Context(), "audit-one", &events.TrailRead{What: events.ReadingLog}); !errors.Is(err, errNotActive) {
		t.Errorf("a reading at a lead that is over: %v", err)
	}
}
