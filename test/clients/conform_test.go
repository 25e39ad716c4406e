package clients

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/test/hubtest"
)

// judged is the answer of handrail conform -o json.
type judged struct {
	Conforms bool
	Messages []struct {
		Message, Type string
		Findings      []struct{ Rule, Pointer, Reason string }
	}
}

// conforms runs handrail conform as a vendor does, with a message on its input.
func conforms(t *testing.T, input []byte, args ...string) (out, complaint string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), hubtest.Program(t), append([]string{"conform"}, args...)...)
	var stdout, stderr strings.Builder
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

func TestAVendorImitatesAnExampleOfEachType(t *testing.T) {
	listed, _, code := conforms(t, nil, "example")
	names := strings.Fields(listed)
	if code != 0 || len(names) != len(events.Types()) {
		t.Fatalf("%d types are listed with code %d", len(names), code)
	}
	for _, name := range []string{"case.opened", "record.sealed", "referral.asked", "control.inbox-position", "directory.keyed"} {
		for _, form := range []string{"text", "json"} {
			example, complaint, code := conforms(t, nil, "example", name, "-o", form)
			if code != 0 {
				t.Fatalf("the example of %s: %s", name, complaint)
			}
			if out, _, code := conforms(t, []byte(example), "-"); code != 0 || !strings.Contains(out, "as the contract says") {
				t.Errorf("the example of %s as %s: %s", name, form, out)
			}
		}
	}
	if _, complaint, code := conforms(t, nil, "example", "case.closed-again"); code != 2 || !strings.Contains(complaint, "no such type") {
		t.Errorf("an unknown type: %d %s", code, complaint)
	}
}

func TestAFolderOfMessagesIsJudgedInItsOrder(t *testing.T) {
	folder := t.TempDir()
	example, _, _ := conforms(t, nil, "example", "case.opened")
	later := regexp.MustCompile(`ce-sequence: 0{19}1`).ReplaceAllString(example, "ce-sequence: 00000000000000000003")
	later = strings.ReplaceAll(later, "000000000002", "000000000009")
	must(t, os.WriteFile(filepath.Join(folder, "1.txt"), []byte(example), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "2.txt"), []byte(later), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "3.json"), []byte(`{"specversion":"1.0","type":"org.handrail.case.opened.v1","name":"somebody","time":"2026-11-22T09:30:00.123Z"}`), 0o600))
	out, _, code := conforms(t, nil, "-o", "json", folder)
	var answer judged
	must(t, json.Unmarshal([]byte(out), &answer))
	if code != 1 || answer.Conforms || len(answer.Messages) != 3 {
		t.Fatalf("code %d: %s", code, out)
	}
	rules := func(i int) (all []string) {
		for _, f := range answer.Messages[i].Findings {
			all = append(all, f.Rule)
		}
		return all
	}
	if got := rules(0); len(got) != 0 {
		t.Errorf("the first has %v", got)
	}
	if got := rules(1); !slices.Equal(got, []string{"signature-invalid"}) {
		t.Errorf("one that was changed after signing has %v", got)
	}
	if got := rules(2); !slices.Contains(got, "attribute-unknown") || !slices.Contains(got, "attribute-missing") || !slices.Contains(got, "attribute-syntax") || strings.Contains(out, "somebody") {
		t.Errorf("a free one has %v", got)
	}
}

func TestWhatCannotBeJudgedIsAnErrorOfUsage(t *testing.T) {
	for _, bad := range []struct {
		input string
		args  []string
	}{
		{"", []string{"-"}},
		{"a letter to the editor\nwithout any headers\n", nil},
		{"", []string{"/nowhere"}},
		{"", []string{t.TempDir()}},
		{"{}", []string{"--key", "no key"}},
		{"{}", []string{"--agency", "No Agency"}},
		{"", []string{"listen", "--listen", "0.0.0.0:0"}},
	} {
		if out, complaint, code := conforms(t, []byte(bad.input), bad.args...); code != 2 || complaint == "" {
			t.Errorf("%q %v: code %d, %s%s", bad.input, bad.args, code, out, complaint)
		}
	}
}

func TestPostedMessagesAreJudgedAsTheyCome(t *testing.T) {
	command := exec.CommandContext(t.Context(), hubtest.Program(t), "conform", "listen", "--listen", "127.0.0.1:0")
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	line := bufio.NewScanner(out)
	line.Scan()
	url := line.Text()[strings.Index(line.Text(), "http://"):]
	example, _, _ := conforms(t, nil, "example", "case.opened")
	headers, data, _ := strings.Cut(strings.TrimSuffix(example, "\n"), "\n\n")
	post := func(change func(http.Header), path, body string) (int, judged) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(url, "/")+path, strings.NewReader(body))
		must(t, err)
		for header := range strings.Lines(headers) {
			name, value, _ := strings.Cut(strings.TrimSpace(header), ": ")
			request.Header.Set(name, value)
		}
		change(request.Header)
		response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
		must(t, err)
		defer response.Body.Close()
		var answer judged
		if response.Header.Get("Content-Type") == "application/json" {
			must(t, json.NewDecoder(response.Body).Decode(&answer))
		}
		return response.StatusCode, answer
	}
	if status, answer := post(func(http.Header) {}, "/", data); status != 200 || !answer.Conforms {
		t.Errorf("the example: %d %+v", status, answer)
	}
	if status, answer := post(func(h http.Header) { h.Set("ce-tracestate", "x") }, "/", data); status != 422 || answer.Messages[0].Findings[0].Rule != "attribute-unknown" {
		t.Errorf("a free attribute: %d %+v", status, answer)
	}
	if status, _ := post(func(http.Header) {}, "/elsewhere", data); status != 404 {
		t.Errorf("elsewhere: %d", status)
	}
	if status, _ := post(func(http.Header) {}, "/", strings.Repeat("x", 3<<20)); status != 413 {
		t.Errorf("3 MiB: %d", status)
	}
}

// Every file that connect.md sends a reader to is there.
func TestConnectLeadsSomewhere(t *testing.T) {
	text, err := os.ReadFile("../../contracts/connect.md")
	must(t, err)
	links := regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1)
	if len(links) < 6 {
		t.Fatalf("connect.md has %d links", len(links))
	}
	for _, link := range links {
		if strings.Contains(link[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("../../contracts", link[1])); err != nil {
			t.Error(err)
		}
	}
	for command := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(command), "handrail conform "); ok {
			if _, _, code := conforms(t, nil, append(strings.Fields(strings.Split(name, "#")[0]), "--help")...); code != 0 {
				t.Errorf("connect.md runs %q", command)
			}
		}
	}
}
