package faults

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/police"
	"handrail/services/police/uknrm"
)

// referral is one person's case on its way through the agencies.
type referral struct {
	hub      *hub
	police   *desk
	shelters []*desk // asked; the first is the one that takes the person where only one can
	id       events.CaseID
	of       events.ReferralID
}

func (h *hub) newReferral(asked ...events.AgencyID) *referral {
	r := &referral{hub: h, police: h.desks[sampletown]}
	for _, id := range asked {
		r.shelters = append(r.shelters, h.desks[id])
	}
	return r
}

// step is one thing that happens in a case; it may be waited for.
type step struct {
	name string
	do   func(context.Context) error
}

// whole is a referral from the form to the end of the case.
func (r *referral) whole() []step {
	return slices.Concat(r.asking(), r.accepting(r.shelters[0]), r.helping(r.shelters[0]))
}

// asking is what the police do.
func (r *referral) asking() []step {
	var asked strings.Builder
	for i, s := range r.shelters {
		if i > 0 {
			asked.WriteString(",")
		}
		asked.WriteString(string(s.id))
	}
	return []step{
		{"the form is filed", func(ctx context.Context) error { return r.file(ctx, "referral") }},
		{"rights.informed", r.answers(agency.InformRights, "language=ron", "interpreter=independent")},
		{"risk.assessed", r.answers(agency.AssessRisk, "with_person=yes")},
		{"consent.given", r.answers(agency.AskConsent, "bundle=bed", "answer=yes", "by=person", "capacity=clear", "language=ron", "interpreter=independent", "present=person-alone")},
		{"referral.requested", func(ctx context.Context) error {
			if err := r.answers(agency.ChooseProvider, "to="+asked.String(), "bundle=bed", "needs=safe-accommodation", "urgency=standard", "language=ron")(ctx); err != nil {
				return err
			}
			return r.find(ctx)
		}},
	}
}

// accepting is what a shelter does before the person comes.
func (r *referral) accepting(by *desk) []step {
	return []step{
		{"the shelter holds the request", func(ctx context.Context) error { return by.holds(ctx, r.id, "referral.requested", r.police.id) }},
		{"referral.acknowledged", r.says(by, "referral.acknowledged", nil)},
		{"referral.accepted", r.says(by, "referral.accepted", nil)},
		{"the records are released", func(ctx context.Context) error { return by.mayRead(ctx, r.id, sealedSections) }},
	}
}

// sealedSections is how many sections of the form the bundle shares.
const sealedSections = 3

// helping is what follows acceptance.
func (r *referral) helping(by *desk) []step {
	return []step{
		{"handover.completed", r.says(by, "handover.completed", nil)},
		{"service.started", r.sends(by, events.TypeServiceStarted, map[string]any{"need": "safe-accommodation"})},
		{"referral.feedback", r.says(by, "referral.feedback", map[string]any{"outcome": "completed"})},
		{"the police hold the feedback", func(ctx context.Context) error { return r.police.holds(ctx, r.id, "referral.feedback", by.id) }},
		{"case.closed", r.says(r.police, "case.closed", map[string]any{"reason": "completed"})},
		{"the police hold the closing", func(ctx context.Context) error { return r.police.holds(ctx, r.id, "case.closed", r.police.id) }},
	}
}

// run goes through steps in order.
func run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// file fills a form in anew, under an id of its own and about somebody else, and
// posts it.
func (r *referral) file(ctx context.Context, name string) error {
	form, err := police.Form(name)
	if err != nil {
		return err
	}
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(form, &members); err != nil {
		return err
	}
	id, err := newID()
	if err != nil {
		return err
	}
	members["ExternalId"] = jsontext.Value(`"` + id + `"`)
	members["Customer.Alias"] = jsontext.Value(`"Robin ` + id[len(id)-12:] + `"`)
	if form, err = json.Marshal(members, json.Deterministic(true)); err != nil {
		return err
	}
	filed, err := r.police.file(ctx, form)
	if err != nil {
		return err
	}
	r.id = filed.Case
	read, err := uknrm.Read(form)
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	for section, said := range read.Sections {
		r.hub.forms[draft{r.id, section}] = said
	}
	return err
}

func newID() (events.EventID, error) {
	id, err := events.NewUUID(time.Now(), rand.Reader)
	return events.EventID(id), err
}

func (r *referral) answers(kind agency.TaskKind, words ...string) func(context.Context) error {
	return func(ctx context.Context) error { return r.police.answer(ctx, r.id, kind, words...) }
}

func (r *referral) says(d *desk, name string, data map[string]any) func(context.Context) error {
	return func(ctx context.Context) error {
		s := statement{Case: r.id, Type: name, Referral: r.of, Data: data}
		if d == r.police && name != "referral.withdrawn" {
			s.Referral = ""
		}
		return d.say(ctx, s)
	}
}

func (r *referral) sends(d *desk, t events.Type, data map[string]any) func(context.Context) error {
	return func(ctx context.Context) error {
		id, err := newID()
		if err != nil {
			return err
		}
		now := events.At(time.Now()).String()
		facts := map[string]any{"happened": now, "recorded": now, "channel": "system"}
		maps.Copy(facts, data)
		return d.send(ctx, systemEvent{ID: id, Type: t, Case: r.id, Referral: r.of, Data: facts})
	}
}

// find reads the referral's id from the case, since the answer to the task may
// have been lost.
func (r *referral) find(ctx context.Context) error {
	return until(ctx, "the police show the referral", func(ctx context.Context) error {
		view, err := r.police.show(ctx, r.id)
		if err != nil {
			return err
		}
		if len(view.Referrals) == 0 {
			return errors.New("the case has none")
		}
		r.of = view.Referrals[0].ID
		return nil
	})
}

// leg is how the referral stands with a shelter, as the shelter sees it, once
// nothing that the shelter said waits for an answer.
func (r *referral) leg(ctx context.Context, of *desk) (mou.Leg, error) {
	var leg mou.Leg
	err := until(ctx, string(of.id)+" has its answers", func(ctx context.Context) error {
		view, err := of.show(ctx, r.id)
		if err != nil {
			return err
		}
		if view.Waiting > 0 || len(view.Referrals) == 0 {
			return errors.New("something waits")
		}
		i := slices.IndexFunc(view.Referrals[0].Legs, func(l mou.Leg) bool { return l.To == of.id })
		if i < 0 {
			return errors.New("it has no part in the referral")
		}
		leg = view.Referrals[0].Legs[i]
		return nil
	})
	return leg, err
}
