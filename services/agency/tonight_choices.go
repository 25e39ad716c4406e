package agency

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"handrail/contracts/mou"
	"handrail/events"
)

// RuleNobodyFits answers a wish that no listed provider can meet, as published.
const RuleNobodyFits events.Rule = "nobody-fits"

// Limits of what is written for the sealed sections, in characters.
const (
	maxNumber    = 40
	maxCondition = 200
	maxName      = 200
)

// choice names the choice, or the part of the request, that a member belongs to.
func choice(member string) string {
	names := map[string]string{
		"need": "choice 1, what is needed", "needs": "choice 1, what is needed",
		"age": "choice 2, who", "sex": "choice 2, who",
		"children": "choice 3, the children",
		"language": "choice 4, the language", "interpreter": "choice 4, the language",
		"dangers": "choice 5, the dangers", "safety": "choice 5, the dangers", "access": "choice 6, access", "region": "choice 7, the region",
		"bundle": "choice 8, the person's yes", "except": "choice 8, the person's yes", "by": "choice 8, the person's yes",
		"child_view": "choice 8, the person's yes", "capacity": "choice 8, the person's yes", "present": "choice 8, the person's yes",
		"recipient": "choice 8, the person's yes", "sections": "choice 8, the person's yes",
		"call_back": "the number to call back", "safe": "the number to call back", "name": "the name", "to": "whom to ask", "order": "whom to ask",
	}
	return names[member]
}

// ofChoice has a violation name the choice that it is about.
func ofChoice(err error) error {
	v, ok := errors.AsType[*events.Violation](err)
	if !ok {
		return err
	}
	member, _, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
	name := choice(member)
	if slices.Contains([]events.Rule{mou.RuleChildGuardian, mou.RuleRightsLanguage, mou.RuleConsentRequired}, v.Rule) {
		name = choice("bundle")
	}
	if name == "" || strings.HasPrefix(v.Reason, name) {
		return err
	}
	return events.Refuse(v.Rule, v.Pointer, name+": "+v.Reason)
}

// complete fills in what goes without saying, and refuses what is missing.
func (t *Tonight) complete() error {
	if t.Need == nil {
		t.Need = events.Set[events.Need]{"emergency-shelter"}
	}
	if t.Interpreter == "" {
		t.Interpreter = events.NoInterpreter
	}
	if t.Order == "" {
		t.Order = events.InTurn
	}
	if t.Capacity == "" {
		t.Capacity = events.Clear
	}
	if t.By == "" && t.Age == events.Adult {
		t.By = events.ByPerson
	}
	if t.Present == nil {
		t.Present = t.there()
	}
	return t.stands()
}

// there is who is present when nothing else is stated: nobody but those whom the
// choices name.
func (t *Tonight) there() (present events.Set[events.Present]) {
	if t.By == events.ByGuardian || t.By == events.ByAppointed {
		present = append(present, "guardian")
	}
	if t.Interpreter != events.NoInterpreter {
		present = append(present, "interpreter")
	}
	if present == nil {
		present = events.Set[events.Present]{"person-alone"}
	}
	return present
}

func (t *Tonight) stands() error {
	refuse := func(member, reason string) error {
		return ofChoice(events.Refuse(events.RuleDataMalformed, "/"+member, reason))
	}
	child := t.Age != events.Adult
	switch {
	case t.Age == "":
		return refuse("age", "say whether the person is an adult or a child, or that it is unsure")
	case t.Language == "":
		return refuse("language", "say in which language the person was told of their rights")
	case t.Bundle == "" && !child:
		return refuse("bundle", "say what the person agreed to, such as bed; without their yes nobody is asked for an adult")
	case t.Bundle == "" && (t.Except != nil || t.By != "" || t.ChildView != ""):
		return refuse("bundle", "say what was agreed to, or leave all of choice 8 out")
	case t.Bundle != "" && child && t.By == "":
		return refuse("by", "for a child a guardian agrees, or one that an authority appointed; without one leave choice 8 out, and child protection is asked")
	case t.Bundle != "" && child && t.ChildView == "":
		return refuse("child_view", "say what the child itself wants")
	case t.Children.Under9 < 0 || t.Children.Under9 > 20 || t.Children.Under18 < 0 || t.Children.Under18 > 20:
		return refuse("children", "a band counts 0 to 20 children")
	}
	return t.written()
}

// written checks what is free text: it is only ever sealed.
func (t *Tonight) written() error {
	for member, of := range map[string]struct {
		text string
		most int
	}{"call_back": {t.CallBack, maxNumber}, "safe": {t.Safe, maxCondition}, "name": {t.Name, maxName}} {
		if !utf8.ValidString(of.text) || utf8.RuneCountInString(of.text) > of.most {
			return ofChoice(events.Refuse(events.RuleDataRange, "/"+member, "the text is too long"))
		}
	}
	digits := strings.Trim(t.CallBack, "+0123456789 -()/.") == "" && strings.ContainsAny(t.CallBack, "0123456789")
	if !digits {
		return ofChoice(events.Refuse(events.RuleDataMalformed, "/call_back", "a telephone number is needed; it goes only into the sealed contact section"))
	}
	return nil
}
