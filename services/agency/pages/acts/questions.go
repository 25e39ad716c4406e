package acts

import (
	"maps"
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
	"handrail/services/web/language"
)

// Questions are those of a form as acts-problems and acts-questions show them. The zero
// Questions are none.
type Questions struct {
	Problems  ask.Wrong
	Fields    []ask.Field
	Aside     []ask.Field // that most leave as they are
	AsideOpen bool
}

// Lay puts questions on the page, after those that are there.
func (q *Questions) Lay(fields ...ask.Field) {
	for _, f := range fields {
		if form.Aside(f.Name) {
			q.Aside, q.AsideOpen = append(q.Aside, f), q.AsideOpen || f.Problem != ""
		} else {
			q.Fields = append(q.Fields, f)
		}
	}
}

// Sum sums up what stands against the form: first beside the questions, also those that
// the page shows elsewhere, then against the whole of it.
func (q *Questions) Sum(words *language.Words, problems ask.Problems, elsewhere ...ask.Field) error {
	q.Problems.Heading = "acts.faults"
	shown := map[string]bool{}
	var walk func([]ask.Field)
	walk = func(fields []ask.Field) {
		for _, f := range fields {
			if shown[f.Name] = true; f.Problem != "" {
				q.Problems.Lines = append(q.Problems.Lines, ask.WrongLine{At: f.Name, Says: f.Label + " " + f.Problem})
			}
			walk(f.Fields)
		}
	}
	walk(slices.Concat(q.Fields, q.Aside, elsewhere))
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		if shown[name] {
			continue
		}
		says, err := problems[name].Says(words)
		if err != nil {
			return err
		}
		q.Problems.Lines = append(q.Problems.Lines, ask.WrongLine{Says: says})
	}
	return nil
}

// poses asks what is no member of the payload.
func (x *act) poses(p *page, c form.Choices, given asked, members ...form.Member) error {
	fields, err := form.Show(x.t.Name(), members, x.Words, given.values, c, given.problems)
	p.Lay(fields...)
	return err
}

// readParts reads the payload and tells what stands against it together with what is
// known to stand against the form's other parts. Of what those parts fill in nothing
// is told: the problem is theirs.
func (x *act) readParts(given asked, c form.Choices, known ask.Problems) (events.Payload, error) {
	payload, err := x.form.Read(given.values, c)
	problems, is := problemsIn(err)
	if err != nil && !is {
		return nil, err
	}
	all := ask.Problems{}
	maps.Copy(all, known)
	for name, problem := range problems {
		member, _, _ := strings.Cut(name, ".")
		if _, filled := c.Fixed[member]; !filled || len(known) == 0 {
			all.Refuse(name, problem.Key, problem.Members...)
		}
	}
	if len(all) > 0 {
		return nil, all
	}
	return payload, nil
}
