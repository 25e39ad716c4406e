// Package faults kills the services of a whole hub with kill -9, wipes the
// broker's storage, and checks afterwards that nothing was lost or doubled and
// that everybody still agrees with the ledger. README.md says what is killed,
// when, and what is checked.
package faults

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// settings of a run. The environment gives the defaults, so that a run of all
// packages can be made longer too.
type settings struct {
	seed   uint64        // of everything that is random here; the services' own timing stays
	rounds int           // how often each kind of fault happens under load
	cases  int           // at once under load
	wait   time.Duration // for anything that another service has to do first
}

// usualRounds is what a run has time for when it is one of many.
const usualRounds = 3

var chosen = settings{wait: 2 * time.Minute}

func TestMain(m *testing.M) {
	flag.Uint64Var(&chosen.seed, "seed", uint64(number("HANDRAIL_FAULTS_SEED", time.Now().UnixNano())), "seed of the faults and of what people say; HANDRAIL_FAULTS_SEED")
	flag.IntVar(&chosen.rounds, "rounds", int(number("HANDRAIL_FAULTS_ROUNDS", usualRounds)), "how often each kind of fault happens under load; HANDRAIL_FAULTS_ROUNDS")
	flag.IntVar(&chosen.cases, "cases", int(number("HANDRAIL_FAULTS_CASES", 7)), "cases at once under load, one for each way that they can go; HANDRAIL_FAULTS_CASES")
	flag.Parse()
	// A server that somebody else runs cannot be killed: these tests start their own.
	if err := os.Unsetenv("HANDRAIL_DATABASE_URL"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// number is a setting of the environment, or the default.
func number(name string, otherwise int64) int64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 1 {
		fmt.Fprintf(os.Stderr, "%s is a positive number\n", name)
		os.Exit(2)
	}
	return value
}
