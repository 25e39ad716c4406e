package acts

import (
	"net/url"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/web"
	"handrail/services/web/access"
)

// act is one statement that somebody is about to make.
type act struct {
	*web.Visit

	a        *agency.Agency
	me       events.AgencyID
	kind     events.AgencyKind
	memo     *mou.Memorandum
	of       mou.Case
	id       events.CaseID
	referral events.ReferralID
	about    *mou.Referral // nil: of no referral
	t        events.Type
	move     mou.Move
	manner   manner
	form     form.Form // empty: the statement is sealed
	choices  form.Choices
}

// asked is what a form sent; empty when it was not sent yet.
type asked struct {
	values url.Values
	faults form.Faults
}

// meet reads whom and what a page is about, and asks whether the person may.
func meet(v *web.Visit, a *agency.Agency) (*act, error) {
	x := &act{Visit: v, a: a, id: events.CaseID(v.PathValue("case")), referral: events.ReferralID(v.URL.Query().Get("referral"))}
	x.me, x.kind = a.Me()
	if x.t = typeNamed(v.PathValue("type")); x.t == "" || new(events.CaseID).UnmarshalText([]byte(x.id)) != nil {
		return nil, web.ErrNoPage
	}
	var err error
	if x.memo, err = a.Memorandum(); err != nil {
		return nil, err
	}
	if _, about := x.memo.Term(x.t); !about {
		return nil, web.ErrNoPage // it is about no case
	}
	if x.of, err = a.Stands(x.id); err != nil {
		return nil, err
	}
	if err := x.allowed(); err != nil {
		return nil, err
	}
	x.move = x.moved()
	if x.referral != "" {
		at := slices.IndexFunc(x.of.Referrals(), func(r mou.Referral) bool { return r.ID == x.referral })
		if at < 0 {
			return nil, events.Refuse(mou.RuleReferralUnknown, "", "the case has no such referral")
		}
		x.about = &x.of.Referrals()[at]
	}
	x.manner = mannerOf(x.t)
	if !x.t.Sealed() {
		if x.form, err = form.Of(x.t); err != nil {
			return nil, err
		}
	}
	return x, x.offer()
}

// typeNamed finds a type that an agency says about a case, by the name that people use.
func typeNamed(name string) events.Type {
	for _, t := range events.Types() {
		if t.Name() == name && !t.HubOnly() && !t.IsControl() {
			return t
		}
	}
	return ""
}

// allowed asks whether the person may speak in the case. While nobody works on it,
// whoever answers a request may: they are assigned by answering.
func (x *act) allowed() error {
	working := x.a.Assigned(x.id)
	if len(working) == 0 && slices.Contains(answers(), x.t) {
		return x.May(access.Say, nil)
	}
	return x.May(access.Say, &access.Case{Assigned: working})
}

// answers are what a provider says to a request.
func answers() []events.Type {
	return []events.Type{events.TypeReferralAcknowledged, events.TypeReferralAccepted, events.TypeReferralDeclined, events.TypeReferralAsked}
}

// moved is the memorandum's word on the statement. A statement of a referral that is
// not named is about the only one that there is.
func (x *act) moved() mou.Move {
	var found []mou.Move
	for _, move := range x.of.Next(x.me, x.Now) {
		if move.Type == x.t && (x.referral == "" || move.Referral == x.referral || move.Referral == "") {
			found = append(found, move)
		}
	}
	switch {
	case len(found) == 1:
		x.referral = found[0].Referral
		return found[0]
	case len(found) > 1 || x.memo.Profile.May(x.kind, x.t):
		return mou.Move{Type: x.t, Rule: mou.RuleReferralUnknown}
	}
	return mou.Move{Type: x.t, Rule: mou.RulePower}
}

// offer fills in what the form offers here.
func (x *act) offer() error {
	x.choices = form.Choices{
		Offered: map[string][]form.Option{}, Fixed: map[string]any{"recorded": events.At(x.Now)}, First: url.Values{"channel": {string(events.InPerson)}},
		Needed: map[string]bool{}, Place: x.place(), Now: x.Now,
	}
	if x.manner.choices == nil {
		return nil
	}
	return x.manner.choices(x)
}

// place is where the readers are: hours are written and read there.
func (x *act) place() *time.Location { return x.Words.In(x.Now).Location() }

// say says what a form asks for and leads on, or shows the form again with what
// stands against it.
func (x *act) say(values url.Values) (web.Answer, error) {
	given := asked{values: values}
	if x.saidBefore(given) {
		if x.t == events.TypeReferralRequested {
			x.referral = x.statement(given)
		}
		return x.lead(nil)
	}
	if !x.move.Allowed || x.t == events.TypeRecordOpened {
		return x.show(values, nil)
	}
	if x.manner.again != nil && x.manner.again(x, given) {
		return x.show(values, form.Faults{})
	}
	speak := x.manner.speak
	if speak == nil {
		speak = speakPlainly
	}
	done, err := speak(x, given)
	if faults, is := x.faults(err); is {
		return x.show(values, faults)
	}
	if err != nil {
		return nil, err
	}
	return x.lead(done)
}

// faults puts what stands against a form beside its members. A statement under an id
// that was used is the same form once more: it was said.
func (x *act) faults(err error) (form.Faults, bool) {
	if v, is := violation(err); is && v.Rule == events.RuleIDReused {
		return nil, false
	}
	if _, is := violation(err); is {
		err = x.form.FaultsOf(err)
	}
	return faultsIn(err)
}

// lead goes on to what was said, with the person assigned who answered.
func (x *act) lead(done *spoken) (web.Answer, error) {
	if slices.Contains(answers(), x.t) {
		if err := x.a.Assign(x.Context(), x.id, x.Person.Code, x.Person.Code); err != nil {
			return nil, err
		}
	}
	if done != nil && done.to != "" {
		return web.Go(done.to), nil
	}
	if x.referral != "" {
		return web.Go("/referrals/" + string(x.id) + "/" + string(x.referral) + "?said=" + x.t.Name()), nil
	}
	return web.Go("/cases/" + string(x.id) + "?said=" + x.t.Name()), nil
}

// speakPlainly says what the payload's members alone say.
func speakPlainly(x *act, given asked) (*spoken, error) {
	payload, err := x.form.Read(given.values, x.choices)
	if err != nil {
		return nil, err
	}
	return x.speak(given, payload)
}

// statement is the id that the form carries.
func (x *act) statement(given asked) events.EventID {
	id := events.EventID(given.values.Get(statementField))
	if new(events.EventID).UnmarshalText([]byte(id)) != nil {
		return ""
	}
	return id
}

// saidBefore says whether this very form was taken already: somebody pressed twice.
func (x *act) saidBefore(given asked) bool {
	id := x.statement(given)
	return id != "" && slices.ContainsFunc(x.of.Trail(), func(i mou.Item) bool { return i.ID == id && i.By == x.me && i.Type == x.t })
}

// already takes a statement that was said before under the same id as said.
func already(err error) error {
	if v, is := violation(err); is && v.Rule == events.RuleIDReused && v.Pointer == "/id" {
		return nil
	}
	return err
}
