package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

// Agencies that only some worlds have.
const (
	hotline events.AgencyID = "testland-hotline"
	social  events.AgencyID = "testtown-social"
)

// night is a world whose hub's clock begins at 02:40 of the coming night, goes on
// as time does, and can be set ahead.
type night struct {
	*world

	url   string
	ahead *atomic.Int64
}

func newNight(t *testing.T, more ...member) night {
	t.Helper()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	began, n := time.Now(), night{ahead: new(atomic.Int64)}
	tomorrow := began.In(london).AddDate(0, 0, 1)
	late := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 2, 40, 0, 0, london)
	var listen option
	listen, n.url = listening(t)
	n.world = newWorldOf(t, more, listen, func(c *ledger.Config) {
		c.LookEvery = 50 * time.Millisecond
		c.Clock = func() time.Time { return late.Add(time.Since(began) + time.Duration(n.ahead.Load())) }
	})
	return n
}

// pass lets time pass while the ledger runs.
func (n night) pass(d time.Duration) { n.ahead.Add(int64(d)) }

// restart lets time pass while no ledger runs, and starts one that auditors can ask.
func (n night) restart(d time.Duration) {
	n.t.Helper()
	n.stop()
	n.pass(d)
	n.config.Listen = strings.TrimPrefix(n.url, "http://")
	n.start()
}

// takeOver lets time pass while a standby waits and takes over from the active ledger.
func (n night) takeOver(d time.Duration) {
	n.t.Helper()
	first := n.stop
	n.config.Listen = "" // the first still has the address
	n.start()
	n.eventually("the standby waits for the lock", func() bool {
		return n.count("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()") == 1
	})
	n.pass(d)
	first()
}

// trail is what an auditor gets of a case, asking at the hub's time.
func (n night) trail(c opened) ledger.Trail {
	n.t.Helper()
	status, body := n.read(n.url, "/v1/cases/"+string(c.id)+"/trail", n.agencies[auditor], events.ReadingReplay, string(c.id))
	if status != http.StatusOK {
		n.t.Fatalf("the trail: %d %s", status, body)
	}
	var trail ledger.Trail
	n.must(json.Unmarshal(body, &trail))
	return trail
}

// shown is a trail as the auditors' tool verifies and shows it.
func (n night) shown(c opened) string {
	n.t.Helper()
	v, err := n.auditor(n.url).Verify(n.trail(c))
	n.must(err)
	var text bytes.Buffer
	n.must(audit.Show(&text, v, n.config.Clock(), false))
	return text.String()
}

// capacity is what an agency publishes of its hours.
func capacity(hours ...events.Hours) *events.CapacityPublished {
	return &events.CapacityPublished{
		Said: now(), Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: hours, Places: events.FewPlaces,
	}
}

var tonightSections = events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds, events.SectionRisk, events.SectionQuestion}

// tonight has the police meet an adult who agrees that any shelter may be asked
// for a bed, and asks the shelters.
func (w *world) tonight(order events.AskOrder, to ...events.AgencyID) (opened, events.ReferralID, map[events.AgencyID]map[events.Section]events.Event) {
	w.t.Helper()
	c := opened{w, w.newCase()}
	p := w.agencies[police]
	p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, c.id, "")
	p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, "")
	agreed := consent(events.Recipient{Class: events.Shelter})
	agreed.Sections = tonightSections
	p.admitted(p.say(agreed, c.id, ""))
	asks := request(to...)
	asks.Order, asks.Urgency, asks.Sections = order, events.Tonight, tonightSections
	r := p.say(asks, c.id, "")
	p.admitted(r)
	records := map[events.AgencyID]map[events.Section]events.Event{}
	for _, id := range to {
		records[id] = map[events.Section]events.Event{}
		for _, section := range []events.Section{events.SectionContact, events.SectionRisk} {
			records[id][section] = p.seal(w.agencies[id], c.id, r.ID, section, events.PurposeAccommodation)
			p.admitted(records[id][section])
		}
	}
	return c, r.ID, records
}

// hears waits until a site was given a statement of the hub about the case.
func hears[P events.Payload](c opened, s *site, what string, is func(P) bool) events.Event {
	c.t.Helper()
	var found events.Event
	c.eventually(what+" reaches "+string(s.id), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(s.got, func(g got) bool {
			if g.event.Agency() != events.HubAgency || g.event.Case() != c.id {
				return false
			}
			p, err := events.Decode(g.event.Type, g.event.Data)
			said, ok := p.(P)
			found = g.event
			return err == nil && ok && is(said)
		})
	})
	return found
}

func (c opened) soon(s *site, duty events.Duty, owes events.AgencyID) {
	c.t.Helper()
	hears(c, s, "due soon: "+string(duty), func(p *events.DeadlineDueSoon) bool { return p.Duty == duty && p.Owes == owes })
}

