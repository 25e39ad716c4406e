package architecture

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// repository is read through os, so that go test's cache sees every change.
const repository = "../.."

func TestRepositoryKeepsTheRules(t *testing.T) {
	entries, err := os.ReadDir(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if why := brokenEntry(entry.Name()); why != "" {
			t.Errorf("%s: %s", entry.Name(), why)
		}
	}
	sources := goFiles(t)
	if len(sources) == 0 {
		t.Fatal("no Go files were read")
	}
	for file, source := range sources {
		problems, err := brokenFile(file, source)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems {
			t.Errorf("%s %s", file, problem)
		}
	}
	missing, err := undocumented(sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range missing {
		t.Errorf("%s: the package has no doc comment", dir)
	}
}

// goFiles reads the Go files of every layer by their names from the repository's root.
func goFiles(t *testing.T) map[string][]byte {
	t.Helper()
	sources := map[string][]byte{}
	root := os.DirFS(repository)
	for _, folder := range layers() {
		err := fs.WalkDir(root, folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(file) != ".go" {
				return err
			}
			sources[file], err = fs.ReadFile(root, file)
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return sources
}

func TestEveryImportRuleCanFail(t *testing.T) {
	for _, c := range []struct{ file, imported, want string }{
		{"events/event.go", "handrail/contracts/mou", "arrows point down"},
		{"contracts/mou/case.go", "handrail/services/agency", "arrows point down"},
		{"services/agency/journal.go", "handrail/deploy/local", "arrows point down"},
		{"deploy/local/broker.go", "handrail/cmd/internal/process", "arrows point down"},
		{"cmd/handrail/main.go", "handrail/test/hubtest", "arrows point down"},
		{"services/agency/journal_test.go", "handrail/cmd/internal/process", "arrows point down"},
		{"services/agency/submit.go", "github.com/nats-io/nats.go", "only events/exchange and deploy/local may"},
		{"events/event.go", "github.com/nats-io/nkeys", "only events/exchange and deploy/local may"},
		{"services/agency/journal.go", "github.com/jackc/pgx/v5", "only services/ledger and deploy/local may"},
		{"services/ledger/store.go", "modernc.org/sqlite", "only services/agency may"},
		{"services/agency/serve.go", "github.com/danielgtaylor/huma/v2", "only services/agency/systems may"},
		{"services/ledger/admit.go", "go.opentelemetry.io/otel/sdk/trace", "only cmd/internal/process may"},
		{"cmd/handrail/main.go", "go.opentelemetry.io/contrib/exporters/autoexport", "only cmd/internal/process may"},
		{"deploy/local/broker.go", "go.opentelemetry.io/otel/exporters/stdout/stdouttrace", "only cmd/internal/process may"},
		{"services/agency/log.go", "go.opentelemetry.io/contrib/bridges/otelslog", "only cmd/internal/process may"},
		{"services/agency/verify.go", "handrail/services/ledger", "agencies never import the ledger"},
		{"services/police/intake.go", "handrail/services/ledger", "agencies never import the ledger"},
		{"services/police/intake_test.go", "handrail/services/ledger", "agencies never import the ledger"},
		{"services/police/desk.go", "handrail/services/ngo", "desks share only services/agency"},
		{"services/agency/desk.go", "handrail/services/ngo", "knows none of them"},
		{"services/agency/say.go", "handrail/services/web", "know that there are pages"},
		{"services/agency/keyring/keyring.go", "handrail/services/agency/alert", "secrets are kept apart"},
		{"services/agency/keyring/keyring.go", "handrail/events/exchange", "secrets are kept apart"},
		{"services/web/site.go", "handrail/services/agency", "neither agencies nor the ledger"},
		{"services/agency/pages/inbox/inbox.go", "handrail/services/ledger", "agencies never import the ledger"},
		{"services/agency/pages/inbox/inbox.go", "html/template", "only services/web may"},
		{"services/web/site.go", "github.com/coreos/go-oidc/v3/oidc", "only services/web/signin may"},
	} {
		if got := brokenImport(c.file, c.imported); !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: %q, want %q", c.file, c.imported, got, c.want)
		}
	}
	for _, allowed := range [][2]string{
		{"events/exchange/codec.go", "github.com/nats-io/nats.go"},
		{"deploy/local/broker.go", "github.com/nats-io/nats-server/v2/server"},
		{"services/ledger/schema/migrate.go", "github.com/jackc/pgx/v5/stdlib"},
		{"services/ledger/admit.go", "go.opentelemetry.io/otel/trace"},
		{"services/ledger/admit.go", "handrail/contracts/mou"},
		{"services/police/desk.go", "handrail/services/agency"},
		{"services/agency/keyring/keyring.go", "handrail/events/seal"},
		{"services/police/desk.go", "handrail/services/police/form"},
		{"services/agency/pages/inbox/inbox.go", "handrail/services/web"},
		{"services/ledger/pages/trail.go", "handrail/services/web/trail"},
		{"services/web/signin/gate.go", "github.com/coreos/go-oidc/v3/oidc"},
		{"cmd/police/main.go", "handrail/services/police"},
		{"test/hubtest/hub.go", "handrail/cmd/handrail"},
		{"test/faults/wipe_test.go", "github.com/nats-io/nats.go"},
		{"services/agency/relay_test.go", "github.com/nats-io/nats.go"},
		{"events/event.go", "fmt"},
	} {
		if got := brokenImport(allowed[0], allowed[1]); got != "" {
			t.Errorf("%s imports %s: %q, want it allowed", allowed[0], allowed[1], got)
		}
	}
}

func TestEveryFileRuleCanFail(t *testing.T) {
	long := "package events\n" + strings.Repeat("var _ = `a\nb`\n", 200) // two lines each
	for _, c := range []struct{ file, source, want string }{
		{"events/a.go", "package events\nimport \"handrail/cmd/x\"", "imports handrail/cmd/x"},
		{"events/a.go", "package events\nimport \"time\"\nvar t = time.Now()", "reads the clock"},
		{"contracts/mou/a.go", "package mou\nimport clock \"time\"\nvar now = clock.Now", "reads the clock"},
		{"contracts/mou/a.go", "package mou\nimport \"time\"\nfunc f(t time.Time) any { return time.Since(t) }", "reads the clock"},
		{"events/a.go", long, "has 401 lines of code"},
	} {
		problems, err := brokenFile(c.file, []byte(c.source))
		if err != nil || len(problems) != 1 || !strings.Contains(problems[0], c.want) {
			t.Errorf("%s: %q %v, want %q", c.file, problems, err, c.want)
		}
	}
	for file, source := range map[string]string{
		"events/a_test.go":     "package events\nimport \"time\"\nvar t = time.Now()",
		"services/ledger/a.go": "package ledger\nimport \"time\"\nvar t = time.Now()",
		"events/b.go":          "package events\nimport \"time\"\nvar day = 24 * time.Hour",
		"events/c.go":          strings.Repeat("// a comment\n\n/* and\nanother */\n", 200) + strings.TrimSuffix(long, "var _ = `a\nb`\n"),
	} {
		if problems, err := brokenFile(file, []byte(source)); err != nil || len(problems) != 0 {
			t.Errorf("%s: %q %v, want nothing", file, problems, err)
		}
	}
}

func TestMissingPackageCommentIsFound(t *testing.T) {
	missing, err := undocumented(map[string][]byte{
		"events/doc.go":             []byte("// Package events is documented.\npackage events"),
		"events/event.go":           []byte("package events"),
		"contracts/mou/case.go":     []byte("package mou"),
		"test/faults/crash_test.go": []byte("// Package faults is documented in its only file.\npackage faults"),
		"test/attacks/a_test.go":    []byte("package attacks"),
		"cmd/police/main.go":        []byte("package main"),
		"cmd/police/main_test.go":   []byte("// Package main has its comment in the wrong place.\npackage main"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cmd/police", "contracts/mou", "test/attacks"}; !slices.Equal(missing, want) {
		t.Errorf("without a comment: %v, want %v", missing, want)
	}
}

func TestTopLevelRuleCanFail(t *testing.T) {
	for _, name := range []string{"internal", "util", "main.go", "docs", "Dockerfile"} {
		if brokenEntry(name) == "" {
			t.Errorf("%s may stand at the top level", name)
		}
	}
	for _, name := range []string{"events", "go.mod", "README.md", ".ci", ".golangci.yml"} {
		if why := brokenEntry(name); why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
}
