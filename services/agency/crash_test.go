package agency

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// TestMain lets the test binary be the process that dies.
func TestMain(m *testing.M) {
	if os.Getenv("HANDRAIL_TEST_JOURNAL") != "" {
		if err := sayUntilKilled(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// sayUntilKilled says one thing after the other, prints each id that Say
// returned, and kills its own process at a step of the journal.
func sayUntilKilled() error {
	var c Config
	if err := json.Unmarshal([]byte(os.Getenv("HANDRAIL_TEST_JOURNAL")), &c); err != nil {
		return err
	}
	c.Desk = testDesk{}
	a, err := New(c)
	if err != nil {
		return err
	}
	left, err := strconv.Atoi(os.Getenv("HANDRAIL_TEST_STEPS"))
	if err != nil {
		return err
	}
	a.journal.step = func(string) {
		if left--; left < 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute)
		}
	}
	if work := os.Getenv("HANDRAIL_TEST_KEYS"); work != "" {
		return changeKeysUntilKilled(a, work)
	}
	if request := os.Getenv("HANDRAIL_TEST_REQUEST"); request != "" {
		return requestUntilKilled(a, request)
	}
	if path := os.Getenv("HANDRAIL_TEST_OFFERS"); path != "" {
		return cosignUntilKilled(a, path)
	}
	for {
		id, err := events.NewUUID(time.Now(), zeros{})
		if err != nil {
			return err
		}
		ids, err := a.say(context.Background(), false, Statement{Case: events.CaseID(id), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
		if err != nil {
			return err
		}
		fmt.Println(ids[0])
	}
}

// killedAt runs this agency in a process that dies at a step of its journal, and
// gives whether it died there and what it printed. What it does there is said in the
// environment, as sayUntilKilled reads it.
func (l *aLog) killedAt(step int, does ...string) (died bool, printed string) {
	l.t.Helper()
	config := l.config()
	config.Desk, config.Logger = nil, nil
	text, err := json.Marshal(config)
	l.must(err)
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), "HANDRAIL_TEST_JOURNAL="+string(text), "HANDRAIL_TEST_STEPS="+strconv.Itoa(step))
	child.Env = append(child.Env, does...)
	var complaint strings.Builder
	child.Stderr = &complaint
	out, err := child.Output()
	status, _ := child.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() && (err != nil || strings.Contains(string(out), "FAIL")) {
		l.t.Fatalf("step %d: the child ended by itself: %v %s %s", step, err, out, complaint.String())
	}
	return status.Signaled(), string(out)
}

// zeros makes case ids; event ids are random.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestKillingTheProcessBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.must(a.Close())
	acknowledged := map[events.EventID]bool{}
	for steps := range 16 {
		died, printed := l.killedAt(steps)
		if !died {
			t.Fatalf("step %d: the child ended by itself", steps)
		}
		for lines := bufio.NewScanner(strings.NewReader(printed)); lines.Scan(); {
			acknowledged[events.EventID(lines.Text())] = true
		}
	}
	b := l.opened()
	rows, err := readOutbox(t.Context(), b.journal.reader, b.keys, `ORDER BY position`)
	l.must(err)
	if len(acknowledged) == 0 || len(rows) < len(acknowledged) {
		t.Fatalf("%d rows, %d acknowledged", len(rows), len(acknowledged))
	}
	for i, row := range rows {
		if row.damage != nil || row.event.Sequence != events.Sequence(i+1).String() {
			t.Errorf("row %d has sequence %s, damage %v", i+1, row.event.Sequence, row.damage)
		}
		delete(acknowledged, row.event.ID)
	}
	if len(acknowledged) != 0 {
		t.Errorf("%d events were acknowledged and lost", len(acknowledged))
	}
}

func TestTheJournalIsPrivateAndHasOneOwner(t *testing.T) {
	l := newLog(t)
	l.joined()
	for _, file := range []string{"journal.db", "journal.db-wal", "journal.db-shm"} {
		if got := mode(t, l.config().path(file)); got != 0o600 {
			t.Errorf("%s has mode %o", file, got)
		}
	}
	if _, err := New(l.config()); err == nil {
		t.Error("two processes run the same agency")
	}
}