func (c opened) missed(s *site, duty events.Duty, owes events.AgencyID) {
	c.t.Helper()
	hears(c, s, "missed: "+string(duty), func(p *events.DeadlineMissed) bool { return p.Duty == duty && p.Owes == owes })
}

func (c opened) escalated(s *site, step events.EscalationStep, to events.AgencyID) {
	c.t.Helper()
	hears(c, s, "escalated to "+string(to), func(p *events.ReferralEscalated) bool { return p.Step == step && p.To == to })
}

// hubSaid counts, by type, what the hub has said of the case.
func (c opened) hubSaid() map[string]int {
	c.t.Helper()
	said := map[string]int{}
	for _, l := range c.readLog() {
		if l.parsed.Attribute("subject") == string(c.id) && l.parsed.Submitter == events.HubAgency {
			said[events.Type(l.parsed.Attribute("type")).Name()]++
		}
	}
	return said
}

func TestANightInWhichNobodyAnswers(t *testing.T) {
	n := newNight(t, member{hotline, events.Hotline}, member{social, events.Social})
	p, one, two, line := n.agencies[police], n.agencies[shelter], n.agencies[shelter2], n.agencies[hotline]
	line.admitted(line.say(capacity("daily 09:00-10:00"), "", ""))
	line.admitted(line.say(capacity("daily 00:00-06:00", "daily 20:00-24:00"), "", "")) // what it says last counts
	n.agencies[social].admitted(n.agencies[social].say(capacity("daily 08:00-16:00"), "", ""))
	c, referral, records := n.tonight(events.InTurn, shelter, shelter2)
	one.has(p.said[referral])
	n.settled()
	if _, early := two.find(referral); early {
		t.Fatal("the second shelter was asked before its turn")
	}

	n.restart(10*time.Minute + time.Second)
	c.soon(one, events.DutyAcknowledge, shelter)
	n.pass(5 * time.Minute)
	c.missed(p, events.DutyAcknowledge, shelter)
	n.takeOver(5 * time.Minute)
	c.soon(one, events.DutyAnswer, shelter)
	n.restart(10 * time.Minute)
	c.missed(one, events.DutyAnswer, shelter)
	c.escalated(p, events.NextCandidate, shelter2)
	two.has(p.said[referral]) // its turn has come, at 03:10, with no new consent and no new sealing

	n.takeOver(31 * time.Minute)
	c.missed(two, events.DutyAnswer, shelter2)
	c.escalated(line, events.StaffedDuty, hotline) // whose hours cover the night; social services open at eight
	n.restart(31 * time.Minute)
	c.missed(line, events.DutyEscalated, hotline)
	c.escalated(n.agencies[coordinator], events.ToCoordinator, coordinator)
	n.restart(time.Minute)

	two.admitted(two.say(&events.ReferralAccepted{Said: now()}, c.id, referral)) // a late bed is better than none
	two.has(records[shelter2][events.SectionContact])
	n.settled()
	want := map[string]int{
		"deadline.due-soon": 2, "deadline.missed": 5, "referral.escalated": 3, "referral.not-needed": 1, "record.released": 2, "record.erased": 2,
	}
	if got := c.hubSaid(); !maps.Equal(got, want) {
		t.Errorf("the hub said %v, want %v", got, want)
	}
	for _, duty := range []*site{line, n.agencies[coordinator]} {
		for _, name := range duty.types() {
			if !slices.Contains([]string{"event directory.founded", "event capacity.published", "receipt capacity.published", "event referral.escalated", "event deadline.missed"}, name) {
				t.Errorf("%s, which is told of the chase alone, got %s", duty.id, name)
			}
		}
	}
	if n := c.count("SELECT count(*) FROM deadline WHERE case_id = $1::text::uuid AND rule = 'referral-answer' AND state = $2", string(c.id), string(mou.ClockLateMet)); n != 1 {
		t.Errorf("%d answers came late, want that of the second shelter", n)
	}
	n.check()
	text := n.shown(c)
	for _, words := range []string{
		"in turn: harbour-shelter, then hillside-shelter",
		"harbour-shelter owes a word that the request was seen until",
		"harbour-shelter did not give an answer to the request by",
		"hillside-shelter is asked next, for want of an answer to the request",
		"the duty of testland-hotline, staffed at this hour, is told, for want of an answer to the request",
		"the coordinator, testland-coordination, is told, for want of word that somebody takes the person",
		"harbour-shelter is no longer needed",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("nothing says %q in\n%s", words, text)
		}
	}
	trail := n.trail(c)
	if len(trail.Capacity) != 1 {
		t.Fatalf("the trail has %d capacities, want that of the duty that was told", len(trail.Capacity))
	}
	trail.Capacity = nil
	if _, err := n.auditor(n.url).Verify(trail); !errors.Is(err, audit.ErrUnverified) {
		t.Errorf("a duty that never published its hours was told: %v", err)
	}
}

