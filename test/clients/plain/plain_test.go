// Package plain runs a system that is not ours against an agency's service: a
// program without any package, written against contracts/agency.openapi.yaml alone.
package plain

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/agency/systems"
	"handrail/test/clients/node"
	"handrail/test/hubtest"
)

// The agencies of this hub, plainly fictional.
const (
	thePolice  events.AgencyID = "sampletown-police"
	theShelter events.AgencyID = "lighthouse-shelter"
)

const (
	secret   = "whsec_cGxhaW5seSBhIHNlY3JldCBvZiBhIHRlc3Q9"
	patience = 2 * time.Minute
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// step is one line that the client tells.
type step struct {
	Step, What, Type, ID, Again, Kind, Rule, Pointer, Reason, State, Source, From, Section, Text string

	Case              events.CaseID
	Referral          events.ReferralID
	Status            int
	Number            uint64
	Entry             *uint64
	Webhook, Same     bool
	Posted, Fetched   int
	Forms             []string
	Stored            string
	Delivery, Waiting uint64
}

// program is the client while it runs.
type program struct {
	t          *testing.T
	lines      *bufio.Scanner
	complaints *bytes.Buffer
	wait       func() error
}

func starts(t *testing.T, args ...string) *program {
	t.Helper()
	system := exec.CommandContext(t.Context(), node.Path(t), append([]string{"identify.mjs"}, args...)...)
	p := &program{t: t, complaints: &bytes.Buffer{}, wait: system.Wait}
	system.Stderr = p.complaints
	out, err := system.StdoutPipe()
	must(t, err)
	must(t, system.Start())
	p.lines = bufio.NewScanner(out)
	stop := time.AfterFunc(patience, func() { _ = system.Process.Kill() })
	t.Cleanup(func() {
		stop.Stop()
		_ = system.Process.Kill()
	})
	return p
}

// next is the client's next step, which must be of that name.
func (p *program) next(name string) step {
	p.t.Helper()
	if !p.lines.Scan() {
		_ = p.wait() // its end is told by what it wrote
		p.t.Fatalf("the client ended before %q:\n%s", name, p.complaints.String())
	}
	var s step
	must(p.t, json.Unmarshal(p.lines.Bytes(), &s))
	if s.Step != name {
		p.t.Fatalf("the client tells %s, want %s", p.lines.Text(), name)
	}
	return s
}

// refused checks why the client's next request was refused.
func (p *program) refused(status int, rule, pointer string) {
	p.t.Helper()
	if s := p.next("refused"); s.Status != status || s.Rule != rule || s.Pointer != pointer || s.Reason == "" {
		p.t.Errorf("%s: %+v", s.What, s)
	}
}

// answered checks what the ledger answered to what the client said.
func (p *program) answered(short, kind, rule string) step {
	p.t.Helper()
	s := p.next("answered")
	if s.Type != short || s.Kind != kind || s.Rule != rule || s.Number == 0 || s.Entry == nil {
		p.t.Errorf("%s: %+v", short, s)
	}
	return s
}

// police starts a hub of which the police are an agency.
func police(t *testing.T) *local.Hub {
	t.Helper()
	return hubtest.Start(t, func(o *local.HubOptions) {
		o.Founding = local.Founding{Hub: "sampleland", Profile: "sampleland@1", Members: []local.Member{
			{Agency: thePolice, Kind: events.Police, Served: true},
			{Agency: theShelter, Kind: events.Shelter, Served: true},
			{Agency: "sampleland-coordination", Kind: events.Coordinator},
			{Agency: "sampleland-children", Kind: events.ChildProtection},
			{Agency: "sampleland-audit", Kind: events.Auditor},
		}}
	})
}

// hooked is police with a webhook at a port of this machine.
func hooked(t *testing.T, port int) *local.Hub {
	t.Helper()
	hub := police(t)
	folder := hub.At.Agency(thePolice)
	must(t, os.WriteFile(filepath.Join(folder, systems.WebhookSecretFile), []byte(secret+"\n"), 0o600))
	file := filepath.Join(folder, local.AgencyFileName)
	text, err := os.ReadFile(file)
	must(t, err)
	settings := map[string]any{}
	must(t, json.Unmarshal(text, &settings))
	settings["webhook"] = fmt.Sprintf("http://127.0.0.1:%d/handrail", port)
	text, err = json.Marshal(settings)
	must(t, err)
	must(t, os.WriteFile(file, text, 0o600))
	must(t, hub.Kill(string(thePolice)))
	must(t, hub.Start(t.Context(), string(thePolice)))
	must(t, hub.Ready(t.Context()))
	return hub
}

func TestAPlainSystemIdentifiesAPersonThroughItsAgencysService(t *testing.T) {
	port, err := local.FreePort(t.Context())
	must(t, err)
	hub := hooked(t, port)
	folder := hub.At.Agency(thePolice)
	url := "http://" + intake(t, folder)
	p := starts(t, url, filepath.Join(folder, systems.TokenFile), strconv.Itoa(port), filepath.Join(folder, systems.WebhookSecretFile), string(theShelter))

	if self := p.next("self"); self.Source != "urn:handrail:sampleland:agency:sampletown-police" || !self.Webhook || len(self.Forms) != 1 {
		t.Errorf("%+v", self)
	}
	forged(t, port)
	first := p.next("said")
	if first.ID == "" || first.Again != first.ID {
		t.Errorf("said again under its key it is another event: %+v", first)
	}
	p.refused(http.StatusUnprocessableEntity, "idempotency-key-reused", "header Idempotency-Key")
	p.refused(http.StatusUnprocessableEntity, "data-code", "/data/age")
	p.refused(http.StatusBadRequest, "data-malformed", "/data")
	receipt := p.answered("case.opened", "receipt", "")
	if became := p.next("became"); became.State != "receipt" || became.ID != first.ID || became.Entry == nil || *became.Entry != *receipt.Entry || became.Delivery != receipt.Number {
		t.Errorf("%+v, delivered as %+v", became, receipt)
	}
	p.answered("consent.given", "refusal", "rights-first")
	if became := p.next("became"); became.State != "refused" || became.Rule != "rights-first" || became.Reason == "" {
		t.Errorf("%+v", became)
	}
	p.answered("rights.informed", "receipt", "")
	p.answered("risk.assessed", "receipt", "")
	p.refused(http.StatusBadRequest, "attribute-syntax", "/source")
	for _, short := range []string{"consent.given", "referral.requested", "record.sealed"} {
		p.answered(short, "receipt", "")
	}
	asked := p.next("asked")
	shelter := client.People(hub.At.Agency(theShelter))
	asks(t, shelter, asked)
	if question := p.next("question"); question.From != "urn:handrail:sampleland:agency:lighthouse-shelter" || question.Section != "question" || question.Text != "" {
		t.Errorf("%+v", question)
	}
	p.refused(http.StatusBadRequest, "data-malformed", "/basis")
	p.refused(http.StatusUnprocessableEntity, "purpose-other", "/purpose")
	if read := p.next("read"); read.Text != "How does she come?" {
		t.Errorf("%+v", read)
	}
	must(t, shelter.Post(t.Context(), "/v1/say", map[string]any{"case": asked.Case, "type": "referral.accepted", "data": struct{}{}}, nil))
	p.next("accepted")
	if done := p.next("done"); !done.Same || done.Posted < 10 || done.Fetched < done.Posted {
		t.Errorf("%+v", done)
	}
	must(t, p.wait())
	readingIsOnRecord(t, client.People(folder))
	logsTellNothing(t, hub)
}

// readingIsOnRecord waits until the log has that the client read.
func readingIsOnRecord(t *testing.T, people *client.Client) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var out agency.OutboxView
		must(t, people.Get(t.Context(), "/v1/outbox", &out))
		if slices.ContainsFunc(out.Said, func(s agency.SaidView) bool { return s.Type == "record.opened" && s.State == "admitted" }) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("what the client read is not on the log")
		}
	}
}

