package story

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handrail/deploy/local"
	"handrail/events"
)

// personActs are what every desk does with a person, in the words in which
// people tell it. Each is one statement or a few; what is not said is the usual.
func (w *World) personActs() []act {
	return []act{
		{"meets a person FIELDS...", w.meets},
		{"hears yes to any KIND for PURPOSE with SECTIONS FIELDS...", w.hearsYes(class)},
		{"hears yes to AGENCY for PURPOSE with SECTIONS FIELDS...", w.hearsYes(single)},
		{"is not let to hear yes to any KIND for PURPOSE with SECTIONS FIELDS...", w.notHearYes},
		{"hears no to any KIND for PURPOSE", w.hearsNo("consent.refused", class)},
		{"hears no to AGENCY for PURPOSE", w.hearsNo("consent.refused", single)},
		{"hears no more to any KIND for PURPOSE", w.hearsNo("consent.withdrawn", class)},
		{"hears no more to AGENCY for PURPOSE", w.hearsNo("consent.withdrawn", single)},
		{"refers the person to AGENCIES for PURPOSE with SECTIONS FIELDS...", w.refers},
		{"system refers the person to AGENCIES for PURPOSE with SECTIONS FIELDS...", w.systemRefers},
	}
}

// meets opens a case and tells the person of their rights: with no interpreter,
// in English, unless the line says otherwise.
func (w *World) meets(ctx context.Context, who local.Member, given []string) (string, error) {
	opening, rights := []string{}, []string{"rights.informed", "language=eng", "interpreter=none"}
	for _, word := range given {
		switch name, _, _ := strings.Cut(word, "="); name {
		case "language":
			rights[1] = word
		case "interpreter":
			rights[2] = word
		default:
			opening = append(opening, word)
		}
	}
	if !slices.ContainsFunc(opening, func(word string) bool { return strings.HasPrefix(word, "age=") }) {
		opening = append(opening, "age=adult")
	}
	said, err := w.opensCase(ctx, who, opening)
	if err != nil {
		return "", err
	}
	w.spoken = strings.TrimPrefix(rights[1], "language=")
	_, err = w.says(ctx, who, rights)
	return said + "; told of their rights before anything is asked", err
}

// class and single are the two forms of a recipient: every agency of a kind, or one.
func class(kind string) string { return fmt.Sprintf(`recipient={"class":%q}`, kind) }

func single(name string) string { return fmt.Sprintf(`recipient={"agency":%q}`, byName(name)) }

// consent is the statement that a person, or who speaks for one, gave consent.
func (w *World) consent(recipient func(string) string, given []string) []string {
	words := []string{"consent.given", recipient(given[0]), "purpose=" + given[1], "sections=" + given[2]}
	language := w.spoken
	if language == "" {
		language = "eng"
	}
	expires := events.At(time.Now().Add(30 * 24 * time.Hour)).String()
	usual := []string{"expires=" + expires, "by=person", "capacity=clear", "language=" + language, "interpreter=none", "present=person-alone"}
	for _, word := range usual {
		name, _, _ := strings.Cut(word, "=")
		if !slices.ContainsFunc(given[3:], func(g string) bool { return strings.HasPrefix(g, name+"=") }) {
			words = append(words, word)
		}
	}
	return append(words, given[3:]...)
}

// doing is what an act does.
type doing = func(context.Context, local.Member, []string) (string, error)

func (w *World) hearsYes(recipient func(string) string) doing {
	return func(ctx context.Context, who local.Member, given []string) (string, error) {
		return w.says(ctx, who, w.consent(recipient, given))
	}
}

func (w *World) notHearYes(ctx context.Context, who local.Member, given []string) (string, error) {
	return w.notLet(ctx, who, w.consent(class, given))
}

func (w *World) hearsNo(kind string, recipient func(string) string) doing {
	return func(ctx context.Context, who local.Member, given []string) (string, error) {
		return w.says(ctx, who, []string{kind, recipient(given[0]), "purpose=" + given[1]})
	}
}

// requested is the request that a line of refers means.
func requested(given []string) []string {
	var to []string
	for name := range strings.SplitSeq(given[0], ",") {
		to = append(to, string(byName(name)))
	}
	words := []string{"referral.requested", "to=" + strings.Join(to, ","), "purpose=" + given[1], "sections=" + given[2]}
	for _, word := range []string{"needs=counselling", "urgency=standard", "age=adult"} {
		name, _, _ := strings.Cut(word, "=")
		if !slices.ContainsFunc(given[3:], func(g string) bool { return strings.HasPrefix(g, name+"=") }) {
			words = append(words, word)
		}
	}
	return append(words, given[3:]...)
}

// refers asks agencies to take the person, and seals the sections to each.
func (w *World) refers(ctx context.Context, who local.Member, given []string) (string, error) {
	said, err := w.says(ctx, who, requested(given))
	if err != nil {
		return "", err
	}
	sealed := 0
	for name := range strings.SplitSeq(given[0], ",") {
		if _, err := w.seals(ctx, who, []string{given[2], name}); err != nil {
			return "", errors.Join(fmt.Errorf("sealing for %s", name), err)
		}
		sealed += len(strings.Split(given[2], ","))
	}
	return fmt.Sprintf("%s; %d sections sealed", said, sealed), nil
}

// systemRefers sends the request past the desk's own judgement.
func (w *World) systemRefers(ctx context.Context, who local.Member, given []string) (string, error) {
	return w.systemSends(ctx, who, requested(given))
}