// Everything that came due while nobody looked is said in its order, once.
func TestAHubThatWasOffAllNightCatchesUp(t *testing.T) {
	n := newNight(t)
	c, _, _ := n.tonight(events.InTurn, shelter, shelter2)
	n.restart(100 * time.Minute)
	c.missed(n.agencies[police], events.DutyAnswer, shelter)
	c.escalated(n.agencies[police], events.NextCandidate, shelter2)
	n.restart(0)
	n.pass(31 * time.Minute)
	c.missed(n.agencies[police], events.DutyAnswer, shelter2)
	c.escalated(n.agencies[coordinator], events.ToCoordinator, coordinator) // nobody has published that it is there
	n.settled()
	want := map[string]int{"deadline.missed": 4, "referral.escalated": 2}
	if got := c.hubSaid(); !maps.Equal(got, want) {
		t.Errorf("the hub said %v, want %v", got, want)
	}
	n.check()
}

func TestTheHubWakesWhenAClockComes(t *testing.T) {
	n := newNight(t)
	n.stop()
	n.config.LookEvery = time.Hour
	n.start()
	c, _, _ := n.tonight(events.AtOnce, shelter)
	n.restart(10*time.Minute - 2*time.Second) // two seconds before a third of the quarter of an hour is left
	began := time.Now()
	c.soon(n.agencies[shelter], events.DutyAcknowledge, shelter)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the hub noticed after %v", took)
	}
	n.check()
}

func TestTheHubSaysADeadlineOnce(t *testing.T) {
	n := newNight(t)
	c, _, _ := n.tonight(events.AtOnce, shelter)
	n.pass(11 * time.Minute)
	c.soon(n.agencies[police], events.DutyAcknowledge, shelter)
	before := n.count("SELECT count(*) FROM entry")
	for range 3 {
		n.restart(time.Second)
	}
	n.agencies[police].admitted(n.agencies[police].say(&events.RiskAssessed{Said: now(), WithPerson: true}, c.id, ""))
	if after := n.count("SELECT count(*) FROM entry"); after != before+1 {
		t.Errorf("%d entries more, want the risk alone", after-before)
	}
	_, err := as(t, n.database, "handrail_ledger").Exec(t.Context(), "INSERT INTO deadline_event SELECT * FROM deadline_event")
	if err == nil {
		t.Error("the database takes a deadline event twice")
	}
	n.check()
}

// A duty of no referral: what the hub says of it is correlated with the case.
func TestAMissedWordToChildProtectionIsToldToTheCoordinator(t *testing.T) {
	n := newNight(t)
	c, p := opened{n.world, n.newCase()}, n.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Child}, c.id, ""))
	n.pass(41 * time.Minute)
	c.soon(p, events.DutyChildProtection, police)
	n.restart(20 * time.Minute)
	c.missed(p, events.DutyChildProtection, police)
	step := hears(c, n.agencies[coordinator], "escalated", func(p *events.ReferralEscalated) bool {
		return p.Step == events.ToCoordinator && p.Because == events.DutyChildProtection && p.Call == police
	})
	if string(step.CorrelationID) != string(c.id) || step.CausationID != step.ID {
		t.Error("the coordinator is told more than its step: the correlation is the case, the cause the step itself")
	}
	n.settled()
	if got, want := c.hubSaid(), map[string]int{"deadline.due-soon": 1, "deadline.missed": 1, "referral.escalated": 1}; !maps.Equal(got, want) {
		t.Errorf("the hub said %v, want %v", got, want)
	}
	n.check()
	n.shown(c)
}

func TestTheTimeStandsStillWhileThePersonIsMissing(t *testing.T) {
	n := newNight(t)
	c, referral, _ := n.tonight(events.AtOnce, shelter)
	one := n.agencies[shelter]
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	one.admitted(one.say(&events.HandoverArranged{Said: now(), Planned: events.At(n.config.Clock().Add(time.Hour))}, c.id, referral))
	clock := func(state mou.ClockState) bool {
		return n.count("SELECT count(*) FROM deadline WHERE case_id = $1::text::uuid AND rule = $2 AND state = $3", string(c.id), string(mou.ClockHandover), string(state)) == 1
	}
	one.admitted(one.say(&events.PersonMissing{Said: now()}, c.id, ""))
	if !clock(mou.ClockSuspended) {
		t.Error("the hand-over's clock runs on while the person is missing")
	}
	n.restart(72 * time.Hour)
	one.admitted(one.say(&events.PersonFound{Said: now()}, c.id, ""))
	if !clock(mou.ClockPending) {
		t.Error("the hand-over's clock does not run on when the person is found")
	}
	if said := c.hubSaid(); said["deadline.missed"] != 0 {
		t.Errorf("the hub said %v while the person was missing", said)
	}
	n.pass(26 * time.Hour)
	c.missed(one, events.DutyHandover, shelter)
	n.check()
}