// intake is where the service says that it serves its systems.
func intake(t *testing.T, folder string) string {
	t.Helper()
	file, err := local.ReadAgencyFile(folder)
	must(t, err)
	return file.Listen
}

// forged posts to the client what its service did not sign.
func forged(t *testing.T, port int) {
	t.Helper()
	body := `{"type":"handrail.delivery.receipt","timestamp":"2026-11-22T01:20:00Z","data":{"number":1,"kind":"receipt"}}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/handrail", port), strings.NewReader(body))
	must(t, err)
	r.Header.Set("Webhook-Id", "sampleland-sampletown-police-1-0")
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	must(t, response.Body.Close())
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("the client answers a forged delivery with %d", response.StatusCode)
	}
}

// asks has the shelter's duty worker ask the police something.
func asks(t *testing.T, people *client.Client, asked step) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var inbox map[string][]agency.Waiting
		must(t, people.Get(t.Context(), "/v1/inbox", &inbox))
		if len(inbox["waiting"]) == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the shelter never sees the request")
		}
	}
	must(t, people.Post(t.Context(), "/v1/questions", agency.Asking{Case: asked.Case, Referral: asked.Referral, Text: "How does she come?"}, nil))
}

// logsTellNothing searches the services' logs for what was sealed, and for secrets.
func logsTellNothing(t *testing.T, hub *local.Hub) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(hub.At.Root, "logs", "*.log"))
	must(t, err)
	for _, log := range logs {
		text, err := os.ReadFile(log)
		must(t, err)
		for _, planted := range []string{"Invented", "How does she", secret, "/handrail\""} {
			if bytes.Contains(text, []byte(planted)) {
				t.Errorf("%s holds %q", filepath.Base(log), planted)
			}
		}
	}
}

// The requests that connect.md shows are answered as it says.
func TestTheRequestsOfThePublishedPageAreAnsweredAsItSays(t *testing.T) {
	hub := police(t)
	folder := hub.At.Agency(thePolice)
	token, err := os.ReadFile(filepath.Join(folder, systems.TokenFile))
	must(t, err)
	page, err := os.ReadFile("../../../contracts/connect.md")
	must(t, err)
	fill := strings.NewReplacer("TOKEN", strings.TrimSpace(string(token)), "SOURCE", "urn:handrail:sampleland:agency:sampletown-police")
	shown := strings.Split(string(page), "```http ")[1:]
	if len(shown) < 7 {
		t.Fatalf("the page shows %d requests", len(shown))
	}
	for _, block := range shown {
		text, _, _ := strings.Cut(block, "```")
		status, request, _ := strings.Cut(text, "\n")
		head, body, _ := strings.Cut(request, "\n\n")
		lines := strings.Split(strings.TrimSpace(fill.Replace(head)), "\n")
		method, rest, _ := strings.Cut(lines[0], " ")
		path, _, _ := strings.Cut(rest, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+intake(t, folder)+path, strings.NewReader(fill.Replace(body)))
		must(t, err)
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(r)
		must(t, err)
		answer, err := io.ReadAll(response.Body)
		must(t, err)
		must(t, response.Body.Close())
		if strconv.Itoa(response.StatusCode) != status {
			t.Errorf("%s %s is answered %d %s, and the page says %s", method, path, response.StatusCode, answer, status)
		}
	}
}
