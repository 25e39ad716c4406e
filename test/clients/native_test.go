package clients

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/agency/keyring"
	"handrail/test/clients/node"
	"handrail/test/hubtest"
)

// The agencies of this hub, plainly fictional. Nobody runs our service for the
// police: their own system speaks for them.
const (
	nativePolice  events.AgencyID = "sampletown-police"
	nativeShelter events.AgencyID = "lighthouse-shelter"
)

const nativePatience = 5 * time.Minute

// The client reads the published files and nothing else of the repository.
func publishedContracts(t *testing.T) string {
	t.Helper()
	contracts, err := filepath.Abs("../../contracts")
	must(t, err)
	dir := t.TempDir()
	for _, folder := range []string{"schemas", "vectors"} {
		files, err := filepath.Glob(filepath.Join(contracts, folder, "*.json"))
		must(t, err)
		must(t, os.Mkdir(filepath.Join(dir, folder), 0o700))
		for _, file := range files {
			must(t, copyFile(file, filepath.Join(dir, folder, filepath.Base(file))))
		}
	}
	return dir
}

func TestTheNativeClientMeetsEveryVectorThatConcernsIt(t *testing.T) {
	dir, contracts := workshop(t), publishedContracts(t)
	checking := exec.CommandContext(t.Context(), node.Path(t), filepath.Join(dir, "vectors.mjs"), contracts)
	var told, complaints bytes.Buffer
	checking.Stdout, checking.Stderr = &told, &complaints
	if err := checking.Run(); err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	met := map[string]int{}
	for decoder := json.NewDecoder(&told); decoder.More(); {
		var line struct {
			File         string
			Vectors, Met int
		}
		must(t, decoder.Decode(&line))
		if line.Met != line.Vectors || line.Met == 0 {
			t.Errorf("%s: %d of %d vectors are met", line.File, line.Met, line.Vectors)
		}
		met[line.File] = line.Met
	}
	files, err := filepath.Glob("../../contracts/vectors/*.json")
	must(t, err)
	for _, file := range files {
		if name := filepath.Base(file); met[name] == 0 && name != "tiles.json" { // tiles are an auditor's
			t.Errorf("the client has no check for %s", name)
		}
	}
}

// step is one line that the client tells.
type step struct {
	Step     string
	Type     string
	Admitted bool
	Rule     string
	Pointer  string
	Reason   string
	Case     events.CaseID
	Referral events.ReferralID
	Verified bool
	From     events.AgencyID
	By, To   events.AgencyID
	Text     string
	Agencies int
	Stored   uint64
	Status   int
	Size     uint64
	Seen     uint64
	Cosigned uint64
}

// program is the client while it runs.
type program struct {
	t          *testing.T
	lines      *bufio.Scanner
	complaints *bytes.Buffer
	wait       func() error
}

