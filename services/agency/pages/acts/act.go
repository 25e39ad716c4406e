package acts

import (
	"net/url"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
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

	statement events.EventID // under which the form is said
}

// asked is what a form sent; empty when it was not sent yet.
type asked struct {
	values   url.Values
	problems ask.Problems
}

// meet reads whom and what a page is about, and asks whether the person may.
func meet(v *web.Visit, a *agency.Agency) (*act, error) {
	x := &act{Visit: v, a: a, id: events.CaseID(v.PathValue("case")), referral: events.ReferralID(v.URL.Query().Get("referral"))}
	x.me, x.kind = a.Me()
	if x.t = typeNamed(v.PathValue("type")); x.t == "" || new(events.CaseID).UnmarshalText([]byte(x.id)) != nil {
		return nil, web.ErrNoPage
	}
	var err error
	if x.statement, err = ask.Statement(v); err != nil {
		return nil, err
	}
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

// Said is the type that the reader comes from having said, as people say it; empty if
// there is none.
func Said(v *web.Visit) string { return typeNamed(v.URL.Query().Get("said")).Name() }

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
		Offered: map[string][]ask.Option{}, Fixed: map[string]any{"recorded": events.At(x.Now)}, First: url.Values{"channel": {string(events.InPerson)}},
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
	if x.saidBefore() {
		return x.lead()
	}
	if !x.move.Allowed || x.t == events.TypeRecordOpened {
		return x.show(values, nil)
	}
	given := asked{values: values}
	if x.manner.again != nil && x.manner.again(x, given) {
		return x.show(values, ask.Problems{})
	}
	speak := x.manner.speak
	if speak == nil {
		speak = speakPlainly
	}
	err := speak(x, given)
	if err == nil || ask.SentBefore(err) {
		return x.lead()
	}
	if problems, is := problemsIn(x.form.ProblemsOf(err)); is {
		return x.show(values, problems)
	}
	return nil, err
}

// lead goes on to what was said, with the person assigned who answered.
func (x *act) lead() (web.Answer, error) {
	if slices.Contains(answers(), x.t) {
		if err := x.a.Assign(x.Context(), x.id, x.Person.Code, x.Person.Code); err != nil {
			return nil, err
		}
	}
	to := x.path(x.referral)
	if x.manner.leads != nil {
		to = x.manner.leads(x)
	}
	return web.Go(to + "?said=" + x.t.Name()), nil
}

// path is the page of a referral, or, if it is empty, of the case.
func (x *act) path(referral events.ReferralID) string {
	if referral == "" {
		return "/cases/" + string(x.id)
	}
	return "/referrals/" + string(x.id) + "/" + string(referral)
}

// speakPlainly says what the payload's members alone say.
func speakPlainly(x *act, given asked) error {
	payload, err := x.form.Read(given.values, x.choices)
	if err != nil {
		return err
	}
	return x.speak(payload)
}

// speak says a payload under the form's own id.
func (x *act) speak(payload events.Payload) error {
	_, err := x.a.Say(x.Context(), agency.Statement{Case: x.id, Referral: x.referral, ID: x.statement, Payload: payload})
	return err
}

// saidBefore says whether this very form was taken already: somebody pressed twice. A
// case that it opens has the form's id.
func (x *act) saidBefore() bool {
	return slices.ContainsFunc(x.of.Trail(), func(i mou.Item) bool {
		linked, opens := i.Facts.(*events.CaseLinked)
		return i.By == x.me && i.Type == x.t && (i.ID == x.statement || opens && linked.Case == events.CaseID(x.statement))
	})
}
