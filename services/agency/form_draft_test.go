package agency

import (
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// begins keeps a draft that holds the marker.
func (l *aLog) begins(a *Agency) FormDraft {
	l.t.Helper()
	d, err := a.BeginForm(l.t.Context(), FormDraft{Kind: "report", Author: "officer-1", Form: jsontext.Value(`{"name":"` + marker + `"}`)})
	l.must(err)
	return d
}

func TestAFormThatIsNotSentExpiresAsTheProfileSaysAndLeavesTheFile(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	now := time.Now()
	a.now = func() time.Time { return now }
	d := l.begins(a)
	if !d.Expires.Equal(now.UTC().Add(28 * day)) {
		t.Errorf("it expires on %s", d.Expires)
	}
	// Saving it on the 27th day does not keep it longer.
	a.now = func() time.Time { return now.Add(27 * day) }
	l.must(a.KeepForm(t.Context(), d))
	if err := a.KeepForm(t.Context(), d); !errors.Is(err, ErrFormChanged) {
		t.Errorf("what was read before somebody else changed it was stored over that: %v", err)
	}
	kept, err := a.Form(t.Context(), d.ID)
	if err != nil || !kept.Expires.Equal(d.Expires) || kept.Stored.Equal(d.Stored) {
		t.Errorf("kept again: %+v, %v", kept, err)
	}
	a.now = func() time.Time { return now.Add(28 * day) }
	if _, err := a.Form(t.Context(), d.ID); !errors.Is(err, ErrNoForm) {
		t.Errorf("after 28 days: %v", err)
	}
	if err := a.KeepForm(t.Context(), d); !errors.Is(err, ErrNoForm) {
		t.Errorf("an expired form was kept again: %v", err)
	}
	a.dropExpired(t.Context())
	if a.purgeAgain(t.Context()) || a.onDisk(t) {
		t.Error("the journal's files still hold what has expired")
	}
}

func TestAFormThatIsDeletedLeavesTheFileAtOnce(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	d := l.begins(a)
	if !a.onDisk(t) {
		t.Fatal("the draft is not on disk: the test proves nothing")
	}
	l.must(a.DropForm(t.Context(), d.ID))
	l.must(a.DropForm(t.Context(), d.ID))
	if _, err := a.Form(t.Context(), d.ID); !errors.Is(err, ErrNoForm) || a.onDisk(t) {
		t.Errorf("after it was deleted: %v", err)
	}
	if list, err := a.Forms(t.Context(), "report"); err != nil || len(list) != 0 {
		t.Errorf("the list still has %d, %v", len(list), err)
	}
}

func TestWhoBeginsAFormIsACodeAndItsIdIsACaseId(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	if _, err := a.BeginForm(t.Context(), FormDraft{Kind: "report", Author: "Robin Invented", Form: jsontext.Value(`{}`)}); !errors.Is(err, ErrStaffCode) {
		t.Errorf("a name as author: %v", err)
	}
	for _, id := range []events.CaseID{"x", "../report"} {
		if _, err := a.BeginForm(t.Context(), FormDraft{ID: id, Kind: "report", Author: "officer-1", Form: jsontext.Value(`{}`)}); !errors.Is(err, ErrNoForm) {
			t.Errorf("the id %q: %v", id, err)
		}
	}
}

// A report ends its draft in the same transaction; sent again it is refused, and
// nothing that is still typed brings the draft back.
func TestAReportIsSaidOnceAndEndsItsDraft(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	d := l.begins(a)
	report := Report{
		Case: d.ID, Age: events.Adult, Language: "eng", Interpreter: events.NoInterpreter,
		Words: []PersonsWord{{Bundle: "police", Yes: false}}, WayBack: "come-back-here",
	}
	said, err := a.Report(t.Context(), report)
	if err != nil || said.Events != 4 || len(said.Notified) != 0 || len(said.Referrals) != 0 {
		t.Fatalf("reported %+v, %v", said, err)
	}
	if a.onDisk(t) {
		t.Error("what was typed is still on disk")
	}
	var v *events.Violation
	for name, again := range map[string]error{
		"reporting": errOf(a.Report(t.Context(), report)), "keeping": a.KeepForm(t.Context(), d), "beginning": errOf(a.BeginForm(t.Context(), d)),
	} {
		if !errors.As(again, &v) || v.Rule != mou.RuleCaseExists {
			t.Errorf("%s again: %v", name, again)
		}
	}
	if tasks, err := a.Tasks(t.Context()); err != nil || len(tasks) != 0 {
		t.Errorf("after a no the agency asks %d questions, %v", len(tasks), err)
	}
}

// What the memorandum does not let stand leaves everything as it was.
func TestARefusedReportSaysNothingAndKeepsItsDraft(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	d := l.begins(a)
	var v *events.Violation
	_, err := a.Report(t.Context(), Report{
		Case: d.ID, Age: events.Adult, Language: "eng", Interpreter: events.NoInterpreter, Values: map[events.Section]jsontext.Value{events.SectionTestimony: jsontext.Value(`{"note":"x"}`)},
		Requests: []Requested{{Bundle: "police", To: events.Set[events.AgencyID]{testSender}, Needs: events.Set[events.Need]{"proceedings-support"}, Urgency: events.Standard}},
	})
	if !errors.As(err, &v) || v.Rule != mou.RuleConsentRequired {
		t.Errorf("asking the police without the person's yes: %v", err)
	}
	if _, err := a.Case(d.ID); err == nil {
		t.Error("a case was opened")
	}
	if _, err := a.Form(t.Context(), d.ID); err != nil {
		t.Errorf("the draft is gone: %v", err)
	}
}
