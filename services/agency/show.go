package agency

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// CaseSummary is one line of the list of cases.
type CaseSummary struct {
	Case    events.CaseID   `json:"case"`
	Status  mou.Status      `json:"status"`
	Owner   events.AgencyID `json:"owner,omitzero"`
	Age     events.AgeClass `json:"age,omitzero"`
	Lines   int             `json:"lines"`   // admitted, as far as this agency may see
	Waiting int             `json:"waiting"` // own statements that the ledger has not answered
}

// CaseView is one case as this agency works on it.
type CaseView struct {
	CaseSummary
	Standing
	Linked    []events.CaseID `json:"linked,omitzero"` // cases of the person that this agency opened apart from this one
	Trail     []Line          `json:"trail"`
	Referrals []mou.Referral  `json:"referrals"`
	Clocks    []mou.Clock     `json:"clocks"`
	Next      []mou.Move      `json:"next"`
}

// Line is one statement of a case. Waiting ones have no number yet.
type Line struct {
	Number   uint64            `json:"number,omitzero"`
	ID       events.EventID    `json:"id"`
	Type     string            `json:"type"` // as people say it
	By       events.AgencyID   `json:"by"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Happened time.Time         `json:"happened"`
	Recorded time.Time         `json:"recorded,omitzero"`
	Admitted time.Time         `json:"admitted,omitzero"`
	Late     bool              `json:"late,omitzero"`
	Waiting  bool              `json:"waiting,omitzero"`
	Facts    jsontext.Value    `json:"facts"`
}

// Cases lists the cases that this agency may see, oldest first.
func (a *Agency) Cases() []CaseSummary {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := []CaseSummary{}
	for _, id := range a.book.ids() {
		list = append(list, a.book.files[id].summary(id))
	}
	return list
}

func (f *file) summary(id events.CaseID) CaseSummary {
	return CaseSummary{
		Case: id, Status: f.tentative.Status(), Owner: f.tentative.Owner(), Age: f.tentative.Age(),
		Lines: len(f.settled.Trail()), Waiting: len(f.waiting),
	}
}

// Case shows one case: how it stands; what the ledger has, then what waits for its
// answer; the clocks and what this agency may say next, with reasons.
func (a *Agency) Case(id events.CaseID) (CaseView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return CaseView{}, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	now := a.now()
	v := CaseView{
		CaseSummary: f.summary(id), Trail: []Line{}, Referrals: f.tentative.Referrals(),
		Clocks: f.tentative.Clocks(now), Next: f.tentative.Next(a.config.Agency, now),
	}
	v.Standing = standingOf(f.tentative, v.Clocks)
	for _, item := range f.settled.Trail() {
		if link, ok := item.Facts.(*events.CaseLinked); ok {
			v.Linked = append(v.Linked, link.Case)
		}
		line, err := lineOf(item.Facts)
		if err != nil {
			return v, err
		}
		line.Number, line.ID, line.Type, line.By, line.Referral = item.Number, item.ID, item.Name(), item.By, item.Referral
		line.Happened, line.Admitted, line.Late = item.Happened(), item.Admitted, item.Late
		v.Trail = append(v.Trail, line)
	}
	for _, act := range f.waiting {
		line, err := lineOf(act.Payload)
		if err != nil {
			return v, err
		}
		line.ID, line.Type, line.By, line.Referral = act.Event.ID, act.Event.Type.Name(), act.Event.Agency(), act.Event.Referral()
		line.Waiting = true
		if line.Happened.IsZero() {
			line.Happened = act.Event.Time.Time()
		}
		v.Trail = append(v.Trail, line)
	}
	return v, nil
}

func lineOf(facts events.Payload) (Line, error) {
	text, err := json.Marshal(facts, json.Deterministic(true))
	if err != nil {
		return Line{}, fmt.Errorf("showing a statement: %w", err)
	}
	line := Line{Facts: text}
	if said, ok := facts.(events.Statement); ok {
		happened, recorded := said.Times()
		line.Happened, line.Recorded = happened.Time(), recorded.Time()
	}
	return line, nil
}

// SectionView is one sealed section for this agency, without its content. Of a
// tombstone, which came in place of a section that was withdrawn on its way, only
// its id, referral and purpose are known.
type SectionView struct {
	Record   events.EventID    `json:"record"`
	Type     string            `json:"type,omitzero"` // record.sealed, referral.asked, referral.answered
	From     events.AgencyID   `json:"from,omitzero"`
	Referral events.ReferralID `json:"referral"`
	Section  events.Section    `json:"section,omitzero"`
	Purpose  events.Purpose    `json:"purpose"`
	Open     bool              `json:"open"` // it may be opened now, for its purpose
	Rule     events.Rule       `json:"rule,omitzero"`
	Reason   string            `json:"reason,omitzero"`

	Tombstone bool `json:"tombstone,omitzero"`
}

// Sections lists the sealed sections of a case that reached this agency.
func (a *Agency) Sections(id events.CaseID) ([]SectionView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return nil, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	list := []SectionView{}
	for _, r := range f.tentative.Records() {
		if r.To != a.config.Agency {
			continue
		}
		view := SectionView{Type: r.Type.Name(), Record: r.ID, From: r.By, Referral: r.Referral, Section: r.Section, Purpose: r.Purpose, Open: true, Tombstone: r.Number == 0}
		if _, err := a.mayOpen(Opening{Case: id, Record: r.ID, Purpose: r.Purpose}); err != nil {
			view.Open = false
			view.Rule, view.Reason = ruleAndReason(err)
		}
		list = append(list, view)
	}
	return list, nil
}

// Read is one line of the read log.
type Read struct {
	Record  events.EventID    `json:"record"`
	Case    events.CaseID     `json:"case"`
	Section events.Section    `json:"section"`
	Role    events.ReaderRole `json:"role"`
	Purpose events.Purpose    `json:"purpose"`
	Basis   events.LegalBasis `json:"basis"`
	Reader  string            `json:"reader,omitzero"` // a code within the role
	At      time.Time         `json:"at"`
}

// ReadLog lists who read which section for which purpose and on which basis, oldest first.
func (a *Agency) ReadLog(ctx context.Context) ([]Read, error) {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT record, case_id, section, role, purpose, basis, reader, at FROM readlog ORDER BY position`)
	if err != nil {
		return nil, fmt.Errorf("reading the read log: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []Read{}
	for rows.Next() {
		var record, of, section, role, purpose, basis, reader string
		var at int64
		if err := rows.Scan(&record, &of, &section, &role, &purpose, &basis, &reader, &at); err != nil {
			return nil, fmt.Errorf("reading the read log: %w", err)
		}
		list = append(list, Read{events.EventID(record), events.CaseID(of), events.Section(section), events.ReaderRole(role), events.Purpose(purpose), events.LegalBasis(basis), reader, instant(at)})
	}
	return list, rows.Err()
}
