package drive

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/go-json-experiment/json"
)

// element is something on the page, as assistive technology hears of it.
type element struct {
	node       cdp.BackendNodeID
	role, name string
	disabled   bool
}

// In is the page narrowed to the smallest list item, table row, section, article,
// fieldset or panel that holds a text. What is pressed, filled and read through it
// lies in there.
func (p *Page) In(text string) *Page {
	p.t.Helper()
	var found *element
	ok := p.Until(func() bool {
		found = p.container(squeeze(text))
		return found != nil
	})
	if !ok {
		p.fatal("no part of the page holds %q, which says:\n%s", text, short(p.Text()))
	}
	part := *p
	part.within = found
	return &part
}

const containers = "li, tr, section, article, fieldset, details, dialog, form, .panel"

func (p *Page) container(text string) *element {
	return p.object(fmt.Sprintf(`(text => {
		const squeezed = e => e.innerText.split(/\s+/).join(" ").trim().toLowerCase();
		const all = [...document.querySelectorAll(%q)].filter(e => squeezed(e).includes(text.toLowerCase()));
		all.sort((a, b) => a.innerText.length - b.innerText.length);
		return all[0] ?? null;
	})(%q)`, containers, text))
}

// Around is the page narrowed as by [Page.In] to what holds the first element that a
// CSS selector matches, such as a link to a case: a[href*="/cases/…"].
func (p *Page) Around(css string) *Page {
	p.t.Helper()
	var found *element
	ok := p.Until(func() bool {
		found = p.object(fmt.Sprintf("document.querySelector(%q)?.closest(%q) ?? null", css, containers))
		return found != nil
	})
	if !ok {
		p.fatal("nothing on the page matches %s", css)
	}
	part := *p
	part.within = found
	return &part
}

// Follow presses the first link whose address holds a part.
func (p *Page) Follow(part string) {
	p.t.Helper()
	var found *element
	ok := p.Until(func() bool {
		found = p.object(fmt.Sprintf("document.querySelector('main a[href*=' + JSON.stringify(%q) + ']')", part))
		return found != nil
	})
	if !ok {
		p.fatal("no link leads to %s", part)
	}
	p.push(*found)
}

// object is the element that an expression gives; nil if it gives none.
func (p *Page) object(expression string) *element {
	answer, err := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: expression})
	if err != nil || answer.Result == nil || answer.Result.ObjectID == "" {
		return nil
	}
	node, err := p.node(answer.Result.ObjectID)
	if err != nil {
		return nil
	}
	return &element{node: node}
}

func (p *Page) node(object runtime.RemoteObjectID) (cdp.BackendNodeID, error) {
	described, err := call(p, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: object})
	if err != nil {
		return 0, err
	}
	return described.Node.BackendNodeID, nil
}

func (p *Page) root() cdp.NodeID {
	document, err := call(p, dom.GetDocument, dom.GetDocumentParams{Depth: new(int64(0))})
	if err != nil {
		return 0
	}
	return document.Root.NodeID
}

// all lists what has one of the roles.
func (p *Page) all(roles []string) ([]element, error) {
	var found []element
	for _, role := range roles {
		query := accessibility.QueryAXTreeParams{Role: role}
		if p.within != nil {
			query.BackendNodeID = p.within.node
		} else {
			query.NodeID = p.root()
		}
		answer, err := call(p, accessibility.QueryAXTree, query)
		if err != nil {
			return nil, err
		}
		for _, node := range answer.Nodes {
			if node.Ignored || node.BackendDOMNodeID == 0 {
				continue
			}
			e := element{node: node.BackendDOMNodeID, role: role, name: squeeze(value(node.Name))}
			for _, property := range node.Properties {
				if property.Name == "disabled" {
					e.disabled = string(property.Value.Value) == "true"
				}
			}
			found = append(found, e)
		}
	}
	return found, nil
}

func value(v *accessibility.Value) string {
	var text string
	if v != nil {
		_ = json.Unmarshal(v.Value, &text) // what is no text has no name
	}
	return text
}

// named picks those with a name: whole, else as a beginning, else as a part.
func named(all []element, name string) []element {
	name = strings.ToLower(squeeze(name))
	for _, fits := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.HasPrefix(s, name) },
		func(s string) bool { return strings.Contains(s, name) },
	} {
		if some := slices.DeleteFunc(slices.Clone(all), func(e element) bool { return !fits(strings.ToLower(e.name)) }); len(some) > 0 {
			return some
		}
	}
	return nil
}

// one waits for exactly one thing of the roles and the name.
func (p *Page) one(name string, roles ...string) element {
	p.t.Helper()
	var all, found []element
	for end := time.Now().Add(patience); ; time.Sleep(3 * pause) {
		var err error
		if all, err = p.all(roles); err == nil {
			if found = named(all, name); len(found) == 1 {
				return found[0]
			}
		}
		if time.Now().After(end) {
			break
		}
		if len(found) > 1 && time.Now().After(end.Add(2*time.Second-patience)) {
			break // several will not become one
		}
	}
	var names []string
	for _, e := range all {
		names = append(names, e.role+" "+e.name)
	}
	if len(found) > 1 {
		p.fatal("%d things are called %q; narrow with In. There are:\n  %s", len(found), name, strings.Join(names, "\n  "))
	}
	p.fatal("no %s is called %q. There are:\n  %s", strings.Join(roles, " or "), name, strings.Join(names, "\n  "))
	return element{}
}

// Offers says whether the page has a button or link of a name that can be pressed now.
func (p *Page) Offers(name string) bool {
	p.t.Helper()
	all, err := p.all(pressed())
	return err == nil && slices.ContainsFunc(named(all, name), func(e element) bool { return !e.disabled })
}

// Names lists the accessible names of everything of a role, such as link or heading.
func (p *Page) Names(role string) []string {
	p.t.Helper()
	all, err := p.all([]string{role})
	if err != nil {
		p.fatal("%v", err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.name)
	}
	return names
}

// of calls a function with an element as this and gives the text that it returns.
func (p *Page) of(e *element, function string) (string, error) {
	resolved, err := call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e.node})
	if err != nil {
		return "", err
	}
	answer, err := call(p, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: function, ObjectID: resolved.Object.ObjectID, ReturnByValue: new(true)})
	if err != nil {
		return "", err
	}
	var text string
	if len(answer.Result.Value) > 0 && answer.Result.Value[0] == '"' {
		err = json.Unmarshal(answer.Result.Value, &text)
	}
	return text, err
}
