package agency

import (
	"fmt"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// released is a record that the agency may open, and the wish to.
func (l *aLog) released(a *Agency) (events.Event, Opening) {
	l.t.Helper()
	of, _, record := l.accepted(a, same)
	l.gives(a, l.delivers(record), l.delivers(l.releases(record)))
	return record, Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent", Reader: "duty-1"}
}

func TestReadingIsSaidWithRolePurposeAndBasis(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	record, wish := l.released(a)
	_, err := a.Open(t.Context(), wish)
	l.must(err)
	rows := l.said(a)
	last := rows[len(rows)-1]
	payload, err := payloadOf(last.event)
	l.must(err)
	said, ok := payload.(*events.RecordOpened)
	if !ok || said.Record != record.ID || said.Role != wish.Role || said.Purpose != wish.Purpose || said.Basis != wish.Basis || last.event.Referral() != record.CorrelationID {
		t.Errorf("it says %s", last.event.Type)
	}
	if strings.Contains(string(last.event.Data), "duty-1") || strings.Contains(string(last.event.Data), "Robin") {
		t.Error("it says who read, or what")
	}
	l.gives(a, l.receipts(last.event))
	if reads, err := a.ReadLog(t.Context()); err != nil || len(reads) != 1 || reads[0].Role != wish.Role || reads[0].Basis != wish.Basis || reads[0].Reader != "duty-1" {
		t.Errorf("%+v %v", reads, err)
	}
	if len(a.alarms.list()) != 0 {
		t.Errorf("%+v", a.alarms.list())
	}
}

func TestNothingIsReadWithoutRolePurposeAndBasis(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	_, wish := l.released(a)
	for member, spoil := range map[string]func(*Opening){
		"/role": func(o *Opening) { o.Role = "" }, "/purpose": func(o *Opening) { o.Purpose = "" }, "/basis": func(o *Opening) { o.Basis = "" },
	} {
		without := wish
		spoil(&without)
		_, err := a.Open(t.Context(), without)
		if rule, _ := ruleAndReason(err); rule != events.RuleDataMalformed || !strings.Contains(err.Error(), member) {
			t.Errorf("without %s: %v", member, err)
		}
	}
	for name, spoil := range map[string]func(*Opening){
		"a role of nobody": func(o *Opening) { o.Role = "neighbour" }, "a basis of no law": func(o *Opening) { o.Basis = "curiosity" },
		"a name": func(o *Opening) { o.Reader = "Robin Example" }, "another purpose": func(o *Opening) { o.Purpose = events.PurposeInvestigation },
	} {
		with := wish
		spoil(&with)
		if text, err := a.Open(t.Context(), with); err == nil || text != nil {
			t.Errorf("with %s it was read", name)
		}
	}
	if reads, err := a.ReadLog(t.Context()); err != nil || len(reads) != 0 {
		t.Errorf("%+v %v", reads, err)
	}
}

// If the reading cannot be made durable, it does not happen.
func TestNothingIsReadWhenTheJournalCannotWrite(t *testing.T) {
	for name, pragma := range map[string]string{"full": "max_page_count = %d", "read-only": "query_only = ON"} {
		l := newLog(t)
		a := l.joined()
		record, wish := l.released(a)
		_, err := a.Open(t.Context(), wish)
		l.must(err)
		if strings.Contains(pragma, "%d") { // the disk has room for what is there, and for no page more
			var pages int
			l.must(a.journal.writer.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages))
			pragma = fmt.Sprintf(pragma, pages)
		}
		_, err = a.journal.writer.ExecContext(t.Context(), `PRAGMA `+pragma)
		l.must(err)
		shown, failed := 1, false
		for range 200 { // the last page of a full journal may still have room
			text, err := a.Open(t.Context(), wish)
			if failed = err != nil; failed {
				if text != nil {
					t.Errorf("%s: something is shown", name)
				}
				break
			}
			shown++
		}
		if !failed {
			t.Fatalf("%s: the journal goes on writing", name)
		}
		var logged, said int
		l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM readlog WHERE record = ?`, string(record.ID)).Scan(&logged))
		l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM outbox WHERE attributes LIKE '%record.opened%'`).Scan(&said))
		if logged != shown || said != shown {
			t.Errorf("%s: shown %d times, logged %d, said %d", name, shown, logged, said)
		}
	}
}

// It is sealed to a key only once enough agencies saw it, and never to one that ended.
func TestOnlyWitnessedKeysAreSealedTo(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	const provider events.AgencyID = "testland-clinic"
	first := l.newKeys(provider, events.Health)
	l.gives(a, l.delivers(l.joins(a, first.listing)))
	_, err := a.sealingKey(provider)
	if rule, _ := ruleAndReason(err); rule != RuleKeyUnwitnessed {
		t.Fatalf("a key that nobody witnessed is sealed to: %v", err)
	}
	a.witnessed = l.tree.Size()
	if key, err := a.sealingKey(provider); err != nil || key != first.listing.Sealing {
		t.Fatalf("%v", err)
	}
	second := l.newKeys(provider, events.Health)
	l.gives(a, l.delivers(l.event(events.HubAgency, l.hub, string(provider), "", &events.DirectoryRevoked{Because: "keys-stolen"})))
	if _, err := a.sealingKey(provider); err == nil {
		t.Error("a revoked agency is sealed to")
	}
	l.gives(a, l.delivers(l.joins(a, second.listing)))
	_, err = a.sealingKey(provider)
	if rule, _ := ruleAndReason(err); rule != RuleKeyUnwitnessed {
		t.Errorf("its new key: %v", err)
	}
	a.witnessed = l.tree.Size()
	if key, err := a.sealingKey(provider); err != nil || key != second.listing.Sealing {
		t.Errorf("its new key is not sealed to: %v", err)
	}
	_, err = a.sealingKey("nobody")
	if rule, _ := ruleAndReason(err); rule != mou.RuleRecipientUnknown {
		t.Errorf("nobody: %v", err)
	}
}
