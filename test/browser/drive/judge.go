package drive

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/go-json-experiment/json"
)

// Judge checks the page as it stands: no violation of WCAG 2.2 AA that axe can
// find, HTML as the standard has it, nothing wider than the window, and a title
// that holds nothing typed about a person.
func (p *Page) Judge() {
	p.t.Helper()
	p.Accessible()
	p.Wellformed()
	p.Fits()
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.leaks("the title", p.titleUnlocked())
}

func (p *Page) titleUnlocked() string {
	p.watch.mu.Unlock()
	defer p.watch.mu.Lock()
	return p.Title()
}

// violation is what axe found.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	}
}

// skeleton is what axe's rules go by: the elements, their attributes, which are to be
// seen, and where there is text. Two of a kind stand for as many as a list has.
const skeleton = `(function of(node) {
	if (node.nodeType === Node.TEXT_NODE) return node.data.trim() === "" ? "" : "x";
	if (node.nodeType !== Node.ELEMENT_NODE) return "";
	if (node.localName === "script" || node.localName === "style") return "";
	const said = ["aria-label", "title", "alt", "placeholder", "value", "content"];
	const value = a => said.includes(a.name) ? a.value.trim() === "" ? "" : "x" : a.name === "class" ? a.value.replace("scripted", "").trim() : a.value;
	const attributes = [...node.attributes].map(a => [a.name, value(a)]).filter(a => a.join("") !== "class" && a[0] !== "data-htmx-powered").map(a => a.join("=")).sort();
	const children = [], seen = new Map();
	for (const child of node.childNodes) {
		const text = of(child).replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{18,}|[0-9]+/g, "#");
		seen.set(text, (seen.get(text) ?? 0) + 1);
		if (text !== "" && seen.get(text) <= 2) children.push(text);
	}
	return "<" + [node.localName, node.checkVisibility() ? "" : "unseen", ...attributes].join(" ") + ">" + children.join("") + "</>";
})(document.documentElement)`

// Accessible runs axe with the rules of WCAG 2.2 AA, once for pages of one skeleton in
// a window of one width and one look.
func (p *Page) Accessible() {
	p.t.Helper()
	look := p.way
	look.Keyboard, look.Plain = false, false
	shape := ""
	if !p.Until(func() bool { shape = p.text(skeleton); return shape != "" }) {
		p.fatal("the page has no shape")
	}
	p.chromium.checks.once(alike(fmt.Sprintf("%+v", look), shape), p.axe)
}

// axe says whether axe finds nothing against the page, and fails the test otherwise.
func (p *Page) axe() (passed bool) {
	p.t.Helper()
	if p.way.Plain { // axe needs scripts to wait; the page's own were not loaded and stay so
		p.scripts(true)
		defer p.scripts(false)
	}
	p.Evaluate(p.chromium.checks.axe)
	text, _ := p.Evaluate(`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary}))}))))`).(string)
	var found []violation
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		p.fatal("axe did not answer: %v", err)
	}
	for _, v := range found {
		var b strings.Builder
		for i, n := range v.Nodes {
			if i == 3 {
				fmt.Fprintf(&b, "\n    and %d more", len(v.Nodes)-i)
				break
			}
			fmt.Fprintf(&b, "\n    %.160s\n      %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n      "))
		}
		p.t.Errorf("%s (%s): axe %s: %s%s", p.way, p.watch.at(), v.ID, v.Help, b.String())
	}
	return len(found) == 0
}

func (p *Page) scripts(on bool) {
	p.t.Helper()
	if err := do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		p.fatal("%v", err)
	}
}

// Wellformed has html-validate judge what the server sent.
func (p *Page) Wellformed() {
	p.t.Helper()
	problems := p.chromium.checks.HTML(p.t, p.Served())
	for i, problem := range problems {
		if i == mostProblems {
			p.t.Errorf("and %d more", len(problems)-i)
			break
		}
		p.t.Errorf("%s (%s): html-validate %s", p.way, p.watch.at(), problem)
	}
}

// mostProblems is how many of one page are told.
const mostProblems = 5

// Fits checks that the page needs no scrolling to the side.
func (p *Page) Fits() {
	p.t.Helper()
	wide := p.text(`(() => { const width = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= width) return "";
		const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll, .site-menu, .ds-skip-link"));
		return document.documentElement.scrollWidth + " of " + width + ": " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 100)).join(" | ") })()`)
	if wide != "" {
		p.t.Errorf("%s (%s): the page is wider than the window: %s", p.way, p.watch.at(), wide)
	}
}

// Picture is what the window shows, as a PNG; with a height, in a window so high.
func (p *Page) Picture(height int) []byte {
	p.t.Helper()
	if err := p.window(height); err != nil {
		p.fatal("%v", err)
	}
	picture, err := p.shot()
	if err == nil {
		err = p.window(0)
	}
	if err != nil {
		p.fatal("taking a picture: %v", err)
	}
	return picture
}

func (p *Page) shot() ([]byte, error) {
	answer, err := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	return answer.Data, err
}
