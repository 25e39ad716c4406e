package acts_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
)

// pagesOf serves the pages of this package, and of the one to whose page they lead.
func pagesOf(t *testing.T, a *agency.Agency) http.Handler {
	t.Helper()
	p, err := pages.New(a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Handler()
}

// filling is a form as the page holds it, with what its fields could hold.
type filling struct {
	values url.Values
	could  map[string][]string // what may be chosen
	kinds  map[string]string   // radio, checkbox, select, date, time, number, text
}

// formOf reads the form of a page that speaks, as a browser would.
func formOf(t *testing.T, shown *httptest.ResponseRecorder) (action string, f filling, found bool) {
	t.Helper()
	page, err := html.Parse(strings.NewReader(shown.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	f = filling{values: url.Values{}, could: map[string][]string{}, kinds: map[string]string{}}
	for node := range page.Descendants() {
		if node.Data == "form" && strings.Contains(attribute(node, "action"), "/say/") {
			for field := range node.Descendants() {
				f.field(field)
			}
			return attribute(node, "action"), f, true
		}
	}
	return "", f, false
}

func (f filling) field(node *html.Node) {
	name, value := attribute(node, "name"), attribute(node, "value")
	if name == "" {
		return
	}
	switch kind := attribute(node, "type"); {
	case node.Data == "select":
		f.kinds[name] = "select"
		for option := range node.Descendants() {
			if option.Data == "option" {
				f.chooses(name, attribute(option, "value"), has(option, "selected"))
			}
		}
	case node.Data == "textarea":
		f.kinds[name] = "text"
	case node.Data == "button":
	case kind == "radio" || kind == "checkbox":
		f.kinds[name] = kind
		f.chooses(name, value, has(node, "checked"))
	default:
		f.kinds[name] = kind
		f.values.Set(name, value)
	}
}

func (f filling) chooses(name, value string, taken bool) {
	if value != "" {
		f.could[name] = append(f.could[name], value)
	}
	if taken {
		f.values.Add(name, value)
	}
}

// filled fills what is empty, as somebody would who answers everything.
func filled(f filling) {
	_, keeps := f.kinds["ground"] // what is erased has no ground and no end
	for name, kind := range f.kinds {
		if keeps && (name == "ground" || strings.HasPrefix(name, "until.")) {
			continue
		}
		if f.values.Get(name) != "" || slices.Contains([]string{"only", "except", "step", "recipient.agency", "recipient.except"}, name) {
			continue
		}
		switch kind {
		case "radio", "checkbox", "select":
			if len(f.could[name]) > 0 {
				f.values.Set(name, f.could[name][0])
			}
			if name == "age" {
				f.values.Set(name, "child")
			}
		case "date":
			f.values.Set(name, inDays(2))
		case "time":
			f.values.Set(name, "12:00")
		case "number":
			f.values.Set(name, "1")
		case "text":
			f.values.Set(name, "A few words.")
			if name == "staff" || name == "duty" {
				f.values.Set(name, "duty-7")
			}
		}
	}
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(node *html.Node, key string) bool {
	return slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// between is the text from a mark to the next end; empty if the mark is not there.
func between(text, mark, end string) string {
	_, after, _ := strings.Cut(text, mark)
	inside, _, _ := strings.Cut(after, end)
	return inside
}
