package acts

import (
	"slices"
	"strings"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
)

// whichField names the consent that is taken back: the id of the statement that gave
// it, or everything that goes to its recipient.
const (
	whichField = "which"
	everything = "all-"
)

// withdrawal takes back what the person agreed to, and shows who must answer then.
func withdrawal() manner {
	return manner{choices: withdrawalChoices, fields: withdrawalFields, speak: speakWithdrawal}
}

func withdrawalChoices(x *act) error {
	if len(x.agreed()) > 0 {
		x.choices.Fixed["recipient"], x.choices.Fixed["purpose"] = nil, nil
		return nil
	}
	all, err := x.agencies(anybody)
	x.choices.Offered["recipient.agency"], x.choices.Offered["recipient.except"] = all, all
	return err
}

// yes is one thing that the person agreed to, and has not taken back.
type yes struct {
	id        events.EventID
	recipient events.Recipient
	purpose   events.Purpose
}

// agreed lists what the person agreed to, as far as this agency sees, each once.
func (x *act) agreed() (all []yes) {
	for _, item := range x.of.Trail() {
		switch p := item.Facts.(type) {
		case *events.ConsentGiven:
			all = slices.DeleteFunc(all, func(y yes) bool { return same(y.recipient, p.Recipient) && y.purpose == p.Purpose })
			all = append(all, yes{item.ID, p.Recipient, p.Purpose})
		case *events.ConsentRefused:
			all = slices.DeleteFunc(all, func(y yes) bool { return same(y.recipient, p.Recipient) && y.purpose == p.Purpose })
		case *events.ConsentWithdrawn:
			all = slices.DeleteFunc(all, func(y yes) bool {
				return same(y.recipient, p.Recipient) && (p.Purpose == "" || y.purpose == p.Purpose)
			})
		}
	}
	return all
}

func same(r, o events.Recipient) bool {
	return r.Agency == o.Agency && r.Class == o.Class && slices.Equal(r.Except, o.Except)
}

func withdrawalFields(x *act, p *page, given asked) error {
	if err := x.holders(p); err != nil {
		return err
	}
	agreed := x.agreed()
	if len(agreed) == 0 {
		return nil
	}
	c := x.choices
	c.Offered = map[string][]ask.Option{}
	for i, y := range agreed {
		who, err := x.recipientSays(y.recipient)
		if err != nil {
			return err
		}
		purpose, err := x.Words.Code("purpose", string(y.purpose))
		if err != nil {
			return err
		}
		c.Offered[whichField] = append(c.Offered[whichField], ask.Option{Value: string(y.id), Label: purpose, Hint: who})
		another := func(o yes) bool { return same(o.recipient, y.recipient) }
		if slices.IndexFunc(agreed, another) == i && slices.ContainsFunc(agreed[i+1:], another) {
			label, err := x.Say("acts.withdraw.everything")
			if err != nil {
				return err
			}
			c.Offered[whichField] = append(c.Offered[whichField], ask.Option{Value: everything + string(y.id), Label: label, Hint: who})
		}
	}
	return x.poses(p, c, given, form.Member{Name: whichField, Key: whichField, Kind: ask.One, Needed: true})
}

// recipientSays puts whom a consent means into words.
func (x *act) recipientSays(r events.Recipient) (string, error) {
	if r.Agency != "" {
		option, err := x.agency(r.Agency)
		return option.Label, err
	}
	kind, err := x.Words.Code("agency-kind", string(r.Class))
	if err != nil || len(r.Except) == 0 {
		return kind, err
	}
	return x.Say("acts.withdraw.except", "Kind", kind, "List", strings.Join(texts(r.Except), ", "))
}

// holders lists who holds details now, and must answer what becomes of them if the
// consent for them ends.
func (x *act) holders(p *page) error {
	held := map[events.AgencyID]int{}
	var order []events.AgencyID
	for _, r := range x.of.Referrals() {
		for _, leg := range r.Legs {
			if leg.Holds == 0 {
				continue
			}
			if held[leg.To] == 0 {
				order = append(order, leg.To)
			}
			held[leg.To] += leg.Holds
		}
	}
	for _, id := range order {
		p.Holders = append(p.Holders, Holder{Agency: id, Sections: held[id]})
	}
	return nil
}

func speakWithdrawal(x *act, given asked) error {
	agreed := x.agreed()
	if len(agreed) == 0 {
		return speakPlainly(x, given)
	}
	which := given.values.Get(whichField)
	at := slices.IndexFunc(agreed, func(y yes) bool { return string(y.id) == which || everything+string(y.id) == which })
	fixed := map[string]any{"recipient": events.Recipient{Class: events.Shelter}, "purpose": nil} // until it is known which; then the form is shown again
	var problems ask.Problems
	if at < 0 {
		problems = ask.Problems{whichField: {Key: "acts.error.needed"}}
	} else {
		fixed["recipient"] = agreed[at].recipient
		if string(agreed[at].id) == which {
			fixed["purpose"] = agreed[at].purpose // else of every purpose
		}
	}
	payload, err := x.readParts(given, x.choices.With(fixed), problems)
	if err != nil {
		return err
	}
	return x.speak(payload)
}

// legsNow lists the providers of a referral that may still get details.
func legsNow(r *mou.Referral) (all []events.AgencyID) {
	over := []mou.LegState{mou.LegDeclined, mou.LegNotChosen, mou.LegWithdrawn, mou.LegFailed, mou.LegCompleted}
	for _, leg := range r.Legs {
		if !slices.Contains(over, leg.State) {
			all = append(all, leg.To)
		}
	}
	return all
}
