package drive

import (
	"fmt"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
)

// Fill types a text into the field of a label, in place of what stands there. The
// text counts as personal from now on: the test fails if it shows up in an
// address, a title or a header. What is no text about a person is typed with
// [Page.FillCode].
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	p.watch.mark(text)
	p.FillCode(label, text)
}

// FillCode types a code, a number or a date into the field of a label.
func (p *Page) FillCode(label, text string) {
	p.t.Helper()
	e := p.one(label, "textbox", "searchbox", "spinbutton", "Date", "DateTime", "InputTime")
	p.focus(e)
	if _, err := p.of(&e, "function() { this.select?.() }"); err != nil {
		p.fatal("%v", err)
	}
	p.Key("Backspace")
	if kind, _ := p.of(&e, "function() { return this.type }"); kind == "date" || kind == "time" || kind == "datetime-local" {
		// These take the keyboard part by part in the order of the machine's language, so the value is set as a whole.
		if _, err := p.of(&e, fmt.Sprintf("function() { this.value = %q; this.dispatchEvent(new Event('change', {bubbles: true})) }", text)); err != nil {
			p.fatal("%v", err)
		}
		return
	}
	if err := do(p, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.fatal("%v", err)
	}
}

// Value is what stands in the field of a label.
func (p *Page) Value(label string) string {
	p.t.Helper()
	e := p.one(label, "textbox", "searchbox", "spinbutton", "combobox", "slider", "Date", "DateTime", "InputTime")
	text, err := p.of(&e, "function() { return this.selectedOptions ? this.selectedOptions[0]?.label ?? '' : this.value }")
	if err != nil {
		p.fatal("%v", err)
	}
	return text
}

// focus puts the focus on an element: with Tab, or by pressing it.
func (p *Page) focus(e element) {
	p.t.Helper()
	if p.way.Keyboard {
		p.tabTo(e.node)
		return
	}
	if err := do(p, dom.Focus, dom.FocusParams{BackendNodeID: e.node}); err != nil {
		p.fatal("%v", err)
	}
}

// Select chooses from a drop-down list by its label and the text of the choice,
// with the keyboard's arrows as that works everywhere.
func (p *Page) Select(label, choice string) {
	p.t.Helper()
	e := p.one(label, "combobox", "listbox")
	p.focus(e)
	steps, err := p.of(&e, fmt.Sprintf(`function() {
		const open = [...this.options].filter(o => !o.disabled), squeezed = o => o.label.split(/\s+/).join(" ").trim().toLowerCase();
		const to = open.findIndex(o => squeezed(o) === %[1]q.toLowerCase()), part = open.findIndex(o => squeezed(o).includes(%[1]q.toLowerCase()));
		const at = to < 0 ? part : to;
		return at < 0 ? "none of: " + open.map(squeezed).join(", ") : String(at - open.findIndex(o => o.selected));
	}`, squeeze(choice)))
	if err != nil {
		p.fatal("%v", err)
	}
	var n int
	if _, err := fmt.Sscanf(steps, "%d", &n); err != nil {
		p.fatal("%q offers no %q: %s", e.name, choice, steps)
	}
	way := "ArrowDown"
	if n < 0 {
		way, n = "ArrowUp", -n
	}
	for range n {
		p.Key(way)
	}
	p.settle()
}

// Slide moves the slider of a label by steps, to the right if positive, and waits at
// each for what it leads to.
func (p *Page) Slide(label string, steps int) {
	p.t.Helper()
	way := "ArrowRight"
	if steps < 0 {
		way, steps = "ArrowLeft", -steps
	}
	for range steps {
		p.focus(p.one(label, "slider"))
		p.watch.expect(startOther)
		p.Key(way)
		p.settle()
	}
}
