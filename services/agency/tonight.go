package agency

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// Tonight is a bed for the night in at most eight choices, and a number to call
// back. Whoever sends it states what the choices stand for, and whoever asks for
// them says so in words: choice 4, the person was told of their rights in this
// language; choice 5, these dangers were gone through with them; choice 8, this is
// their own clear yes, and nobody else is there but whom the choices name. Where
// that is not so, by, capacity and present say how it is.
type Tonight struct {
	Need        events.Set[events.Need]     `json:"need,omitzero"`        // 1; absent: emergency-shelter
	Age         events.AgeClass             `json:"age"`                  // 2
	Sex         events.Sex                  `json:"sex,omitzero"`         // 2
	Children    events.Children             `json:"children,omitzero"`    // 3
	Language    events.Language             `json:"language"`             // 4
	Interpreter events.Interpreter          `json:"interpreter,omitzero"` // 4; absent: none
	Dangers     events.Set[events.Safety]   `json:"dangers,omitzero"`     // 5
	Access      events.Set[events.Access]   `json:"access,omitzero"`      // 6
	Region      events.Region               `json:"region,omitzero"`      // 7
	Bundle      string                      `json:"bundle,omitzero"`      // 8; only a child, or who may be one, needs none: child protection is asked then
	Except      events.Set[events.AgencyID] `json:"except,omitzero"`      // 8
	By          events.Speaker              `json:"by,omitzero"`          // 8; absent: the person; needed for a child
	ChildView   events.ChildView            `json:"child_view,omitzero"`  // 8; needed for a child
	Capacity    events.Capacity             `json:"capacity,omitzero"`    // 8; absent: clear
	Present     events.Set[events.Present]  `json:"present,omitzero"`     // 8; absent: the person alone, and whoever choices 4 and 8 name

	Case     events.CaseID               `json:"case,omitzero"`  // the sender's own choice of a new id, so that sending again asks once; absent: the site makes one
	CallBack string                      `json:"call_back"`      // only in the sealed contact section
	Safe     string                      `json:"safe,omitzero"`  // when and how it is safe to call; absent: it was not asked
	Name     string                      `json:"name,omitzero"`  // only in the sealed identity section
	To       events.Set[events.AgencyID] `json:"to,omitzero"`    // whom to ask, in this order; absent: who can take the person, as published
	Order    events.AskOrder             `json:"order,omitzero"` // absent: in-turn
}

// Asked is what became of a request for tonight: on its way, and what follows.
type Asked struct {
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral"`
	Order    events.AskOrder   `json:"order"`
	Asked    []Candidate       `json:"asked"`
	Notified []events.AgencyID `json:"notified"` // child protection, told at once
	Nobody   Unanswered        `json:"if_nobody"`
	Events   int               `json:"events"` // said in one breath, all or none
}

// Candidate is one provider asked, in its turn.
type Candidate struct {
	Agency   events.AgencyID `json:"agency"`
	Turn     int             `json:"turn"`                    // 1 for the first; all are 1 when asked at once
	AckBy    time.Time       `json:"acknowledge_by,omitzero"` // of those who are asked now
	AnswerBy time.Time       `json:"answer_by,omitzero"`
	Says     string          `json:"says,omitzero"` // why it stands here, in plain words
}

// Unanswered is what happens when nobody answers in time.
type Unanswered struct {
	Told events.AgencyID `json:"told,omitzero"`
	At   time.Time       `json:"at"` // at the latest
	Says string          `json:"says"`
}

