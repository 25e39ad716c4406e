package mou

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// Item is one admitted statement of a case. It is immutable.
type Item struct {
	Number   uint64
	ID       events.EventID
	Type     events.Type
	By       events.AgencyID // events.HubAgency for the hub's own
	Referral events.ReferralID
	Admitted time.Time // when the ledger admitted it, microseconds, UTC
	Late     bool      // admitted long after it happened, by the profile's measure for its channel
	Facts    events.Payload

	canonical jsontext.Value
}

// kept is an item's stored form.
type kept struct {
	Number   uint64            `json:"number"`
	ID       events.EventID    `json:"id"`
	Type     events.Type       `json:"type"`
	By       events.AgencyID   `json:"by"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Admitted string            `json:"admitted"`
	Late     bool              `json:"late,omitzero"`
	Facts    jsontext.Value    `json:"facts"`
}

// admittedFormat is RFC 3339 in UTC with six decimals.
const admittedFormat = "2006-01-02T15:04:05.000000Z"

// Name is the type as people say it: referral.requested.
func (i Item) Name() string { return i.Type.Name() }

// Happened is when the statement says that it happened; for a sealed record
// and the hub's own statements, which say nothing else, the admission.
func (i Item) Happened() time.Time {
	if s, ok := i.Facts.(events.Statement); ok {
		happened, _ := s.Times()
		return happened.Time()
	}
	return i.Admitted
}

// item makes the trail's item of an act admitted at now.
func (m *Memorandum) item(a Act, now time.Time) (*Item, error) {
	i := &Item{
		Number: a.Number, ID: a.Event.ID, Type: a.Event.Type, By: a.Event.Agency(), Referral: a.Event.Referral(),
		Admitted: now.UTC().Truncate(time.Microsecond), Facts: a.Payload,
	}
	i.Late = m.late(i)
	facts, err := factsOf(i.Facts)
	if err != nil {
		return nil, fmt.Errorf("encoding the facts of entry %d: %w", i.Number, err)
	}
	i.canonical = i.write(facts)
	return i, nil
}

// factsOf gives the canonical JSON of facts.
func factsOf(p events.Payload) (facts jsontext.Value, err error) {
	if r, sealed := p.(*events.Record); sealed {
		facts, err = json.Marshal(r.Header)
	} else {
		facts, err = json.Marshal(p)
	}
	if err != nil {
		return nil, err
	}
	return facts, facts.Canonicalize()
}

// write gives the item's stored form around its facts, see [kept]. All that stands
// in it is written in one way, so it need not be read again to be canonical.
func (i *Item) write(facts jsontext.Value) jsontext.Value {
	b := make([]byte, 0, len(facts)+384)
	b = appendText(append(b, `{"admitted":`...), i.Admitted.Format(admittedFormat))
	b = appendText(append(b, `,"by":`...), i.By)
	b = append(append(b, `,"facts":`...), facts...)
	b = appendText(append(b, `,"id":`...), i.ID)
	if i.Late {
		b = append(b, `,"late":true`...)
	}
	b = strconv.AppendUint(append(b, `,"number":`...), i.Number, 10)
	if i.Referral != "" {
		b = appendText(append(b, `,"referral":`...), i.Referral)
	}
	b = appendText(append(b, `,"type":`...), i.Type)
	return append(b, '}')
}

// appendText adds a name or an id of a closed ASCII syntax, or a time.
func appendText[T ~string](b []byte, text T) []byte {
	b, _ = jsontext.AppendQuote(b, text) // its error is of text that is not UTF-8, which no syntax lets through
	return b
}

// late says whether a statement was admitted longer after it happened than its
// channel explains. Late is marked, never refused.
func (m *Memorandum) late(i *Item) bool {
	said, ok := i.Facts.(interface{ Via() events.Channel })
	return ok && said.Via() != "" && i.Admitted.Sub(i.Happened()) > m.Profile.duration(forLate+string(said.Via()))
}

// restoreItem reads an item's stored form, strictly.
func restoreItem(raw jsontext.Value) (*Item, error) {
	var k kept
	if err := json.Unmarshal(raw, &k, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("reading an entry of the trail: %w", err)
	}
	admitted, err := time.Parse(admittedFormat, k.Admitted)
	if err != nil {
		return nil, fmt.Errorf("reading when entry %d was admitted: %w", k.Number, err)
	}
	facts, err := restoreFacts(k.Type, k.Facts)
	if err != nil {
		return nil, fmt.Errorf("reading the facts of entry %d: %w", k.Number, err)
	}
	return &Item{k.Number, k.ID, k.Type, k.By, k.Referral, admitted, k.Late, facts, bytes.Clone(raw)}, nil
}

func restoreFacts(t events.Type, raw jsontext.Value) (events.Payload, error) {
	if !t.Sealed() {
		return events.Decode(t, raw)
	}
	r := new(events.Record)
	return r, json.Unmarshal(raw, &r.Header, json.RejectUnknownMembers(true))
}

// stored is a case's stored form; members stand in the order of their names.
type stored struct {
	Case      events.CaseID    `json:"case,omitzero"`
	Profile   string           `json:"profile"`
	Semantics int              `json:"semantics"`
	Trail     []jsontext.Value `json:"trail"`
	Viewer    events.AgencyID  `json:"viewer,omitzero"`
}

// MarshalJSON gives the case's canonical JSON (RFC 8785): two cases are the same
// if and only if these bytes are.
func (c Case) MarshalJSON() ([]byte, error) {
	weight := 256
	for _, item := range c.trail {
		weight += len(item.canonical) + 1
	}
	b := append(make([]byte, 0, weight), '{')
	if c.id != "" {
		b = append(appendText(append(b, `"case":`...), c.id), ',')
	}
	b = appendText(append(b, `"profile":`...), c.mou.Profile.Ref())
	b = strconv.AppendInt(append(b, `,"semantics":`...), Semantics, 10)
	b = append(b, `,"trail":[`...)
	for i, item := range c.trail {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item.canonical...)
	}
	b = append(b, ']')
	if c.viewer != "" {
		b = appendText(append(b, `,"viewer":`...), c.viewer)
	}
	return append(b, '}'), nil
}

// RestoreCase reads what MarshalJSON wrote, under the same semantics and profile.
func (m *Memorandum) RestoreCase(data []byte) (Case, error) {
	var s stored
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil {
		return Case{}, fmt.Errorf("restoring a case: %w", err)
	}
	if s.Semantics != Semantics || s.Profile != m.Profile.Ref() {
		return Case{}, fmt.Errorf("restoring a case: it was stored under semantics %d and profile %s, not %d and %s", s.Semantics, s.Profile, Semantics, m.Profile.Ref())
	}
	c := Case{mou: m, id: s.Case, viewer: s.Viewer, trail: make([]*Item, len(s.Trail)), state: newState()}
	for i, raw := range s.Trail {
		item, err := restoreItem(raw)
		if err != nil {
			return Case{}, fmt.Errorf("restoring a case: %w", err)
		}
		if i > 0 && c.trail[i-1].Number >= item.Number {
			return Case{}, fmt.Errorf("restoring a case: entry %d is out of order", item.Number)
		}
		c.trail[i] = item
		c.state.step(m, item)
	}
	return c, nil
}
