// Package enrolment has a new agency join a running hub, work in it, lose and
// get back its place, with nothing but the command line.
package enrolment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/test/hubtest"
)

const (
	newcomer = "cove-shelter"
	police   = "sampletown-police"
	shelter  = "lighthouse-shelter"

	exitUsage, exitDiffers = 2, 3
)

// terminal is where somebody of the hub or of an agency works.
type terminal struct {
	t    *testing.T
	hub  *local.Hub
	home string // the newcomer's folder
	post string // where files that travel arrive
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	cert, key := certificate(t)
	hub := hubtest.Start(t, func(o *local.HubOptions) { // as off this machine: nothing is said in the open
		o.Founding.TLS, o.Founding.CA = local.BrokerTLS{CertFile: cert, KeyFile: key}, cert
	})
	return &terminal{t: t, hub: hub, home: hub.At.Agency(newcomer), post: t.TempDir()}
}

// run gives what a command prints, as JSON, and expects its exit code.
func (x *terminal) run(want int, typed string, args ...string) (map[string]any, string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, hubtest.Program(x.t), append([]string{"--data", x.hub.At.Root, "--output", "json"}, args...)...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr, command.Stdin = &out, &errs, strings.NewReader(typed)
	if err := command.Run(); err != nil && command.ProcessState == nil {
		x.t.Fatal(err)
	}
	if got := command.ProcessState.ExitCode(); got != want {
		x.t.Fatalf("handrail %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), errs.String())
	}
	answer := map[string]any{}
	_ = json.Unmarshal(out.Bytes(), &answer) // lists and pages are read from the text
	return answer, out.String() + errs.String()
}

func wordsOf(t *testing.T, answer map[string]any) string {
	t.Helper()
	list, _ := answer["words"].([]any)
	var all []string
	for _, word := range list {
		all = append(all, word.(string))
	}
	if len(all) != 8 {
		t.Fatalf("the words are %v", answer["words"])
	}
	return strings.Join(all, " ")
}

// misheard is words with two of them swapped.
func misheard(words string) string {
	all := strings.Fields(words)
	for i := 1; i < len(all); i++ {
		if all[i] != all[0] {
			all[0], all[i] = all[i], all[0]
			break
		}
	}
	return strings.Join(all, " ")
}

// joins takes the newcomer in through the commands, as people would, and starts its
// service. Whoever compares carelessly is stopped.
func (x *terminal) joins() {
	x.t.Helper()
	secret := filepath.Join(x.t.TempDir(), "passphrase")
	if err := os.WriteFile(secret, []byte("only the shelter knows this\n"), 0o600); err != nil {
		x.t.Fatal(err)
	}
	ask := []string{"join", x.home, "--hub-id", "sampleland", "--agency", newcomer, "--kind", "shelter", "--passphrase-file", secret}
	asked, _ := x.run(0, "", ask...)
	again, _ := x.run(0, "", ask...)
	words := wordsOf(x.t, asked)
	if wordsOf(x.t, again) != words {
		x.t.Fatal("asking again made other keys")
	}
	request := x.travels(filepath.Join(x.home, "request.json"))
	var vouchings []string
	for _, by := range []string{police, shelter} {
		file := filepath.Join(x.post, by+".json")
		x.run(exitDiffers, "", "agency", "vouch", request, "--as", by, "--words", misheard(words), "--vouching", file)
		if _, err := os.Stat(file); err == nil {
			x.t.Fatal("vouched with other words")
		}
		x.run(0, words+"\n", "agency", "vouch", request, "--as", by, "--vouching", file)
		vouchings = append(vouchings, "--vouching", file)
	}
	admission := filepath.Join(x.post, "admission.json")
	enrol := []string{"enrol", request, "--admission", admission}
	x.run(exitDiffers, misheard(words), append(enrol, vouchings...)...)
	if _, said := x.run(exitUsage, words, append(enrol, vouchings[:2]...)...); !strings.Contains(said, "two") {
		x.t.Errorf("one vouching: %s", said)
	}
	if _, said := x.run(exitUsage, words, append(append(enrol, vouchings[:2]...), vouchings[:2]...)...); !strings.Contains(said, "once") {
		x.t.Errorf("one vouching twice: %s", said)
	}
	enrolled, _ := x.run(0, words, append(enrol, vouchings...)...)
	if repeated, _ := x.run(0, words, append(enrol, vouchings...)...); repeated["entry"] != nil || enrolled["entry"] == nil {
		x.t.Errorf("enrolled by entry %v, again by %v", enrolled["entry"], repeated["entry"])
	}
	pins, _ := x.run(0, "", "agency", "pins", "--as", police)
	read := wordsOf(x.t, pins)
	if read != wordsOf(x.t, enrolled) {
		x.t.Error("another agency reads other words than the operator")
	}
	x.run(exitDiffers, "", "join", x.home, "--admission", admission, "--words", misheard(read))
	x.run(exitDiffers, "", "join", x.home, "--admission", x.forged(admission), "--words", read)
	if _, err := os.Stat(filepath.Join(x.home, "agency.json")); err == nil {
		x.t.Fatal("joined with other words")
	}
	x.run(0, "", "join", x.home, "--admission", admission, "--words", read, "--passphrase-file", secret)
	x.closed()
	if err := x.hub.Start(x.t.Context(), newcomer); err != nil {
		x.t.Fatal(err)
	}
	if err := x.hub.Ready(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

// travels copies a file as it is sent, and checks that no secret is in it.
func (x *terminal) travels(file string) string {
	x.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, name := range []string{local.UserKeyFile, local.WitnessKeyFile, local.TokenFile, local.SigningKeyFile} {
		secret, err := os.ReadFile(filepath.Join(x.home, name))
		if err != nil {
			x.t.Fatal(err)
		}
		if bytes.Contains(text, bytes.TrimSpace(secret)) {
			x.t.Errorf("%s travels with what is in %s", filepath.Base(file), name)
		}
	}
	to := filepath.Join(x.post, filepath.Base(file))
	if err := os.WriteFile(to, text, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return to
}

// forged is the admission with another broker in it.
func (x *terminal) forged(admission string) string {
	x.t.Helper()
	text, err := os.ReadFile(admission)
	if err != nil {
		x.t.Fatal(err)
	}
	other := filepath.Join(x.post, "forged.json")
	if err := os.WriteFile(other, bytes.Replace(text, []byte("tls://127.0.0.1"), []byte("tls://127.0.0.2"), 1), 0o600); err != nil {
		x.t.Fatal(err)
	}
	return other
}

// closed checks that nobody else can read what the agency keeps, and that the hub
// has none of it.
func (x *terminal) closed() {
	x.t.Helper()
	if info, err := os.Stat(x.home); err != nil || info.Mode().Perm() != 0o700 {
		x.t.Errorf("the folder: %v %v", info.Mode(), err)
	}
	files, err := os.ReadDir(x.home)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || !info.IsDir() && info.Mode().Perm() != 0o600 {
			x.t.Errorf("%s: %v %v", file.Name(), info.Mode(), err)
		}
	}
	for _, name := range []string{local.UserKeyFile, local.CredsFile, local.SigningKeyFile, local.SealingKeyFile, local.WitnessKeyFile} {
		text, err := os.ReadFile(filepath.Join(x.home, name))
		if err != nil {
			x.t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte("age-encryption.org/")) {
			x.t.Errorf("%s is not protected by the passphrase", name)
		}
	}
	operator, err := os.ReadFile(filepath.Join(x.hub.At.Hub(), "operator.json"))
	if err != nil {
		x.t.Fatal(err)
	}
	if bytes.Count(operator, []byte(`"user":`)) != 1 { // the hub's own
		x.t.Error("the operator holds an agency's seed")
	}
}

func (x *terminal) status() agency.Status {
	x.t.Helper()
	var s agency.Status
	if err := client.People(x.home).Get(x.t.Context(), "/v1/status", &s); err != nil {
		x.t.Fatal(err)
	}
	return s
}

// until waits for something to become so, at most a minute.
func (x *terminal) until(what string, is func() bool) time.Duration {
	x.t.Helper()
	started := time.Now()
	for !is() {
		if time.Since(started) > time.Minute {
			x.t.Fatalf("after a minute not so: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(started)
}

// refers has the police ask the newcomer for a bed, and the newcomer see it. The
// first time it may be too early: keys are sealed to once they are witnessed.
func (x *terminal) refers() {
	x.t.Helper()
	var said string
	before := x.status().Cases
	for range 60 {
		out, errs, code := hubtest.Run(x.t.Context(), x.t, "--data", x.hub.At.Root, "tonight", "--as", police, "--age", "adult", "--sex", "woman",
			"--language", "lt", "--bundle", "bed", "--call-back", "+00 000 0009", "--to", newcomer)
		if said = out + errs; code == 0 {
			x.until("the request reached the newcomer", func() bool { return x.status().Cases > before })
			return
		}
		time.Sleep(time.Second)
	}
	x.t.Fatalf("no request reached the newcomer: %s", said)
}

// standing is how the hub's list has the newcomer, and its signing key.
func (x *terminal) standing() (standing string, signing events.KeyID) {
	x.t.Helper()
	_, text := x.run(0, "", "agency", "list")
	var all []struct {
		Agency, Standing string
		Signing          events.KeyID
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		x.t.Fatal(err, text)
	}
	for _, one := range all {
		if one.Agency == newcomer {
			return one.Standing, one.Signing
		}
	}
	x.t.Fatalf("%s is not listed: %s", newcomer, text)
	return "", ""
}

func TestANewShelterJoinsAndIsCutOff(t *testing.T) {
	x := newTerminal(t)
	x.joins()
	x.refers()
	if out, _, _ := hubtest.Run(t.Context(), t, "--data", x.hub.At.Root, "doctor"); !strings.Contains(out, "answers at https://") || !strings.Contains(out, newcomer) || strings.Contains(out, "no agency will connect") {
		t.Errorf("the doctor says %s", out)
	}

	x.run(0, "", "agency", "suspend", newcomer, "--because", "device-lost")
	if took := x.until("its connection ended", func() bool { return !x.status().Connected }); took > 5*time.Second {
		t.Errorf("its connection ended after %s", took)
	}
	if standing, _ := x.standing(); standing != "suspended" {
		t.Errorf("it is %s", standing)
	}
	x.run(0, "", "agency", "suspend", newcomer, "--because", "device-lost")
	x.isResumed()

	_, before := x.standing()
	x.run(0, "", "agency", "rotate-keys", "--as", newcomer)
	if standing, after := x.standing(); standing != "active" || after == before {
		t.Errorf("after the rotation it is %s, with %s as before %s", standing, after, before)
	}
	x.refers()
	x.recovers()

	x.run(0, "", "agency", "revoke", newcomer, "--because", "left")
	x.until("its connection ended", func() bool { return !x.status().Connected })
	if standing, _ := x.standing(); standing != "revoked" {
		t.Errorf("it is %s", standing)
	}
	if _, said := x.run(exitUsage, "", "agency", "resume", newcomer); !strings.Contains(said, "agency") {
		t.Errorf("resuming a revoked agency: %s", said)
	}
	if err := x.hub.Kill(newcomer); err != nil && !isKilled(err) {
		t.Error(err)
	}
}

// isResumed opens the newcomer's way with a new key for the broker, since the old
// one may be in other hands.
func (x *terminal) isResumed() {
	x.t.Helper()
	old, err := os.ReadFile(filepath.Join(x.home, local.CredsFile))
	if err != nil {
		x.t.Fatal(err)
	}
	if _, said := x.run(exitUsage, "", "agency", "resume", newcomer); !strings.Contains(said, "--renew") {
		x.t.Errorf("resuming after a loss: %s", said)
	}
	renewed, _ := x.run(0, "", "join", x.home, "--renew")
	words, admission := wordsOf(x.t, renewed), filepath.Join(x.post, "renewed.json")
	resume := []string{"agency", "resume", newcomer, "--request", filepath.Join(x.home, "request.json"), "--admission", admission}
	x.run(exitDiffers, misheard(words), resume...)
	x.run(0, words, resume...)
	x.run(0, words, resume...)
	x.run(0, "", "join", x.home, "--admission", admission)
	x.until("it is back", func() bool { return x.status().Connected })
	if fresh, err := os.ReadFile(filepath.Join(x.home, local.CredsFile)); err != nil || bytes.Equal(fresh, old) {
		x.t.Errorf("its credentials are those of before: %v", err)
	}
}

// recovers prints a kit and brings the keys back with two of its sheets.
func (x *terminal) recovers() {
	x.t.Helper()
	_, pages := x.run(0, "", "recovery", "print", "--as", newcomer)
	sheets := strings.Split(pages, "\f")
	if len(sheets) != 3 {
		x.t.Fatalf("%d sheets", len(sheets))
	}
	var typed []string
	for i, sheet := range sheets {
		var all []string
		for line := range strings.SplitSeq(sheet, "\n") {
			if fields := strings.Fields(line); len(fields) == 2 && strings.HasPrefix(line, "    ") {
				all = append(all, fields[1])
			}
		}
		typed = append(typed, strconv.Itoa(i+1)+"\n"+strings.Join(all, " ")+"\n")
	}
	kit, into := filepath.Join(x.home, "recovery"), filepath.Join(x.t.TempDir(), "again")
	x.run(exitUsage, typed[0]+typed[0], "recovery", "restore", kit, into)
	x.run(0, typed[2]+typed[0], "recovery", "restore", kit, into)
	want, err := os.ReadFile(filepath.Join(x.home, local.SigningKeyFile))
	if err != nil {
		x.t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(into, local.SigningKeyFile)); err != nil || !bytes.Equal(got, want) {
		x.t.Errorf("the signing key that came back is another: %v", err)
	}
}

func isKilled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

func TestBadInputAtTheDoor(t *testing.T) {
	x := newTerminal(t)
	text := filepath.Join(x.post, "text.json")
	if err := os.WriteFile(text, []byte(`{"form":"something else"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	join := []string{"join", x.home, "--hub-id", "sampleland", "--agency", newcomer, "--kind", "shelter"}
	for _, args := range [][]string{
		{"join"},
		{"join", x.home},
		{"join", x.home, "--hub-id", "Sampleland", "--agency", newcomer, "--kind", "shelter"},
		{"join", x.home, "--hub-id", "sampleland", "--agency", "hub", "--kind", "shelter"},
		{"join", x.home, "--hub-id", "sampleland", "--agency", newcomer, "--kind", "hotel"},
		{"join", x.home, "--admission", text},
		{"join", x.home, "--admission", filepath.Join(x.post, "none.json")},
		{"enrol", text},
		{"enrol", filepath.Join(x.post, "none.json")},
		{"agency", "vouch", text, "--as", police},
		{"agency", "suspend", newcomer},
		{"agency", "suspend", "No Such", "--because", "misuse"},
		{"agency", "revoke", police, "--because", "dislike"},
		{"agency", "resume"},
		{"agency", "close", police},
		{"agency", "pins"},
		{"agency", "rotate-keys", "--as", police, "--keys", "golden"},
		{"recovery", "print", "--as", "no-such-agency"},
		{"recovery", "restore", x.post},
	} {
		if _, said := x.run(exitUsage, "", args...); !strings.HasPrefix(said, "handrail: ") && !strings.Contains(said, "\nhandrail: ") {
			t.Errorf("%v says %q", args, said)
		}
	}
	x.run(0, "", join...)
	request := filepath.Join(x.home, "request.json")
	if _, said := x.run(exitUsage, "\n", "enrol", request); !strings.Contains(said, "nothing was typed") {
		t.Errorf("no words: %s", said)
	}
	content, err := os.ReadFile(request)
	if err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string][]byte{
		"another kind":    bytes.Replace(content, []byte(`"shelter"`), []byte(`"police"`), 1),
		"another hub":     bytes.Replace(content, []byte(`"sampleland"`), []byte(`"farland"`), 1),
		"another id":      bytes.Replace(content, []byte(newcomer), []byte("reef-shelter"), 1),
		"half of a file":  content[:len(content)/2],
		"one member more": bytes.Replace(content, []byte(`{`), []byte(`{"extra":1,`), 1),
	} {
		file := filepath.Join(x.post, "changed.json")
		if err := os.WriteFile(file, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := x.run(exitUsage, "", "enrol", file, "--words", "a b c"); strings.Contains(said, "word") {
			t.Errorf("%s: %s", name, said)
		}
	}
}