// AskTonight opens a case and asks for a bed, in one breath: the case, a child's
// notice, rights, consent, risk, the request, and one sealed record of each
// section for every provider that may be asked. All of it is durable when it
// returns, or none. What was told stays here as sections held back, with a task,
// in case all of them decline. Whoever chose the case's id may send again when the
// outcome is unknown: the second time it is refused as case-exists at /case, and
// nobody is asked twice. Errors: *events.Violation that names the member, and whose
// reason names the choice; [ErrNotJoined].
func (a *Agency) AskTonight(ctx context.Context, t Tonight) (Asked, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.book.memo == nil || a.directory == nil {
		return Asked{}, ErrNotJoined
	}
	if err := t.complete(); err != nil {
		return Asked{}, err
	}
	if a.book.files[t.Case] != nil {
		return Asked{}, events.Refuse(mou.RuleCaseExists, "/case", "this agency knows a case of this id: if it asked before, it asked once; look there, or choose a new id to ask anew")
	}
	now := a.now()
	p, err := a.planTonight(t, now)
	if err != nil {
		return Asked{}, err
	}
	statements, err := a.tonightSays(t, p, now)
	if err != nil {
		return Asked{}, err
	}
	ids, err := a.sayLocked(ctx, true, func(tx *sql.Tx) error { return a.storeTonight(ctx, tx, t, p, now) }, statements...)
	if err != nil {
		return Asked{}, ofChoice(err)
	}
	return a.askedTonight(p, len(ids), now), nil
}

// storeTonight keeps what another provider would need, and the questions that
// open again when nobody can help.
func (a *Agency) storeTonight(ctx context.Context, tx *sql.Tx, t Tonight, p plan, now time.Time) error {
	life := a.book.memo.Profile.DraftLife()
	for _, section := range p.sections {
		if err := storeDraft(ctx, tx, p.of, section, p.values[section], now, life); err != nil {
			return err
		}
	}
	hints := Hints{Language: t.Language, Region: t.Region, Sex: t.Sex, Age: t.Age, Children: t.Children, Access: t.Access, Needs: t.Need, Safety: t.Dangers}
	for _, kind := range []TaskKind{AskConsent, ChooseProvider} {
		if err := storeTask(ctx, tx, p.of, Question{Kind: kind, Hints: hints}, now); err != nil {
			return err
		}
	}
	return nil
}

// askedTonight says who is asked until when, and what follows if nobody answers.
func (a *Agency) askedTonight(p plan, said int, now time.Time) Asked {
	stands := a.book.files[p.of].tentative
	asked := Asked{Case: p.of, Referral: p.referral, Order: p.order, Notified: p.notified, Asked: []Candidate{}, Events: said}
	turns := time.Duration(1)
	for i, id := range p.to {
		c := Candidate{Agency: id, Turn: 1, Says: p.says[id]}
		if p.order == events.InTurn {
			c.Turn, turns = i+1, time.Duration(i+1)
		}
		if c.Turn == 1 {
			c.AckBy, c.AnswerBy = due(stands, p.referral, id, now)
		}
		asked.Asked = append(asked.Asked, c)
	}
	asked.Nobody = a.ifNobody(p.to, now.Add(turns*a.book.memo.Profile.AnswerWithin(events.Tonight)))
	return asked
}

// ifNobody names the duty that the hub turns to when nobody answers: one that
// published hours which cover that moment, else the coordinator.
func (a *Agency) ifNobody(asked []events.AgencyID, at time.Time) Unanswered {
	profile := a.book.memo.Profile
	clock := profile.Local(at).Format("15:04")
	for _, id := range a.ofKinds(profile.Escalation.Duty) {
		c := a.book.capacities[id].facts
		if c != nil && id != a.config.Agency && c.Staffed(profile.Local(at)) && !slices.Contains(asked, id) {
			return Unanswered{Told: id, At: at, Says: "If nobody has answered by " + clock + ", " + string(id) + " is told and calls back."}
		}
	}
	for _, id := range a.ofKinds([]events.AgencyKind{events.Coordinator}) {
		return Unanswered{Told: id, At: at, Says: "If nobody has answered by " + clock + ", " + string(id) + " is told and calls back."}
	}
	return Unanswered{At: at, Says: "If nobody has answered by " + clock + ", nobody else is told: the directory lists no duty that is staffed then, and no coordinator."}
}

// ofKinds lists the agencies of some kinds that take part now, in the order of their ids.
func (a *Agency) ofKinds(kinds []events.AgencyKind) (ids []events.AgencyID) {
	for id, kind := range a.book.memo.Directory {
		if slices.Contains(kinds, kind) && !a.book.memo.Away[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (a *Agency) postTonight(r *http.Request, body []byte) (any, error) {
	var given Tonight
	if err := strict.Read(body, &given); err != nil {
		return nil, ofChoice(err)
	}
	return a.AskTonight(r.Context(), given)
}
