package report

import (
	"slices"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/asked"
)

// told is what the answers come to, as far as they can stand.
type told struct {
	danger  string
	age     events.AgeClass
	channel events.Channel

	language    events.Language
	interpreter events.Interpreter

	words     map[string]string // by bundle: yes, no, not-now; absent: not asked
	by        events.Speaker
	conflict  bool
	childView events.ChildView
	capacity  events.Capacity
	present   events.Set[events.Present]
	except    events.Set[events.AgencyID]

	wayBack events.WayBack
	notify  bool

	needs      events.Set[events.Need]
	urgency    events.Urgency
	region     events.Region
	sex        events.Sex
	children   events.Children
	access     events.Set[events.Access]
	safety     events.Set[events.Safety]
	withPerson bool

	text  map[string]string // by the name of the question
	signs []string
	keep  bool // the signs go into the sealed risk section

	to    map[string]events.Set[events.AgencyID] // by bundle; of child protection under [childName]
	order map[string]events.AskOrder
}

// childName stands for child protection, which is no bundle, in the names of questions.
const childName = "child-protection"

// nameOf is an offer's name in questions and messages.
func nameOf(o agency.OfferView) string {
	if o.Name == "" {
		return childName
	}
	return o.Name
}

// keyOf is the message of an offer's name.
func keyOf(o agency.OfferView) string {
	if o.Name == "" {
		return "report.child-protection"
	}
	return "bundle." + o.Name
}

// read reads every step that was sent or kept.
func (f *form) read() {
	f.told, f.problems = told{words: map[string]string{}, text: map[string]string{}, to: map[string]events.Set[events.AgencyID]{}, order: map[string]events.AskOrder{}}, map[string]ask.Problems{}
	for _, step := range []struct {
		name string
		read func(*ask.Reader)
	}{
		{stepNow, f.readNow},
		{stepRights, f.readRights},
		{stepConsent, f.readConsent},
		{stepWayBack, f.readWayBack},
		{stepNeeds, f.readNeeds},
		{stepDetails, f.readDetails},
		{stepSigns, f.readSigns},
		{stepWhom, f.readWhom},
	} {
		given, some := f.typed.Steps[step.name]
		if !some {
			continue
		}
		r := ask.NewReader(given)
		step.read(r)
		f.problems[step.name] = r.Problems
	}
}

// agreed lists what the person said yes to and, of a child, child protection, which
// needs nobody's yes.
func (f *form) agreed() (list []agency.OfferView) {
	if child, some := f.a.ChildOffer(f.told.age); some && f.told.age != "" {
		list = append(list, child)
	}
	for _, o := range f.offers {
		if f.told.words[o.Name] == "yes" {
			list = append(list, o)
		}
	}
	return list
}

// helps says whether somebody could be asked for something.
func (f *form) helps() bool {
	return len(f.agreed()) > 0
}

// said says whether the person gave an answer of a kind to anything.
func (t told) said(word string) bool {
	for _, given := range t.words {
		if given == word {
			return true
		}
	}
	return false
}

// may lists the sections that somebody may get: the agreement allows it, and the
// person agreed.
func (told) may(f *form) (sections events.Set[events.Section]) {
	for _, o := range f.agreed() {
		for _, section := range o.Sections {
			if !slices.Contains(sections, section) {
				sections = append(sections, section)
			}
		}
	}
	return sections
}

func (f *form) readNow(r *ask.Reader) {
	t := &f.told
	t.danger = r.Choice("danger", true, "no", "yes", "unsure")
	t.age = ask.Code[events.AgeClass](r, "age", true)
	t.channel = events.Channel(r.Choice("channel", true, string(events.InPerson), string(events.Telephone)))
}

func (f *form) readRights(r *ask.Reader) {
	t := &f.told
	if !r.Ticked("told", "yes") {
		r.Refuse("told", "report.told.missing")
	}
	t.language = ask.Code[events.Language](r, "language", true)
	t.interpreter = ask.Code[events.Interpreter](r, "interpreter", true)
}

func (f *form) readConsent(r *ask.Reader) {
	t := &f.told
	for _, o := range f.offers {
		if word := r.Choice("offer."+o.Name, false, "yes", "no", "not-now"); word != "" {
			t.words[o.Name] = word
		}
	}
	t.conflict = t.age != events.Adult && r.Ticked("conflict", "yes")
	if len(t.words) == 0 && len(f.offers) > 0 {
		r.Refuse("offer."+f.offers[0].Name, "report.offer.missing")
	}
	if !t.said("yes") {
		return
	}
	t.capacity = ask.Code[events.Capacity](r, "capacity", true)
	t.present = ask.Codes[events.Present](r, "present", true)
	t.except = ask.Set[events.AgencyID](r, "except", false, asked.Could(f.offers)...)
	if t.age == events.Adult {
		t.by = events.ByPerson
		return
	}
	t.by = events.Speaker(r.Choice("by", true, string(events.ByGuardian), string(events.ByAppointed)))
	if t.conflict && t.by == events.ByGuardian {
		r.Refuse("by", "report.by.conflict")
	}
	t.childView = ask.Code[events.ChildView](r, "child_view", true)
}

func (f *form) readWayBack(r *ask.Reader) {
	t := &f.told
	t.wayBack = events.WayBack(r.Choice("way_back", true, f.waysBack()...))
	t.notify = r.Choice("notify", len(f.a.Notified(t.age)) > 0, "yes", "no") == "yes"
	t.region = ask.Code[events.Region](r, "region", false)
}

// waysBack are those that may be offered: a child is always left one.
func (f *form) waysBack() []string {
	codes := events.WayBack("").Codes()
	if f.told.age != events.Adult {
		codes = slices.DeleteFunc(codes, func(code string) bool { return code == "none-wanted" })
	}
	return codes
}
