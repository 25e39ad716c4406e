package tonight

import (
	"net/url"
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/asked"
	"handrail/services/web"
)

// nobodysYes stands for no consent: of a child, child protection is asked then.
const nobodysYes = "none"

// needs are those that a night is about.
func needs() []string {
	return []string{"emergency-shelter", "emergency-medical", "transport", "extraction", "subsistence"}
}

// bundles are what the person can say yes to here: who takes them may know how to
// reach them.
func (p pages) bundles() ([]agency.OfferView, error) {
	offers, err := p.a.Offers()
	if err != nil {
		return nil, err
	}
	offers = slices.DeleteFunc(offers, func(o agency.OfferView) bool {
		soon := o.Bundle.Purpose == events.PurposeAccommodation || o.Bundle.Purpose == events.PurposeMedical
		return o.Apart || !soon || !slices.Contains(o.Sections, events.SectionContact)
	})
	slices.SortStableFunc(offers, func(x, y agency.OfferView) int {
		if (x.Name == "bed") == (y.Name == "bed") {
			return 0
		}
		if x.Name == "bed" {
			return -1
		}
		return 1
	})
	return offers, nil
}

// defaults are the choices that stand in a new form, shown, to be changed or left.
func defaults() url.Values {
	return url.Values{"need": {"emergency-shelter"}, "interpreter": {string(events.NoInterpreter)}, "capacity": {string(events.Clear)}, "under9": {"0"}, "under18": {"0"}}
}

// read gives the request that a form makes, and what cannot stand.
func (p pages) read(given url.Values) (agency.Tonight, ask.Problems, error) {
	offers, err := p.bundles()
	if err != nil {
		return agency.Tonight{}, nil, err
	}
	names := []string{nobodysYes}
	for _, o := range offers {
		names = append(names, o.Name)
	}
	r := ask.NewReader(given)
	t := agency.Tonight{
		Case: events.CaseID(given.Get("case")),
		Need: ask.Set[events.Need](r, "need", true, needs()...),
		Age:  ask.Code[events.AgeClass](r, "age", true), Sex: ask.Code[events.Sex](r, "sex", false),
		Children: events.Children{Under9: r.Count("under9", 20), Under18: r.Count("under18", 20)},
		Language: ask.Code[events.Language](r, "language", true), Interpreter: ask.Code[events.Interpreter](r, "interpreter", true),
		Dangers: ask.Codes[events.Safety](r, "dangers", false), Access: ask.Codes[events.Access](r, "access", false), Region: ask.Code[events.Region](r, "region", false),
		Bundle: r.Choice("bundle", true, names...), Except: ask.Set[events.AgencyID](r, "except", false, asked.Could(offers)...),
		Capacity: ask.Code[events.Capacity](r, "capacity", false), Present: ask.Codes[events.Present](r, "present", false),
		CallBack: r.Number("call_back", true), Safe: r.Words("safe", false, 200), Name: r.Words("name", false, 200),
	}
	by, view := ask.Code[events.Speaker](r, "by", false), ask.Code[events.ChildView](r, "child_view", false)
	if t.Bundle == nobodysYes {
		t.Bundle, t.Except = "", nil
		if t.Age == events.Adult {
			r.Refuse("bundle", "tonight.bundle.adult")
		}
		return t, r.Problems, nil
	}
	if t.Age != events.Adult && t.Age != "" {
		t.By, t.ChildView = by, view
		if by == "" || by == events.ByPerson {
			r.Refuse("by", "tonight.by.missing")
		}
		if view == "" {
			r.Refuse("child_view", "tonight.child_view.missing")
		}
	}
	return t, r.Problems, nil
}

// places gives the question on the form that a member of the request belongs to;
// false if there is none.
func places(pointer string) (string, bool) {
	member, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	name, known := map[string]string{
		"need": "need", "needs": "need", "age": "age", "sex": "sex", "children": "under9", "language": "language", "interpreter": "interpreter",
		"dangers": "dangers", "safety": "dangers", "access": "access", "region": "region", "bundle": "bundle", "except": "except", "by": "by",
		"child_view": "child_view", "capacity": "capacity", "present": "present", "call_back": "call_back", "safe": "safe", "name": "name",
		"to": "bundle", "sections": "bundle", "recipient": "bundle",
	}[member]
	return name, known
}

// choice is one of the eight, as it stands on the page.
type choice struct {
	Number  int
	Heading string
	Says    string // what sending it states
	Fields  []ask.Field
}

