package drive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	logs "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	callTime = time.Minute      // for one command to the browser: axe takes its time on a busy machine
	patience = 15 * time.Second // for what a page has to show
	pause    = 10 * time.Millisecond
)

// Chromium is one browser process for a whole package of tests; every page of it
// has cookies of its own. Close it.
type Chromium struct {
	ctx    context.Context //nolint:containedctx // the browser lives as long as it
	cancel context.CancelFunc
	checks *Checks
}

// Start starts the browser. Nothing of it leaves this machine: names other than
// this machine's are not resolved. tell hears what is installed.
func Start(ctx context.Context, checks *Checks, tell func(string)) (*Chromium, error) {
	path, err := find(ctx, tell)
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // the array is copied by the slice's growth
		chromedp.ExecPath(path),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("hide-scrollbars", true),
	)
	allocated, stop := chromedp.NewExecAllocator(ctx, options...)
	browser, cancel := chromedp.NewContext(allocated)
	c := &Chromium{ctx: browser, checks: checks, cancel: func() { cancel(); stop() }}
	if err := chromedp.Do(browser); err != nil {
		c.cancel()
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	return c, nil
}

// Close ends the browser.
func (c *Chromium) Close() { c.cancel() }

// Way is how a person uses a page. The zero value is: with a mouse, on a desk,
// with JavaScript, light, in English.
type Way struct {
	Keyboard bool   // every press and choice by Tab, Enter, Space and arrows
	Phone    bool   // 390 by 844, with a finger
	Plain    bool   // JavaScript is off
	Dark     bool   // the device asks for dark
	Contrast bool   // the device asks for more contrast
	Theme    string // the reader's own choice, by cookie: light, dark, contrast
	Language string // the reader's own choice, by cookie: lt
}

// String names the way in the name of a test.
func (w Way) String() string {
	name := "mouse"
	switch {
	case w.Keyboard:
		name = "keyboard"
	case w.Phone:
		name = "phone"
	case w.Plain:
		name = "plain"
	}
	for _, more := range []struct {
		on   bool
		says string
	}{{w.Dark, "dark"}, {w.Contrast, "more-contrast"}, {w.Theme != "", w.Theme}, {w.Language != "", w.Language}} {
		if more.on {
			name += "-" + more.says
		}
	}
	return name
}

// Ways are the four in which every main task must work.
func Ways() []Way { return []Way{{}, {Keyboard: true}, {Phone: true}, {Plain: true}} }

// Open opens a page with cookies of its own. It is closed and judged at the end
// of the test.
func (c *Chromium) Open(t testing.TB, way Way) *Page {
	t.Helper()
	p := &Page{t: t, way: way, chromium: c, watch: newWatch()}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.watch.hear))
	p.ctx, p.cancel = ctx, cancel
	t.Cleanup(p.end)
	if err := p.prepare(); err != nil {
		t.Fatalf("opening a page: %v", err)
	}
	return p
}

// Another opens a second page with the cookies of the first, as in another tab.
func (p *Page) Another() *Page {
	p.t.Helper()
	of := chromedp.FromContext(p.ctx).BrowserContextID
	q := &Page{t: p.t, way: p.way, chromium: p.chromium, watch: newWatch()}
	q.watch.marks = p.watch.marks
	q.ctx, q.cancel = chromedp.NewContext(p.chromium.ctx, chromedp.WithExistingBrowserContext(of), chromedp.WithListener(q.watch.hear))
	p.t.Cleanup(q.end)
	if err := q.prepare(); err != nil {
		p.t.Fatalf("opening a page: %v", err)
	}
	return q
}

func (p *Page) prepare() error {
	if err := chromedp.Do(p.ctx); err != nil {
		return err
	}
	features := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	scheme, contrast := "light", "no-preference"
	if p.way.Dark {
		scheme = "dark"
	}
	if p.way.Contrast {
		contrast = "more"
	}
	features = append(features, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}, &emulation.MediaFeature{Name: "prefers-contrast", Value: contrast})
	return errors.Join(
		do(p, network.Enable, network.EnableParams{}),
		do(p, page.Enable, page.EnableParams{}),
		do(p, runtime.Enable, cdp.Empty{}),
		do(p, logs.Enable, cdp.Empty{}),
		do(p, audits.Enable, cdp.Empty{}),
		do(p, dom.Enable, dom.EnableParams{}),
		do(p, accessibility.Enable, cdp.Empty{}),
		p.window(0),
		do(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: p.way.Phone}),
		do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: p.way.Plain}),
		do(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}),
		do(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
	)
}

// window gives the page the size of its way, or so high a window if that is not 0.
func (p *Page) window(height int) error {
	width, usual := 1280, 900
	if p.way.Phone {
		width, usual = 390, 844
	}
	return p.sized(width, cmp.Or(height, usual))
}

func (p *Page) sized(width, height int) error {
	return do(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1, Mobile: p.way.Phone})
}

// call sends one command to the page.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, callTime)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	if err != nil {
		return answer, fmt.Errorf("%s: %w", command.Method, err)
	}
	return answer, nil
}

// do is call where nothing is answered.
func do[P, R any](p *Page, command cdp.Command[P, R], params P) error {
	_, err := call(p, command, params)
	return err
}
