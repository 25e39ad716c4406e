package drive

import (
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
)

// pressed are the roles of what can be pressed.
func pressed() []string { return []string{"button", "link", "DisclosureTriangle", "tab", "menuitem"} }

// Press presses the button, link or disclosure of a name, and waits until what it
// leads to is there.
func (p *Page) Press(name string) {
	p.t.Helper()
	e := p.one(name, pressed()...)
	if e.disabled {
		p.fatal("%q cannot be pressed", e.name)
	}
	p.push(e)
}

func (p *Page) push(e element) {
	p.t.Helper()
	leads, err := p.of(&e, `function() {
		const e = this.closest("a[href], button, input");
		return e && (e.href ? !e.getAttribute("href").startsWith("#") : e.type === "submit" && e.form !== null && e.form.checkValidity()) ? "yes" : "no";
	}`)
	if err != nil {
		p.fatal("%v", err)
	}
	within := startOther
	if leads == "yes" {
		within = startLeading
	}
	if p.way.Keyboard {
		p.tabTo(e.node)
		p.watch.expect(within)
		p.Key("Enter")
	} else {
		p.point(e.node, within)
	}
	p.settle()
}

// Choose chooses the radio button or ticks the check box of a label.
func (p *Page) Choose(label string) {
	p.t.Helper()
	p.set(label, true)
}

// Unchoose clears the check box of a label.
func (p *Page) Unchoose(label string) {
	p.t.Helper()
	p.set(label, false)
}

func (p *Page) set(label string, on bool) {
	p.t.Helper()
	e := p.one(label, "radio", "checkbox", "switch")
	if p.checked(e) == on {
		return
	}
	within := p.sends(e)
	switch {
	case !p.way.Keyboard:
		p.point(e.node, within)
	case e.role == "radio":
		p.arrowTo(e)
	default:
		p.tabTo(e.node)
		p.Key("Space")
	}
	p.watch.expect(within)
	p.settle() // where a choice is sent at once
	if p.way.Plain || p.stays(e) {
		if p.checked(e) != on {
			p.fatal("%q does not change", e.name)
		}
	}
}

// sends is how soon a form that sends itself when a choice in it changes begins to; 0: it waits for its button.
func (p *Page) sends(e element) time.Duration {
	p.t.Helper()
	itself, err := p.of(&e, "function() { return this.closest('form[data-send-on-change]') ? 'yes' : 'no' }")
	if err != nil {
		p.fatal("%v", err)
	}
	if itself == "yes" && !p.way.Plain {
		return startOther
	}
	return 0
}

func (p *Page) checked(e element) bool {
	text, err := p.of(&e, "function() { return this.checked ? 'yes' : 'no' }")
	return err == nil && text == "yes"
}

// stays says whether an element is still on the page.
func (p *Page) stays(e element) bool {
	text, err := p.of(&e, "function() { return this.isConnected ? 'yes' : 'no' }")
	return err == nil && text == "yes"
}

// point presses an element in its middle, with the mouse or a finger; what it leads to
// begins within a time.
func (p *Page) point(node cdp.BackendNodeID, within time.Duration) {
	p.t.Helper()
	x, y, err := p.middle(node)
	if err != nil {
		p.fatal("pointing: %v", err)
	}
	p.watch.expect(within)
	if p.way.Phone {
		err = do(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
		if err == nil {
			err = do(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
		}
	} else {
		for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
			button, clicks := input.MouseButtonLeft, int64(1)
			if kind == input.DispatchMouseEventTypeMouseMoved {
				button, clicks = input.MouseButtonNone, 0
			}
			if err = do(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: button, ClickCount: clicks}); err != nil {
				break
			}
		}
	}
	if err != nil {
		p.fatal("pointing: %v", err)
	}
}