// form is the request as it is shown.
type form struct {
	Case     events.CaseID
	Choices  []choice
	Number   []ask.Field // to call back
	More     []ask.Field // for the few nights on which it is otherwise
	Problems ask.Wrong
	Against  string
	Kept     bool
	Life     agency.FormDraft
	Started  []started
	May      bool
}

// sheet puts the eight choices down.
func (p pages) sheet(v *web.Visit, f *form, given url.Values, problems ask.Problems) error {
	offers, err := p.bundles()
	if err != nil {
		return err
	}
	profile, err := p.a.Profile()
	if err != nil {
		return err
	}
	s := ask.NewSheet(v, "tonight", given, problems)
	s.Listed("need", ask.Many, "need", needs()...)
	s.Listed("age", ask.One, "age-class", events.AgeClass("").Codes()...)
	s.Add(ask.Field{Name: "sex", Kind: ask.One, Free: true, Beside: true, Groups: []ask.Group{{Options: s.Options("sex", "sex", events.Sex("").Codes()...)}}})
	s.Written("under9", ask.Count, 20)
	s.Written("under18", ask.Count, 20)
	s.Language("language")
	s.Listed("interpreter", ask.One, "interpreter", events.Interpreter("").Codes()...)
	s.Listed("dangers", ask.Many, "safety", events.Safety("").Codes()...)
	s.Listed("access", ask.Many, "access", events.Access("").Codes()...)
	s.Region("region", profile.Name)
	s.Add(ask.Field{Name: "bundle", Kind: ask.One, Groups: []ask.Group{{Options: agreed(s, offers)}}})
	s.Add(ask.Field{Name: "by", Kind: ask.One, Free: true, Groups: []ask.Group{{Options: s.Options("by", "speaker", string(events.ByGuardian), string(events.ByAppointed))}}})
	s.Add(ask.Field{Name: "child_view", Kind: ask.One, Free: true, Groups: []ask.Group{{Options: s.Options("child_view", "child-view", events.ChildView("").Codes()...)}}})
	s.Written("call_back", ask.Phone, 40)
	s.Written("safe", ask.Line, 200)
	s.Written("name", ask.Line, 200)
	s.Add(ask.Field{Name: "except", Kind: ask.Many, Free: true, Groups: []ask.Group{{Options: ask.Named(asked.Could(offers))}}})
	s.Listed("present", ask.Many, "present", events.Present("").Codes()...)
	s.Listed("capacity", ask.One, "capacity", events.Capacity("").Codes()...)
	return f.lay(s)
}

// agreed are the answers to the last choice: what the person said yes to, or no yes.
func agreed(s *ask.Sheet, offers []agency.OfferView) (options []ask.Option) {
	for _, o := range offers {
		options = append(options, ask.Option{Value: o.Name, Label: s.Say("bundle." + o.Name), Hint: s.Say("bundle." + o.Name + ".says")})
	}
	return append(options, ask.Option{Value: nobodysYes, Label: s.Say("tonight.bundle.none"), Hint: s.Say("tonight.bundle.none.hint")})
}

// lay puts the questions under the eight choices.
func (f *form) lay(s *ask.Sheet) error {
	fields, err := s.Fields()
	if err != nil {
		return err
	}
	for i := range fields { // what has to be answered is not marked as free to leave out
		if slices.Contains([]string{"need", "call_back"}, fields[i].Name) {
			fields[i].Free = false
		}
	}
	by := ask.ByName(fields)
	for i, names := range [][]string{{"need"}, {"age", "sex"}, {"under9", "under18"}, {"language", "interpreter"}, {"dangers"}, {"access"}, {"region"}, {"bundle", "by", "child_view"}} {
		number := string(rune('1' + i))
		c := choice{Number: i + 1, Heading: s.Say("tonight.choice." + number), Says: s.May("tonight.choice." + number + ".says")}
		for _, name := range names {
			field := by[name]
			field.Quiet = len(names) == 1
			c.Fields = append(c.Fields, field)
		}
		f.Choices = append(f.Choices, c)
	}
	for _, name := range []string{"call_back", "safe", "name"} {
		f.Number = append(f.Number, by[name])
	}
	for _, name := range []string{"except", "present", "capacity"} {
		f.More = append(f.More, by[name])
	}
	f.Problems = ask.WrongIn(fields)
	_, err = s.Fields()
	return err
}
