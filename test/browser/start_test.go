package browser

import (
	"testing"

	"handrail/test/browser/drive"
)

// The start page is for everybody: every look, every language.
func TestTheStartPageIsForEverybody(t *testing.T) {
	for _, way := range []drive.Way{{}, {Phone: true}, {Dark: true}, {Theme: "contrast"}, {Contrast: true}, {Plain: true}} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			p := chromium.Open(t, way)
			p.Visit(sampletown.StartPage())
			p.Sees("Be each person in turn")
			p.Sees("All of them are up")
			p.Judge()
		})
	}
}