// middle scrolls an element into view and gives a point on it that nothing else covers.
func (p *Page) middle(node cdp.BackendNodeID) (x, y float64, err error) {
	_, err = p.of(&element{node: node}, "function() { this.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'}) }")
	if err != nil {
		return 0, 0, err
	}
	quads, err := call(p, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node})
	if err != nil {
		return 0, 0, err
	}
	for _, q := range quads.Quads {
		x, y = (q[0]+q[2]+q[4]+q[6])/4, (q[1]+q[3]+q[5]+q[7])/4
		hit, err := p.of(&element{node: node}, fmt.Sprintf(`function() {
			const hit = document.elementFromPoint(%f, %f);
			return hit && (this.contains(hit) || hit.contains(this) || [...(this.labels ?? [])].some(l => l.contains(hit))) ? "yes" : "no: " + hit?.outerHTML.slice(0, 120);
		}`, x, y))
		if err != nil {
			return 0, 0, err
		}
		if hit == "yes" {
			return x, y, nil
		}
		err = fmt.Errorf("something else lies on it: %s", hit)
		if len(quads.Quads) == 1 {
			return 0, 0, err
		}
	}
	return 0, 0, fmt.Errorf("it is not to be seen")
}

const mostTabs = 400

// tabTo moves the focus with Tab until the element has it.
func (p *Page) tabTo(node cdp.BackendNodeID) {
	p.t.Helper()
	for range mostTabs {
		if p.focused() == node {
			return
		}
		p.Key("Tab")
	}
	p.fatal("Tab never reaches it")
}

// arrowTo reaches a radio button: with Tab its group, with arrows itself.
func (p *Page) arrowTo(e element) {
	p.t.Helper()
	group := "function() { return this.name + '\\n' + (this.form ? [...document.forms].indexOf(this.form) : -1) }"
	own, err := p.of(&e, group)
	if err != nil {
		p.fatal("%v", err)
	}
	for range mostTabs {
		now := p.focused()
		if now != 0 {
			if its, err := p.of(&element{node: now}, "function() { return this.type === 'radio' ? ("+group+").call(this) : '' }"); err == nil && its == own {
				break
			}
		}
		p.Key("Tab")
	}
	if p.focused() == e.node {
		p.Key("Space")
		return
	}
	for range mostTabs {
		p.Key("ArrowDown")
		if p.focused() == e.node {
			return
		}
	}
	p.fatal("the arrows never reach %q", e.name)
}

func (p *Page) focused() cdp.BackendNodeID {
	answer, err := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	if err != nil || answer.Result == nil || answer.Result.ObjectID == "" {
		return 0
	}
	node, err := p.node(answer.Result.ObjectID)
	if err != nil {
		return 0
	}
	return node
}

// key is what the keyboard sends for a key.
type key struct {
	code, text string
	number     int64
}

func keys() map[string]key {
	return map[string]key{
		"Tab": {"Tab", "", 9}, "Enter": {"Enter", "\r", 13}, "Space": {"Space", " ", 32}, "Escape": {"Escape", "", 27},
		"ArrowDown": {"ArrowDown", "", 40}, "ArrowUp": {"ArrowUp", "", 38}, "ArrowLeft": {"ArrowLeft", "", 37}, "ArrowRight": {"ArrowRight", "", 39},
		"Home": {"Home", "", 36}, "End": {"End", "", 35}, "Backspace": {"Backspace", "", 8},
	}
}

// Key presses one key of the keyboard: Tab, Enter, Space, Escape, Home, End,
// Backspace or an arrow as ArrowDown.
func (p *Page) Key(name string) {
	p.t.Helper()
	k, known := keys()[name]
	if !known {
		p.fatal("there is no key %q", name)
	}
	down := input.DispatchKeyEventTypeRawKeyDown
	if k.text != "" {
		down = input.DispatchKeyEventTypeKeyDown
	}
	shown := name
	if name == "Space" {
		shown = " "
	}
	for _, kind := range []input.DispatchKeyEventType{down, input.DispatchKeyEventTypeKeyUp} {
		event := input.DispatchKeyEventParams{Type: kind, Key: shown, Code: k.code, WindowsVirtualKeyCode: k.number, NativeVirtualKeyCode: k.number}
		if kind == down {
			event.Text = k.text
		}
		if err := do(p, input.DispatchKeyEvent, event); err != nil {
			p.fatal("%v", err)
		}
	}
}
