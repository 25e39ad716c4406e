package alert

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"handrail/events"
)

// ringIn is the folder in which this program, started again by a test, rings
// until it is killed.
const ringIn = "HANDRAIL_TEST_RING_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ringIn); dir != "" {
		if err := ringUntilKilled(dir); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func openIn(dir string) (*sql.DB, Journal, error) {
	options := url.Values{"_pragma": {"foreign_keys(ON)", "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: filepath.Join(dir, "journal.db"), RawQuery: options.Encode()}).String())
	if err != nil {
		return nil, Journal{}, err
	}
	_, err = db.Exec(Schema)
	return db, Journal{Read: db, Update: func(ctx context.Context, work func(*sql.Tx) error) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := work(tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}}, err
}

func ringUntilKilled(dir string) error {
	_, journal, err := openIn(dir)
	if err != nil {
		return err
	}
	ringer, err := New(Config{
		Dir: dir, Journal: journal, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Raise: func(context.Context, string, string, string, error) {}, Over: func(string, string) {},
	})
	if err != nil {
		return err
	}
	return ringer.Run(context.Background(), func() []Cause { return []Cause{asked(events.Tonight, 1)} })
}

func TestKillingTheServiceWhileItRingsLosesNothingAndDoublesWhatWasUnderWay(t *testing.T) {
	w := newWorld(t, fourPeople)
	w.clock.now = time.Now()
	w.must(w.db.Close())
	answered := make(chan struct{}) // never: the service is killed while it waits
	w.bell.answers("/duty-1", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-answered:
		case <-r.Context().Done():
		}
	})
	service := exec.CommandContext(t.Context(), os.Args[0])
	service.Env = append(os.Environ(), ringIn+"="+w.dir)
	w.must(service.Start())
	var first []rung
	until(t, "the service rings", func() bool {
		first = append(first, w.bell.heard()...)
		return len(first) > 0
	})
	w.must(service.Process.Kill())
	_ = service.Wait() // it was killed
	w.bell.answers("/duty-1", nil)
	w.start()
	w.clock.pass(time.Second)
	again := w.looks(asked(events.Tonight, 1))
	w.hears(again, "duty-1", "the next run")
	if len(first) != 1 || again[0].header.Get("webhook-id") != first[0].header.Get("webhook-id") {
		t.Errorf("%v, then %v", first, again)
	}
	w.hears(w.after(time.Minute, asked(events.Tonight, 1)), "", "once it was taken")
	w.hears(w.after(5*time.Minute, asked(events.Tonight, 1)), "duty-2 sms", "and the escalation goes on")
	if got := w.list(); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}
