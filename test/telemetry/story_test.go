package telemetry_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/deploy/local"
	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/test/hubtest"
	"handrail/test/telemetry"
)

var update = flag.Bool("update", false, "rewrite golden files")

// refusal is a second, short story, so that something is refused too.
const refusal = `
police receives form referral
police answers inform-rights language=ron interpreter=independent
police system sends referral.requested to=lighthouse-shelter
police is refused consent-required
`

// quiet is a teller that tells nobody.
type quiet struct{}

func (quiet) Heading(string)        {}
func (quiet) Done([]string, string) {}

// told is a hub on which the stories were told, and that has ended.
type told struct {
	hub     *local.Hub
	trace   string   // of the story's referral, in hexadecimal
	secrets []string // what nobody but the agencies may see
	sink    *telemetry.Collector
}

func tell(t *testing.T, environment []string) told {
	t.Helper()
	hub := hubtest.Start(t, func(o *local.HubOptions) { o.Env = environment })
	out := told{hub: hub}
	world := hubtest.World(t, hub)
	text, err := story.Text("referral")
	if err != nil {
		t.Fatal(err)
	}
	if err := world.Tell(t.Context(), text, quiet{}); err != nil {
		t.Fatal(err)
	}
	referral := world.Cases[0]
	out.trace = out.requested(t, world, referral)
	if err := world.Tell(t.Context(), refusal, quiet{}); err != nil {
		t.Fatal(err)
	}
	for _, id := range world.Cases {
		out.secrets = append(out.secrets, string(id))
	}
	out.secrets = append(out.secrets, personal()...)
	end(hub)
	return out
}

// requested finds the trace of the case's referral in the verified trail.
func (told) requested(t *testing.T, world *story.World, id events.CaseID) string {
	t.Helper()
	trail, err := world.Auditor().Trail(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := world.Auditor().Verify(trail)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range verified.Steps {
		if step.Type == events.TypeReferralRequested {
			return strings.Split(step.Entry.Attribute("traceparent"), "-")[1]
		}
	}
	t.Fatal("the trail holds no request")
	return ""
}

// end ends every service in an orderly way, so that it flushes what it has.
func end(hub *local.Hub) {
	names := hub.Services()
	slices.Reverse(names)
	for _, name := range names {
		_ = hub.Process(name).Signal(os.Interrupt) // one that has ended already shows in its log
		<-hub.Process(name).Done()
	}
}

// personal are words of the forms that nobody but the police and the shelter
// may ever see.
func personal() []string {
	return []string{"invented.person@example.org", "Inventedlander", "an invented farm", "Robin", "gang master"}
}

// logs reads what a service wrote.
func logs(t *testing.T, hub *local.Hub) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(hub.At.Root, "logs", "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".log")] = string(text)
	}
	return all
}
