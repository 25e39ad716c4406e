package alert

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const planted = "PLANTED-SECRET"

// example is the rota of the package's documentation.
func example(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if rota, ok := strings.CutPrefix(line, "//\t"); ok && !strings.HasPrefix(rota, "Handrail:") {
			lines = append(lines, rota)
		} else if line == "//\n" {
			lines = append(lines, "\n")
		}
	}
	return strings.Join(lines, "")
}

func TestTheExampleOfTheDocumentationIsARota(t *testing.T) {
	r := parsed(t, example(t))
	if len(r.people) != 5 || !r.people["duty-4"].push || len(r.push.hosts) != 4 || len(r.shifts) != 2 || r.smtp.port != 587 || r.ca != "roots.pem" || r.people["lead-1"].number != "+37255500009" {
		t.Errorf("%+v", r)
	}
}

func TestAWrongRotaIsRefusedByTheNameOfTheField(t *testing.T) {
	good := example(t)
	for _, c := range []struct{ from, to, want string }{
		{"Europe/Tallinn", "Europe/" + planted, "timezone:"},
		{"Europe/Tallinn", "../../etc/localtime", "timezone:"},
		{"Europe/Tallinn", "Local", "timezone:"},
		{"language: en", "language: " + planted, "language:"},
		{"tonight: 5m", "tonight: 5", "wait.tonight:"},
		{"tonight: 5m", "tonight: 90m", "wait.tonight:"},
		{"standard: 30m", "standard: -30m", "wait.standard:"},
		{"rounds: 3", "rounds: 11", "rounds:"},
		{"rounds: 3", "rounds: many", "line "},
		{`{days: daily, from: "21:00"`, `{days: nightly, from: "21:00"`, "quiet[0].days:"},
		{`from: "21:00", to: "08:00"`, `from: "21:60", to: "08:00"`, "quiet[0].from:"},
		{`from: "21:00", to: "08:00"`, `from: "24:00", to: "08:00"`, "quiet[0].from:"},
		{`from: "21:00", to: "08:00"`, `from: "08:00", to: "08:00"`, "quiet[0].to:"},
		{`from: "21:00", to: "08:00"`, `from: "08:00", to: "24:01"`, "quiet[0].to:"},
		{"  duty-1:\n", "  " + planted + ":\n", "people:"},
		{"  duty-1:\n", "  duty-2:\n", "line "},
		{"https://duty.example.org/hook", "http://duty.example.org/" + planted, "people.duty-1.webhook.url:"},
		{"https://duty.example.org/hook", "https://u:" + planted + "@duty.example.org/", "people.duty-1.webhook.url:"},
		{"https://duty.example.org/hook", "file:///" + planted, "people.duty-1.webhook.url:"},
		{"secret: duty-1.whsec", "secret: ../" + planted, "people.duty-1.webhook.secret:"},
		{"secret: duty-1.whsec", "secret: rota.yaml", "people.duty-1.webhook.secret:"},
		{"mail: duty-2@example.org", `mail: "a@b\r\nBcc: ` + planted + `"`, "people.duty-2.mail:"},
		{`"+37255500002"`, `"0` + planted + `"`, "people.duty-2.sms:"},
		{"    sms: \"+37255500009\"\n", "    mail: \"\"\n", "people.lead-1:"},
		{"people: [duty-1, duty-2]", "people: [duty-1, " + planted + "]", "shifts[0].people[1]:"},
		{"people: [duty-1, duty-2]", "people: []", "shifts[0].people:"},
		{"otherwise: [lead-1, duty-3]", "otherwise: []", "otherwise: no shift covers mo 00:00"},
		{"otherwise: [lead-1, duty-3]", "otherwise: [duty-9]", "otherwise[0]:"},
		{"security: starttls", "security: none", "smtp.security:"},
		{"security: starttls", "security: " + planted, "smtp.security:"},
		{"host: mail.example.org", `host: "a b"`, "smtp.host:"},
		{"port: 587", "port: 70000", "smtp.port:"},
		{"password: smtp.password, ", "", "smtp.user:"},
		{"from: handrail@example.org", "from: " + planted, "smtp.from:"},
		{"url: https://sms.example.org/v1/messages", "url: sms.example.org", "sms.url:"},
		{"token: sms.token", "token: /etc/" + planted, "sms.token:"},
		{`"{text}"}'`, `"` + planted + `"}'`, "sms.body:"},
		{`'{"recipients"`, `'{{"recipients"`, "sms.body:"},
		{"ca: roots.pem", "ca: ../roots.pem", "ca:"},
		{"rounds: 3", "rounds: 3\nroundz: 4", "roundz: a rota has no field"},
		{"rounds: 3", "rounds: 3\nrounds: 4", "line "},
		{"rounds: 3", "rounds: 3\n" + planted + ": 1", "line "},
		{"rounds: 3", "rounds: &a 3", "anchors"},
		{"rounds: 3", "rounds: !!int 3", "anchors"},
		{"ca: roots.pem", "ca: roots.pem\n---\nca: " + planted, "document"},
		{"ca: roots.pem", "ca: " + strings.Repeat("[", 40) + planted, "line "},
		{"ca: roots.pem", "ca: roots.pem\n" + strings.Repeat("#", rotaBytes), "larger than"},
		{good, "", "empty"},
		{good, "- " + planted, "line "},
		{good, "\x00\xff" + planted, ""},
	} {
		if !strings.Contains(good, c.from) {
			t.Fatalf("the example has no %q", c.from)
		}
		_, err := ParseRota([]byte(strings.Replace(good, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), planted) {
			t.Errorf("%q: %v, want %q", c.to, err, c.want)
		}
	}
}

func TestARotaThatOthersCanReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := readPrivate(dir, RotaFile, rotaBytes); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("no rota: %v", err)
	}
	path := filepath.Join(dir, RotaFile)
	if err := os.WriteFile(path, []byte(nightAndDay), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrivate(dir, RotaFile, rotaBytes); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by the group: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrivate(dir, RotaFile, rotaBytes); err != nil {
		t.Error(err)
	}
}

// FuzzRota looks for a rota that ends the program, or that is taken and has
// nobody to alert, and for an error that repeats what stands in the file.
func FuzzRota(f *testing.F) {
	f.Add(example(f))
	f.Add(nightAndDay)
	f.Add("people: {duty-1: {sms: \"+37255500001\"}}\nshifts: [{days: mo-su, from: \"00:00\", to: \"24:00\", people: [duty-1]}]")
	f.Add("timezone: " + planted)
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		r, err := ParseRota([]byte(text))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		if err != nil {
			if strings.Contains(err.Error(), planted) {
				t.Errorf("the error repeats the file: %v", err)
			}
			return
		}
		if len(r.people) == 0 || len(r.OnDuty(monday)) == 0 || r.rounds < 1 {
			t.Errorf("nobody is alerted by %q", text)
		}
	})
}
