package bench

import (
	"crypto/rand"
	"fmt"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// statement is one signed event on its way.
type statement struct {
	from  *agency
	event events.Event
	wire  exchange.Message

	after     *statement    // of the same case and another agency: it must be with the broker first
	published chan struct{} // closed when the broker has it
	begun     time.Time
}

// steps is how many statements the agencies make of one case; with them the hub
// makes one of its own.
const steps = 9

// tell signs n statements of many cases: an officer meets an adult, informs,
// assesses the risk, records consent, asks a shelter and seals a record for it; the
// shelter accepts, so that the hub releases the record, takes the person in and
// begins to help. Always `together` cases are on their way at a time.
func (c *cast) tell(n, together int, now time.Time) ([]*statement, error) {
	for _, a := range c.all() {
		a.next = 1
	}
	all, err := c.tellOn(n, together, now)
	return all[:min(n, len(all))], err
}

// tellOn goes on behind what the agencies have signed. It ends with whole cases,
// so that no number is left out: it gives n statements or some more.
func (c *cast) tellOn(n, together int, now time.Time) ([]*statement, error) {
	all := make([]*statement, 0, n+together*steps)
	for number := 0; len(all) < n; number += together {
		cases := make([]*story, together)
		for i := range cases {
			cases[i] = &story{officer: c.police[(number+i)%desks], shelter: c.shelters[(number+i)/desks%desks]}
		}
		for step := range steps {
			for _, s := range cases {
				next, err := s.next(step, now)
				if err != nil {
					return nil, fmt.Errorf("telling step %d of a case: %w", step, err)
				}
				all = append(all, next)
			}
		}
	}
	return all, nil
}

// story is one case as it is told.
type story struct {
	officer, shelter *agency
	id               events.CaseID
	referral         events.ReferralID
	last             *statement
}

func (s *story) next(step int, now time.Time) (*statement, error) {
	from, e, err := s.draft(step, now)
	if err != nil {
		return nil, err
	}
	id, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return nil, err
	}
	e.ID, e.Subject = events.EventID(id), string(s.id)
	switch {
	case step == stepRequest:
		s.referral, e.CorrelationID = e.ID, e.ID
	case step > stepRequest:
		e.CorrelationID = s.referral
	default:
		e.CorrelationID = events.EventID(s.id)
	}
	if e.Type.Sealed() {
		if err := s.seal(&e); err != nil {
			return nil, err
		}
	}
	if e, err = from.event(e, now); err != nil {
		return nil, err
	}
	told := &statement{from: from, event: e, wire: exchange.Encode(e), published: make(chan struct{})}
	if s.last != nil && s.last.from != from {
		told.after = s.last
	}
	s.last = told
	return told, nil
}

const (
	stepOpen    = 0
	stepRequest = 4
	stepRecord  = 5
)

// draft is the facts of a step and who says them.
func (s *story) draft(step int, now time.Time) (*agency, events.Event, error) {
	if step == stepOpen {
		id, err := events.NewUUID(now, rand.Reader)
		if err != nil {
			return nil, events.Event{}, err
		}
		s.id = events.CaseID(id)
	}
	from := s.officer
	if step > stepRecord {
		from = s.shelter
	}
	if step == stepRecord {
		return from, events.Event{Type: events.TypeRecordSealed, DataContentType: events.SealedContent}, nil
	}
	facts := s.facts(step, now)
	data, err := events.Encode(facts)
	return from, events.Event{Type: facts.Type(), DataContentType: events.FactsContent, Data: data}, err
}

func (s *story) facts(step int, now time.Time) events.Payload {
	said := events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: events.InPerson}
	sections := events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds}
	return []events.Payload{
		&events.CaseOpened{Said: said, Age: events.Adult},
		&events.RightsInformed{Said: said, Language: "eng", Interpreter: events.NoInterpreter},
		&events.RiskAssessed{Said: said, WithPerson: true},
		&events.ConsentGiven{
			Said: said, Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation, Sections: sections,
			Expires: events.At(now.Add(240 * time.Hour)), By: events.ByPerson, Capacity: events.Clear,
			Language: "eng", Interpreter: events.NoInterpreter, Present: events.Set[events.Present]{"person-alone"},
		},
		&events.ReferralRequested{
			Said: said, To: []events.AgencyID{s.shelter.id}, Purpose: events.PurposeAccommodation, Sections: sections,
			Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
		},
		nil, // a sealed record
		&events.ReferralAccepted{Said: said},
		&events.HandoverCompleted{Said: said},
		&events.ServiceStarted{Said: said, Need: "safe-accommodation"},
	}[step]
}

// seal fills in the section that only the shelter can open.
func (s *story) seal(e *events.Event) (err error) {
	e.Source = events.Source(hubID, s.officer.id)
	e.Data, e.PlainCommit, err = seal.Seal(s.shelter.sealing.Public(), events.RecordHeader{
		Source: e.Source, ID: e.ID, To: s.shelter.id, Case: s.id, Referral: s.referral,
		Purpose: events.PurposeAccommodation, Type: e.Type, Section: events.SectionIdentity,
	}, []byte(invented), rand.Reader)
	return err
}

const invented = `{"invented":"a name, a number to ring and where the person is now; nobody of that name exists"}`

// weight is the mean size of the statements on the wire: attributes and data.
func weight(all []*statement) int {
	total := 0
	for _, s := range all {
		total += len(s.event.Data)
		for _, a := range s.event.Attributes() {
			total += len("ce-") + len(a.Name) + len(a.Value)
		}
	}
	return total / max(len(all), 1)
}

// body is the statement as one piece of bytes.
func (s *statement) body() []byte {
	var body []byte
	for _, a := range s.event.Attributes() {
		body = append(body, a.Name+"\x00"+a.Value+"\x00"...)
	}
	return append(body, s.event.Data...)
}
