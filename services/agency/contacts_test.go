package agency

import (
	"strings"
	"testing"
	"time"

	"handrail/events"
)

// A note of a call is deleted as drafts are; how often a topic came up stays.
func TestACallIsForgottenAndItsTopicStaysCounted(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	a.config.Kind = events.Hotline
	now := time.Now()
	_, err := a.LogContact(t.Context(), "advice", marker)
	l.must(err)
	if _, err := a.LogContact(t.Context(), "advice", strings.Repeat("é", maxText+1)); err == nil {
		t.Error("a note of any length is kept")
	}
	if got := mode(t, a.config.path("journal.db")); got != 0o600 {
		t.Errorf("the journal has mode %o", got)
	}
	a.now = func() time.Time { return now.Add(28*day + time.Minute) }
	a.dropExpired(t.Context())
	log, err := a.ContactLog(t.Context())
	l.must(err)
	if len(log.Contacts) != 0 || len(log.Counts) != 1 || log.Counts[0].Calls != 1 || log.Counts[0].Month != now.UTC().Format("2006-01") {
		t.Errorf("after 28 days: %+v", log)
	}
	if a.purgeAgain(t.Context()) || a.onDisk(t) {
		t.Error("the journal's files still hold the note")
	}
}

func TestAQuestionIsShortAndGoesToWhoAsked(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	for _, bad := range []Asking{
		{Case: of, Referral: requested.ID, Text: " "},
		{Case: of, Referral: requested.ID, Text: strings.Repeat("é", maxText+1)},
		{Case: of, Referral: requested.ID, Text: "\xff"},
		{Case: of, Referral: opened.ID, Text: "Who?"},
		{Case: newCaseID(t), Referral: requested.ID, Text: "Who?"},
	} {
		if _, err := a.Ask(t.Context(), bad); err == nil || strings.Contains(err.Error(), "Who?") {
			t.Errorf("asked, or repeated: %v", err)
		}
	}
	ids, err := a.Ask(t.Context(), Asking{Case: of, Referral: requested.ID, Text: marker})
	l.must(err)
	if list := a.Questions(); len(list) != 1 || list[0].Question != ids[0] || list[0].To != testSender || list[0].Answered != "" {
		t.Errorf("%+v", list)
	}
	if _, err := a.Reply(t.Context(), Replying{Case: of, Question: ids[0], Text: "Me."}); err == nil {
		t.Error("an agency answers its own question")
	}
	if a.onDisk(t) {
		t.Error("the question's text is in the journal")
	}
}
