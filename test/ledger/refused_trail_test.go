package ledger

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger/audit"
)

// auditor is the auditors' own tool, joined to this world.
func (w *world) auditor(url string) *audit.Auditor {
	w.t.Helper()
	key := filepath.Join(w.dir, "auditor.pem")
	if _, err := os.Stat(key); err != nil {
		w.must(w.agencies[auditor].signing.Save(key))
	}
	a, err := audit.New(audit.Config{
		Ledger: url, Hub: hubID, Agency: auditor, KeyFile: key, LogKey: w.founded.Log, HubKey: w.founded.Signing, Genesis: hexDigest(w.genesis),
	})
	w.must(err)
	return a
}

func TestACaseOfWhichEverythingWasRefusedHasATrail(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p := w.agencies[police]
	id := w.newCase()
	for range 2 {
		p.refused(p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id, ""), mou.RuleCaseUnknown)
	}
	a := w.auditor(url)
	trail, err := a.Trail(t.Context(), id)
	w.must(err)
	if len(trail.Entries) != 2 || string(trail.State) != "null" {
		t.Fatalf("%d entries, state %s; want two refusals and no state", len(trail.Entries), trail.State)
	}
	verified, err := a.Verify(trail)
	w.must(err)
	var text, asJSON bytes.Buffer
	w.must(audit.Show(&text, verified, time.Now(), false))
	w.must(audit.Show(&asJSON, verified, time.Now(), true))
	if !strings.Contains(text.String(), "unknown") || strings.Count(text.String(), "refused case-unknown") != 2 || !strings.Contains(asJSON.String(), `"case-unknown"`) {
		t.Errorf("it is shown as\n%s\n%s", &text, &asJSON)
	}
	forged := trail
	forged.State = jsontext.Value(`{}`)
	if _, err := a.Verify(forged); !errors.Is(err, audit.ErrUnverified) {
		t.Errorf("an invented state: %v", err)
	}
	c := w.open()
	whole, err := a.Trail(t.Context(), c.id)
	w.must(err)
	whole.State = jsontext.Value("null")
	if _, err := a.Verify(whole); !errors.Is(err, audit.ErrUnverified) {
		t.Errorf("a state that was hidden: %v", err)
	}
	unknown := w.uuid()
	if status, _ := w.read(url, "/v1/cases/"+unknown+"/trail", w.agencies[auditor], events.ReadingReplay, unknown); status != http.StatusNotFound {
		t.Errorf("a case of which nobody spoke is answered %d", status)
	}
}
