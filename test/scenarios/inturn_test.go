package scenarios

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// inTurn runs scripts one after another, since they share a hub and some check
// that nobody else was sent anything.
type inTurn struct{ *testing.T }

// Parallel does nothing.
func (inTurn) Parallel() {}

// Verbose shows every line of a story that passes too.
func (inTurn) Verbose() bool { return testing.Verbose() }

// Run runs one story.
func (t inTurn) Run(name string, story func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { story(inTurn{t}) })
}
