package report

import (
	"errors"
	"net/http"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

// checked is all that will be said, to be read through.
type checked struct {
	view
	Age      events.AgeClass
	Channel  events.Channel
	Language events.Language
	Words    []word
	Facts    bool // something is asked, so that the facts below are seen
	Needs    events.Set[events.Need]
	Urgency  events.Urgency
	Region   events.Region
	Sex      events.Sex
	Children events.Children
	Access   events.Set[events.Access]
	Safety   events.Set[events.Safety]
	Requests []asking
	Told     string // who is, of a child, or of a person who wants no help
	WayBack  events.WayBack
	Withheld bool // the signs stay out
	Against  string
	Signs    int
}

// word is the person's answer to one offer.
type word struct{ Key, Answer string }

// asking is one request that will be made.
type asking struct {
	Key      string
	To       events.Set[events.AgencyID]
	Order    events.AskOrder
	Urgency  events.Urgency
	Needs    events.Set[events.Need]
	Sections events.Set[events.Section]
	Apart    bool
}

// check shows what will be said, before anything is.
func (p pages) check(v *web.Visit, f *form) (web.Answer, error) {
	if f.next() != stepCheck {
		return web.Go(path(f.id, f.next())), nil
	}
	return f.checkPage(v, nil)
}

func (f *form) checkPage(v *web.Visit, against error) (web.Answer, error) {
	around, err := f.view(v, stepCheck, nil)
	if err != nil {
		return nil, err
	}
	t := f.told
	page := checked{
		view: around, Age: t.age, Channel: t.channel, Language: t.language, Needs: t.needs, Urgency: t.urgency, Region: t.region, Sex: t.sex, Children: t.children,
		Access: t.access, Safety: t.safety, WayBack: t.wayBack, Signs: len(t.signs), Withheld: !t.keep,
	}
	for _, o := range f.offers {
		if answer := t.words[o.Name]; answer != "" {
			page.Words = append(page.Words, word{keyOf(o), answer})
		}
	}
	for _, o := range f.agreed() {
		to := t.to[nameOf(o)]
		page.Facts = page.Facts || len(to) > 0
		page.Requests = append(page.Requests, asking{keyOf(o), to, t.order[nameOf(o)], f.urgencyOf(o), f.needsOf(o), f.sectionsOf(o), o.Apart})
	}
	if t.age != events.Adult || t.notify {
		page.Told = named(f.a.Notified(t.age))
	}
	show := web.Show{Template: "report-check", Title: page.Title}
	if against != nil {
		violation, ok := errors.AsType[*events.Violation](against)
		if !ok {
			return nil, against
		}
		if page.Against, err = v.Say("rule." + string(violation.Rule)); err != nil {
			return nil, err
		}
		show.Status = http.StatusUnprocessableEntity
	}
	show.Data = page
	return show, nil
}

// send says everything at once and assigns the case to whoever sent it.
func (p pages) send(v *web.Visit, f *form) (web.Answer, error) {
	if f.next() != stepCheck {
		return web.Go(path(f.id, f.next())), nil
	}
	report, err := f.report()
	if err != nil {
		return nil, err
	}
	_, err = p.a.Report(v.Context(), report)
	if ask.SentBefore(err) {
		return web.Go(path(f.id, "sent")), nil // sent before: it was reported once
	}
	if err != nil {
		return f.checkPage(v, err)
	}
	if err := p.a.Assign(v.Context(), f.id, v.Person.Code, v.Person.Code); err != nil {
		return nil, err
	}
	return web.Go(path(f.id, "sent")), nil
}

// report is the form as the agency says it.
func (f *form) report() (agency.Report, error) {
	t := f.told
	r := agency.Report{
		Case: f.id, Met: f.typed.At[stepNow], Asked: f.typed.At[stepConsent], Channel: t.channel, Age: t.age, Conflict: t.conflict,
		Language: t.language, Interpreter: t.interpreter, By: t.by, Capacity: t.capacity, Present: t.present, ChildView: t.childView, Except: t.except,
		WithPerson: t.withPerson, Safety: t.safety, Region: t.region, Sex: t.sex, Children: t.children, Access: t.access, Needs: t.needs,
		WayBack: t.wayBack, Notify: t.notify,
	}
	for _, o := range f.offers {
		if answer := t.words[o.Name]; answer == "yes" || answer == "no" {
			r.Words = append(r.Words, agency.PersonsWord{Bundle: o.Name, Yes: answer == "yes"})
		}
	}
	for _, o := range f.asked() {
		if to := t.to[nameOf(o)]; len(to) > 0 {
			r.Requests = append(r.Requests, agency.Requested{Bundle: o.Name, To: to, Needs: f.needsOf(o), Urgency: f.urgencyOf(o), Order: t.order[nameOf(o)]})
		}
	}
	var err error
	r.Values, err = f.values()
	return r, err
}
