package agency

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// storedOffer is an offer for another process.
type storedOffer struct {
	At    time.Time
	Facts *events.CheckpointOffered
}

// cosignUntilKilled judges offers, prints each size that it cosigned, and is
// killed at a step of the journal.
func cosignUntilKilled(a *Agency, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var all []storedOffer
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for _, o := range all {
		answer, _, err := a.consider(context.Background(), offered{o.At, o.Facts})
		if err != nil {
			return err
		}
		if answer != nil && answer.Finding == "" {
			fmt.Println(answer.Size)
		}
	}
	return nil
}

func TestKillingAWitnessBetweenAnyTwoStepsForgetsNoCosignature(t *testing.T) {
	for steps := range 9 {
		l := newLog(t)
		a := l.joined()
		l.must(a.Close())
		var all []storedOffer
		old := uint64(0)
		for i := range 3 {
			l.grows(3)
			o := l.offers(old, at(i+1))
			all = append(all, storedOffer{o.at, o.facts})
			old = l.tree.Size()
		}
		text, err := json.Marshal(all)
		l.must(err)
		path := filepath.Join(t.TempDir(), "offers")
		l.must(os.WriteFile(path, text, 0o600))
		died, printed := l.killedAt(steps, "HANDRAIL_TEST_OFFERS="+path)
		if !died {
			t.Fatalf("step %d: the child ended by itself", steps)
		}
		told := uint64(0)
		for line := range strings.FieldsSeq(printed) {
			told, err = strconv.ParseUint(line, 10, 64)
			l.must(err)
		}
		b := l.opened()
		if b.witness.Size < told || len(b.alarms.list()) != 0 {
			t.Errorf("step %d: it told %d and remembers %d; %+v", steps, told, b.witness.Size, b.alarms.list())
		}
		if b.witness.Size > 0 {
			copied, err := b.readCosigned(l.files(WitnessBackupFile)[WitnessBackupFile])
			if err != nil || copied.Size != b.witness.Size {
				t.Errorf("step %d: the copy stands at %d, %v", steps, copied.Size, err)
			}
		}
		l.cosigns(b, at(9))
		l.must(b.Close())
	}
}
