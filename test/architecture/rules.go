// Package architecture checks the design rules of the repository that a compiler does not: who imports what, where the
// clock may be read, what stands at the top level, how long a file is.
package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	module       = "handrail/"
	longestFile  = 400 // lines of code, which are lines with a token on them
	agencyShared = "services/agency"
	agencyKeys   = "services/agency/keyring"
	webShared    = "services/web"
)

// layers lists the folders from the bottom up: code imports its own layer or a lower one.
func layers() []string {
	return []string{"events", "contracts", "services", "deploy", "cmd", "test"}
}

// owners names the folders that may import each outside technology.
func owners() map[string][]string {
	telemetry, signIn := []string{"cmd/internal/process"}, []string{"services/web/signin"}
	return map[string][]string{
		"github.com/nats-io/":                      {"events/exchange", "deploy/local"},
		"github.com/jackc/pgx/":                    {"services/ledger", "deploy/local"},
		"modernc.org/sqlite":                       {"services/agency"},
		"github.com/danielgtaylor/huma/":           {"services/agency/systems"},
		"github.com/coreos/go-oidc/":               signIn,
		"golang.org/x/oauth2":                      signIn,
		"github.com/go-webauthn/":                  signIn,
		"github.com/alexedwards/scs/":              signIn,
		"github.com/nicksnyder/go-i18n/":           {"services/web/language"},
		"html/template":                            {"services/web"},
		"go.opentelemetry.io/otel/sdk":             telemetry,
		"go.opentelemetry.io/otel/exporters/":      telemetry,
		"go.opentelemetry.io/contrib/exporters/":   telemetry,
		"go.opentelemetry.io/contrib/bridges/otel": telemetry,
	}
}

// desks are independent organisations: they share the agency runtime and nothing else of the services.
func desks() []string {
	return []string{"services/police", "services/social", "services/ngo", "services/embassy", "services/coordinator"}
}

// pages are what people see: what stands beside them does its work without a page.
func pages() []string { return []string{"services/agency/pages", "services/ledger/pages"} }

// agencySide is what runs at an agency: whoever runs there must not depend on the ledger's code to verify it.
func agencySide() []string { return append(desks(), agencyShared) }

// brokenImport says why a file may not import a package, or "". Files are named from the repository's root. Tests may
// use any technology and, in test/, any layer; everything else holds for them too.
func brokenImport(file, imported string) string {
	dir, isTest := path.Dir(file), strings.HasSuffix(file, "_test.go")
	if !isTest && !within(dir, "test") {
		for library, allowed := range owners() {
			if strings.HasPrefix(imported, library) && !withinAny(dir, allowed) {
				return "only " + strings.Join(allowed, " and ") + " may"
			}
		}
	}
	pkg, ours := strings.CutPrefix(imported, module)
	switch {
	case !ours:
		return ""
	case layer(pkg) > layer(file):
		return "arrows point down: " + strings.Join(layers(), " < ")
	case withinAny(dir, agencySide()) && within(pkg, "services/ledger"):
		return "agencies never import the ledger; what they verify with is contracts/tlog"
	case withinAny(dir, desks()) && layer(pkg) == layer(file) && !within(pkg, agencyShared) && !within(pkg, deskOf(dir)):
		return "desks share only " + agencyShared
	case within(dir, agencyShared) && withinAny(pkg, desks()):
		return "the runtime that desks share knows none of them"
	case within(dir, agencyKeys) && !slices.Contains(ofKeys(), pkg):
		return "secrets are kept apart: only " + strings.Join(ofKeys(), ", ") + " may be known there"
	case within(dir, webShared) && layer(pkg) == layer(file) && !within(pkg, webShared):
		return "the ground that pages share knows neither agencies nor the ledger"
	case within(pkg, webShared) && layer(file) == layer(pkg) && !within(dir, webShared) && !withinAny(dir, pages()):
		return "only " + strings.Join(pages(), " and ") + " know that there are pages"
	}
	return ""
}

// ofKeys is all that the package of an agency's secrets may build on: it knows no journal, no broker and no desk.
func ofKeys() []string { return []string{"events", "events/seal", "contracts/tlog", agencyKeys} }

func deskOf(dir string) string {
	return desks()[slices.IndexFunc(desks(), func(desk string) bool { return within(dir, desk) })]
}

func within(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

func withinAny(dir string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return within(dir, folder) })
}

func layer(file string) int {
	name, _, _ := strings.Cut(file, "/")
	return slices.Index(layers(), name)
}

// brokenEntry says why something may not stand at the top level, or "".
func brokenEntry(name string) string {
	allowed := append(layers(), "go.mod", "go.sum", "README.md", "LICENSE", "Makefile")
	if strings.HasPrefix(name, ".") || slices.Contains(allowed, name) {
		return ""
	}
	return "the top level holds only " + strings.Join(allowed, ", ") + " and dotfiles"
}

// brokenFile lists what is wrong inside one Go file, except for package comments, see undocumented.
func brokenFile(file string, source []byte) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if why := brokenImport(file, imported); why != "" {
			problems = append(problems, fmt.Sprintf("imports %s: %s", imported, why))
		}
	}
	if strings.HasSuffix(file, "_test.go") {
		return problems, nil
	}
	if (within(file, "events") || within(file, "contracts")) && readsClock(parsed) {
		problems = append(problems, "reads the clock: events and contracts are passed the time")
	}
	if lines := linesOfCode(source); lines > longestFile {
		problems = append(problems, fmt.Sprintf("has %d lines of code, more than %d: is it one job?", lines, longestFile))
	}
	return problems, nil
}

// readsClock finds time.Now, time.Since and time.Until, by whatever name the file imports the package.
func readsClock(file *ast.File) bool {
	name := ""
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return false
	}
	found := name == "." // then no call could be told apart
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		found = found || ok && of.Name == name && slices.Contains([]string{"Now", "Since", "Until"}, selector.Sel.Name)
		return true
	})
	return found
}

// linesOfCode counts lines that are neither blank nor only comment.
func linesOfCode(source []byte) int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue // inserted by the scanner
		}
		first := file.Line(pos)
		for line := range strings.Count(literal, "\n") + 1 {
			lines[first+line] = true
		}
	}
}

// undocumented lists the folders whose package has no doc comment in any of its files (test files count only where
// there is nothing else). sources is every Go file by name.
func undocumented(sources map[string][]byte) ([]string, error) {
	documented, hasCode := map[string]bool{}, map[string]bool{}
	for _, onlyTests := range []bool{false, true} {
		for file, source := range sources {
			dir := path.Dir(file)
			if strings.HasSuffix(file, "_test.go") != onlyTests || onlyTests && hasCode[dir] {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				return nil, err
			}
			documented[dir] = documented[dir] || strings.TrimSpace(parsed.Doc.Text()) != ""
			if !onlyTests {
				hasCode[dir] = true
			}
		}
	}
	var missing []string
	for dir, has := range documented {
		if !has {
			missing = append(missing, dir)
		}
	}
	slices.Sort(missing)
	return missing, nil
}