func identifies(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	system := exec.CommandContext(t.Context(), node.Path(t), append([]string{filepath.Join(dir, "identify.mjs")}, args...)...)
	var complaints bytes.Buffer
	system.Stderr = &complaints
	out, err := system.StdoutPipe()
	must(t, err)
	must(t, system.Start())
	stop := time.AfterFunc(nativePatience, func() { _ = system.Process.Kill() })
	t.Cleanup(func() {
		stop.Stop()
		_ = system.Process.Kill()
	})
	return &program{t: t, lines: bufio.NewScanner(out), complaints: &complaints, wait: system.Wait}
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

func nativeHub(t *testing.T) *local.Hub {
	t.Helper()
	return hubtest.Start(t, func(o *local.HubOptions) {
		o.Founding = local.Founding{Hub: "sampleland", Profile: "sampleland@1", Members: []local.Member{
			{Agency: nativePolice, Kind: events.Police},
			{Agency: nativeShelter, Kind: events.Shelter, Served: true},
			{Agency: "sampleland-coordination", Kind: events.Coordinator},
			{Agency: "sampleland-children", Kind: events.ChildProtection},
			{Agency: "sampleland-audit", Kind: events.Auditor},
		}}
	})
}

func TestANativeSystemIdentifiesAPersonAndAnswersAShelter(t *testing.T) {
	dir, contracts := workshop(t), publishedContracts(t)
	hub := nativeHub(t)
	shelterReplacesItsKeys(t, client.People(hub.At.Agency(nativeShelter)))
	journal := filepath.Join(t.TempDir(), "journal")
	p := identifies(t, dir, hub.At.Agency(nativePolice), contracts, journal, string(nativeShelter))
	if joined := p.next("joined"); joined.Agencies != 5 {
		t.Errorf("genesis lists %d agencies for it", joined.Agencies)
	}
	if bad := p.next("refused"); bad.Rule != "data-code" || bad.Pointer != "/age" || bad.Reason == "" {
		t.Errorf("a code of no list is refused with %+v", bad)
	}
	if forged := p.next("refused"); forged.Rule != "signature-invalid" || forged.Pointer != "attribute dssematerial" {
		t.Errorf("what was changed after signing is refused with %+v", forged)
	}
	p.next("admitted") // the case
	if early := p.next("refused"); early.Rule != "rights-first" {
		t.Errorf("consent before rights is refused with %+v", early)
	}
	for _, said := range []string{"rights.informed", "risk.assessed", "consent.given"} {
		if s := p.next("admitted"); s.Type != said {
			t.Errorf("admitted %s, want %s", s.Type, said)
		}
	}
	asked := p.next("asked")
	if sealed := p.next("sealed"); !asked.Admitted || !sealed.Admitted {
		t.Fatalf("asked %+v, sealed %+v", asked, sealed)
	}
	must(t, hub.Kill(local.ServiceBroker)) // as by kill -9: the broker is nobody's memory
	must(t, hub.Start(t.Context(), local.ServiceBroker))
	shelterAnswers(t, client.People(hub.At.Agency(nativeShelter)), p, asked)
	if accepted := p.next("accepted"); accepted.By != nativeShelter {
		t.Errorf("accepted %+v", accepted)
	}
	if released := p.next("released"); released.To != nativeShelter {
		t.Errorf("released %+v", released)
	}
	if log := p.next("log"); log.Status != 200 || log.Size < log.Seen || log.Seen == 0 {
		t.Errorf("the log over HTTP: %+v", log)
	}
	done := p.next("done")
	if done.Stored == 0 || done.Cosigned == 0 {
		t.Errorf("it ended with %+v, want deliveries and a cosigned checkpoint", done)
	}
	must(t, p.wait())
	shelterReads(t, client.People(hub.At.Agency(nativeShelter)), asked.Case)
	everythingSaidConforms(t, journal, hub.At.Agency(nativePolice))

	// Started again on its journal it verifies everything anew, and goes on.
	again := identifies(t, dir, hub.At.Agency(nativePolice), contracts, journal, string(nativeShelter))
	if joined := again.next("joined"); joined.Stored < done.Stored {
		t.Errorf("after a restart it holds %d deliveries, before %d", joined.Stored, done.Stored)
	}
	again.next("refused")
	again.next("refused")
	again.next("admitted")
}

// shelterReplacesItsKeys has the shelter put new keys in force: the client has to
// learn of them from the log, seals to the new one, and believes what is signed
// with the new one.
func shelterReplacesItsKeys(t *testing.T, people *client.Client) {
	t.Helper()
	_, err := people.Rotate(t.Context(), agency.Rotation{Keys: []keyring.Use{keyring.Signing, keyring.Sealing}, Staff: "duty-1"})
	must(t, err)
	eventually(t, "the shelter's new keys are in force", func() bool {
		view, err := people.Keys(t.Context())
		must(t, err)
		waits := slices.ContainsFunc(view.Keys, func(k agency.KeyView) bool { return k.State == keyring.Waiting })
		aside := slices.ContainsFunc(view.Keys, func(k agency.KeyView) bool { return k.State == keyring.Aside })
		return aside && !waits && !view.Refused
	})
}

// shelterAnswers has the duty worker ask the police something, read the answer,
// and take the person in.
func shelterAnswers(t *testing.T, people *client.Client, p *program, asked step) {
	t.Helper()
	eventually(t, "the shelter sees the request", func() bool {
		var inbox map[string][]agency.Waiting
		must(t, people.Get(t.Context(), "/v1/inbox", &inbox))
		return len(inbox["waiting"]) == 1
	})
	must(t, people.Post(t.Context(), "/v1/questions", agency.Asking{Case: asked.Case, Referral: asked.Referral, Text: "How does she come?"}, nil))
	question := p.next("question")
	if !question.Verified || question.From != nativeShelter || question.Text != "How does she come?" {
		t.Errorf("the client reads the question %+v", question)
	}
	if replied := p.next("replied"); !replied.Admitted {
		t.Errorf("the answer: %+v", replied)
	}
	accepts := map[string]any{"case": asked.Case, "type": "referral.accepted", "data": struct{}{}}
	eventually(t, "the shelter has the answer", func() bool {
		questions, err := client.List[agency.AskedQuestion](t.Context(), people, "/v1/questions", "questions")
		must(t, err)
		return slices.ContainsFunc(questions, func(q agency.AskedQuestion) bool { return q.Answered != "" })
	})
	must(t, people.Post(t.Context(), "/v1/say", accepts, nil))
}

// shelterReads has our own agency service open what the client sealed.
func shelterReads(t *testing.T, people *client.Client, of events.CaseID) {
	t.Helper()
	var sections []agency.SectionView
	eventually(t, "the shelter holds the identity", func() bool {
		var err error
		sections, err = client.List[agency.SectionView](t.Context(), people, "/v1/cases/"+string(of)+"/sections", "sections")
		must(t, err)
		return slices.ContainsFunc(sections, func(s agency.SectionView) bool { return s.Section == events.SectionIdentity && s.Open })
	})
	for _, s := range sections {
		if s.Section != events.SectionIdentity {
			continue
		}
		var read json.RawMessage
		must(t, people.Post(t.Context(), "/v1/cases/"+string(of)+"/sections/"+string(s.Record)+"/open",
			map[string]string{"purpose": "accommodation", "reader": "duty-1", "role": "duty-worker", "basis": "consent"}, &read))
		if !bytes.Contains(read, []byte("Invented")) {
			t.Error("the shelter cannot read what the client sealed")
		}
	}
}

// everythingSaidConforms has handrail conform judge what the client submitted: all
// of it is as the contract says, but for the one that it meant to be wrong.
func everythingSaidConforms(t *testing.T, journal, folder string) {
	t.Helper()
	text, err := os.ReadFile(journal)
	must(t, err)
	var messages bytes.Buffer
	for line := range bytes.Lines(text) {
		var kept struct {
			Said *struct {
				Attributes [][2]string
				Data       []byte
			}
		}
		must(t, json.Unmarshal(line, &kept))
		if kept.Said == nil {
			continue
		}
		for i := range kept.Said.Attributes {
			kept.Said.Attributes[i][0] = "ce-" + kept.Said.Attributes[i][0]
		}
		must(t, json.NewEncoder(&messages).Encode(map[string]any{"header": kept.Said.Attributes, "body": string(kept.Said.Data)}))
	}
	key, err := seal.LoadSigningKey(filepath.Join(folder, local.SigningKeyFile))
	must(t, err)
	out, _, code := conforms(t, messages.Bytes(), "-o", "json", "--from", "1", "--agency", string(nativePolice), "--key", string(key.Public()))
	var answer judged
	must(t, json.Unmarshal([]byte(out), &answer))
	var found []string
	for _, m := range answer.Messages {
		for _, f := range m.Findings {
			found = append(found, f.Rule+" "+f.Pointer)
		}
	}
	if code != 1 || len(answer.Messages) < 8 || !slices.Equal(found, []string{"data-code /age", "signature-invalid attribute dssematerial"}) {
		t.Errorf("handrail conform (code %d) finds in %d messages of the client %v", code, len(answer.Messages), found)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
