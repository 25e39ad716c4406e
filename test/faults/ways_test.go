package faults

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// way is how a referral of the table goes when nothing fails.
type way struct {
	name    string
	asked   []events.AgencyID // in their order
	steps   func(*referral) []step
	recalls bool // some who opened records lose them again
}

func ways() []way {
	return []way{
		{"day", []events.AgencyID{lighthouse}, (*referral).whole, false},
		{"night", []events.AgencyID{harbour, lighthouse}, (*referral).night, true},
		{"two beds", []events.AgencyID{lighthouse, harbour}, (*referral).twoBeds, true},
	}
}

func (w way) newReferral(h *hub) *referral { return h.newReferral(w.asked...) }

func (w way) prefix() string {
	if w.name == "day" {
		return ""
	}
	return w.name + ", "
}

// meets says whether a way has rows of a kind of fault and a moment. The ways of
// a night are long, and so are their trails to verify: they meet the harder moment
// alone, with everything killed, and with the ledger and all that waits for it. A
// longer run has them meet every kind.
func (w way) meets(kind string, m moment) bool {
	if (kind == string(harbour) || kind == string(lighthouse)) && !slices.Contains(w.asked, events.AgencyID(kind)) {
		return false // it has no part
	}
	if w.name == "day" {
		return kind != everything
	}
	return !m.after && (kind == everything || kind == wipeQueue || chosen.rounds > usualRounds)
}

// night: two shelters are asked in turn. The first opens what it needs and cannot
// take the person, the hub asks the second, which asks a question and accepts.
func (r *referral) night() []step {
	full, free := r.shelters[0], r.shelters[1]
	return slices.Concat([]step{
		{"tonight", r.asksTonight(events.InTurn)},
		{"the first holds the request", func(ctx context.Context) error { return full.holds(ctx, r.id, "referral.requested", r.police.id) }},
		{"the first acknowledges", r.says(full, "referral.acknowledged", map[string]any{"duty": "duty-1"})},
		{"the first may read", func(ctx context.Context) error { return full.mayRead(ctx, r.id, openTonight) }},
		{"the first declines", r.says(full, "referral.declined", map[string]any{"reason": "full"})},
		{"the second is asked", func(ctx context.Context) error {
			return free.holds(ctx, r.id, "referral.escalated", events.HubAgency)
		}},
		{"the second acknowledges", r.says(free, "referral.acknowledged", map[string]any{"duty": "duty-2"})},
		{"the second may read", func(ctx context.Context) error { return free.mayRead(ctx, r.id, openTonight) }},
		{"a question", func(ctx context.Context) error {
			r.remember(map[events.Section]string{events.SectionQuestion: `{"text":"` + askedBack + `"}`})
			return free.once(ctx, "/v1/questions", agency.Asking{Case: r.id, Referral: r.of, Text: askedBack}, r.id, "referral.asked")
		}},
		{"the police may read it", func(ctx context.Context) error { return r.police.mayRead(ctx, r.id, 1) }},
		{"its answer", r.replies},
		{"the second may read it", func(ctx context.Context) error { return free.mayRead(ctx, r.id, openTonight+1) }},
		{"the second accepts", r.says(free, "referral.accepted", nil)},
		{"the second may read all", func(ctx context.Context) error { return free.mayRead(ctx, r.id, sealedTonight+1) }},
		{"the first has erased", func(ctx context.Context) error { return r.erases(ctx, full) }},
	}, r.arriving(free))
}

// twoBeds: two shelters are asked at once, one opens what it needs, the other accepts.
func (r *referral) twoBeds() []step {
	wins, loses := r.shelters[0], r.shelters[1]
	return slices.Concat([]step{
		{"tonight", r.asksTonight(events.AtOnce)},
		{"the loser holds the request", func(ctx context.Context) error { return loses.holds(ctx, r.id, "referral.requested", r.police.id) }},
		{"the loser acknowledges", r.says(loses, "referral.acknowledged", map[string]any{"duty": "duty-1"})},
		{"the loser may read", func(ctx context.Context) error { return loses.mayRead(ctx, r.id, openTonight) }},
		{"the winner holds the request", func(ctx context.Context) error { return wins.holds(ctx, r.id, "referral.requested", r.police.id) }},
		{"the winner accepts", r.says(wins, "referral.accepted", nil)},
		{"the loser is no longer needed", func(ctx context.Context) error {
			return loses.holds(ctx, r.id, "referral.not-needed", events.HubAgency)
		}},
		{"the winner may read all", func(ctx context.Context) error { return wins.mayRead(ctx, r.id, sealedTonight) }},
		{"the loser has erased", func(ctx context.Context) error { return r.erases(ctx, loses) }},
	}, r.arriving(wins))
}

// arriving ends a case of a night.
func (r *referral) arriving(at *desk) []step {
	return []step{
		{"handover.completed", r.says(at, "handover.completed", nil)},
		{"the police hold it", func(ctx context.Context) error { return r.police.holds(ctx, r.id, "handover.completed", at.id) }},
		{"case.closed", r.says(r.police, "case.closed", map[string]any{"reason": "completed"})},
		{"the police hold the closing", func(ctx context.Context) error { return r.police.holds(ctx, r.id, "case.closed", r.police.id) }},
	}
}

// What a request for tonight seals, and how much of it opens before acceptance:
// identity and contact wait, needs and risk do not.
const (
	sealedTonight = 4
	openTonight   = 2

	toCall    = "+00 000 0007"
	safely    = "text first"
	alias     = "Alex Example"
	askedBack = "Is a cot needed?"
)

// asksTonight asks for a bed. The case's id is chosen here, so that asking again
// after an unknown outcome is refused and not done twice.
func (r *referral) asksTonight(order events.AskOrder) func(context.Context) error {
	return func(ctx context.Context) error {
		id, err := newID()
		if err != nil {
			return err
		}
		r.id = events.CaseID(id)
		want := agency.Tonight{
			Case: r.id, Age: events.Adult, Language: "ron", Bundle: "bed", Dangers: events.Set[events.Safety]{"pursued"},
			CallBack: toCall, Safe: safely, Name: alias, Order: order,
		}
		for _, s := range r.shelters {
			want.To = append(want.To, s.id)
		}
		r.remember(map[events.Section]string{
			events.SectionIdentity: `{"name":"` + alias + `"}`,
			events.SectionContact:  `{"call_back":"` + toCall + `","safe_contact":"` + safely + `"}`,
			events.SectionNeeds:    `{"needs":["emergency-shelter"],"language":"ron","interpreter":"none"}`,
			events.SectionRisk:     `{"dangers":["pursued"]}`,
		})
		unknown := false
		err = until(ctx, "the police ask for tonight", func(ctx context.Context) error {
			_, err := r.police.people.Tonight(ctx, want)
			if p := refused(err); p != nil && unknown && (p.Rule == string(mou.RuleCaseExists) || p.Rule == string(events.RuleIDReused)) {
				return nil
			}
			unknown = unknown || !neverSent(err)
			return err
		})
		if err != nil {
			return err
		}
		return r.find(ctx)
	}
}

// remember notes what was sealed, to compare it with what is opened.
func (r *referral) remember(said map[events.Section]string) {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	for section, text := range said {
		r.hub.forms[draft{r.id, section}] = jsontext.Value(text)
	}
}

// replies answers the one question of the case.
func (r *referral) replies(ctx context.Context) error {
	var question events.EventID
	err := until(ctx, "the police have a question", func(ctx context.Context) error {
		all, err := client.List[agency.AskedQuestion](ctx, r.police.people, "/v1/questions", "questions")
		i := slices.IndexFunc(all, func(q agency.AskedQuestion) bool { return q.Case == r.id })
		if err != nil || i < 0 {
			return errors.Join(err, errors.New("nobody asks"))
		}
		question = all[i].Question
		return nil
	})
	if err != nil {
		return err
	}
	return r.police.once(ctx, "/v1/questions/answer", agency.Replying{Case: r.id, Question: question, Text: askedBack}, r.id, "referral.answered")
}
