package attacks

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/test/hubtest"
)

// onDuty is planted where the hub reads along: in facts, which are no secret from
// it. Nobody else has this number.
const onDuty = "consul-8273"

// buried is a case of which everything is searched after its time is over.
type buried struct {
	*operator

	person *planted
	sealed []needle // what was sealed, as the hub stored it
}

// needle is bytes that stand nowhere by chance, several of one thing: a page of a
// database may end within one.
type needle struct {
	name   string
	pieces [][]byte
}

const pieceLength = 24

// TestRetentionLeavesNothingOfACase goes with a case to its end and beyond: the
// person takes consent back, the shelter erases, the case is closed, its time
// ends, and the retention job destroys what the hub stored. Then every file of the
// hub, the broker and the agencies is searched for what the person said, for what
// was sealed, and for the facts. What is left is what README.md names, and the log
// still verifies.
func TestRetentionLeavesNothingOfACase(t *testing.T) {
	b := &buried{operator: newOperator(t), person: &planted{stem: ofPerson}}
	b.lives()
	b.isFound()
	b.ends()
	b.isProved()
	b.halts()
	places := b.everywhere()
	for _, place := range slices.Sorted(maps.Keys(places)) {
		left := places[place]
		allowed := residue(place)
		for _, what := range left {
			if !slices.Contains(allowed, what) {
				t.Errorf("%s still holds %s of a case whose time is over", place, what)
			}
		}
		t.Logf("residue: %s holds %s", place, strings.Join(left, ", "))
	}
}

// What of a case may be left, by what it is.
const (
	leftWords  = "what the person said"
	leftSealed = "what was sealed"
	leftFacts  = "facts"
)

// residue says what may be left where, and README.md why.
func residue(place string) []string {
	parts := strings.Split(place, string(filepath.Separator))
	switch {
	case parts[0] == "postgres" && slices.Contains(parts, "pg_wal"):
		return []string{leftSealed, leftFacts} // until the server writes over it
	case inBroker(place):
		return []string{leftSealed, leftFacts} // until the block is empty
	case strings.HasPrefix(place, filepath.Join("agencies", string(honest), "journal.db")):
		return []string{leftSealed, leftFacts} // what it said itself, sealed to somebody who erased it
	case strings.HasPrefix(place, filepath.Join("agencies", string(shelter), "journal.db")):
		return []string{leftFacts} // its own record of its own work
	}
	return nil
}

// lives is the case from the night on which somebody asks for a bed to its closing.
func (b *buried) lives() {
	t := b.t
	police, provider := client.People(b.hub.At.Agency(honest)), client.People(b.hub.At.Agency(shelter))
	x := &trial{arena: b.arena, t: t, person: b.person, number: &planted{stem: ofNumber}}
	asked, err := police.Tonight(t.Context(), agency.Tonight{
		Need: events.Set[events.Need]{"emergency-shelter"}, Age: events.Adult, Language: "ron", Bundle: "bed", Dangers: events.Set[events.Safety]{"pursued"},
		CallBack: "+" + x.number.mark(callBack), Safe: b.person.mark("safe"), Name: b.person.mark("name"), To: events.Set[events.AgencyID]{shelter},
	})
	must(t, err)
	x.hears(provider, asked.Case)
	of := string(asked.Case)
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "referral.acknowledged", "referral": asked.Referral, "data": map[string]string{"duty": onDuty}}, nil))
	x.opened(provider, of, "needs")
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "referral.accepted", "referral": asked.Referral}, nil))
	x.opened(provider, of, "identity")
	x.opened(provider, of, "contact")
	b.world.Case = asked.Case
	b.seals()
	b.happens(
		"police hears no more to any shelter for accommodation", "hub records consent.withdrawn by police",
	)
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "erasure.confirmed", "referral": asked.Referral, "data": map[string]string{"answer": "erased"}}, nil))
	b.happens("hub records erasure.confirmed by shelter", "police says case.closed reason=completed", "hub records case.closed by police")
}

// seals remembers the ciphertexts of the case as the hub stores them.
func (b *buried) seals() {
	b.t.Helper()
	rows, err := b.hub.AsOwner(b.t.Context(), `SELECT p.data FROM payload p JOIN case_entry c USING (number) WHERE c.case_id::text = $1 ORDER BY number`, string(b.world.Case))
	must(b.t, err)
	for _, row := range rows {
		data, _ := row[0].([]byte)
		parts := bytes.Split(data, []byte("."))
		if len(parts) != 5 { // a JWE has five, facts are JSON
			continue
		}
		text := parts[3]
		n := needle{name: leftSealed}
		for piece := range slices.Chunk(text, pieceLength) {
			if len(piece) == pieceLength {
				n.pieces = append(n.pieces, bytes.Clone(piece))
			}
		}
		b.sealed = append(b.sealed, n)
	}
	if len(b.sealed) < 3 {
		b.t.Fatalf("only %d sealed records of the case are stored", len(b.sealed))
	}
}

// isFound checks that the search would find what it is to look for.
func (b *buried) isFound() {
	b.t.Helper()
	b.shut() // so that the tables are in their files
	before := b.everywhere()
	b.open()
	found := map[string]bool{}
	for place, left := range before {
		inTables := strings.HasPrefix(place, "postgres") && !strings.Contains(place, "pg_wal")
		for _, what := range left {
			found[what] = found[what] || inTables && what == leftFacts || strings.HasPrefix(place, "agencies") && what == leftSealed
		}
	}
	if !found[leftFacts] || !found[leftSealed] {
		b.t.Fatalf("the search finds nothing even before retention: %v", before)
	}
}

// ends makes the case old, as the database's owner may, lets the hub notice, and
// runs the job.
func (b *buried) ends() {
	t := b.t
	_, err := b.hub.AsOwner(t.Context(), "UPDATE case_state SET said = said - interval '11 years' WHERE case_id::text = $1", string(b.world.Case))
	must(t, err)
	must(t, b.hub.Kill(local.ServiceLedger))
	must(t, b.hub.Start(context.Background(), local.ServiceLedger))
	b.within("the hub says that retention has ended", func() bool {
		rows, err := b.hub.AsOwner(t.Context(), "SELECT count(*) FROM retired WHERE case_id::text = $1", string(b.world.Case))
		must(t, err)
		n, _ := rows[0][0].(int64)
		return n == 1
	})
	out, errs, code := hubtest.Run(t.Context(), t, "retention", "run", "--data", b.hub.At.Root)
	if code != 0 {
		t.Fatalf("the retention job ends with %d: %s %s", code, out, errs)
	}
	t.Log(strings.TrimSpace(out))
	rows, err := b.hub.AsOwner(t.Context(), `SELECT (SELECT count(*) FROM opening o JOIN case_entry c USING (number) WHERE c.case_id::text = $1)
		+ (SELECT count(*) FROM payload p JOIN case_entry c USING (number) WHERE c.case_id::text = $1) + (SELECT count(*) FROM case_state s WHERE s.case_id::text = $1)`, string(b.world.Case))
	must(t, err)
	if n, _ := rows[0][0].(int64); n != 0 {
		t.Errorf("%d rows of the case are left", n)
	}
}

// isProved checks that what is left of the case still verifies, and says why it is no more.
func (b *buried) isProved() {
	for _, args := range [][]string{{"audit", "replay", string(b.world.Case)}, {"audit", "log", "--verify"}} {
		out, errs, code := hubtest.Run(b.t.Context(), b.t, append(args, "--data", b.hub.At.Root)...)
		if code != 0 {
			b.t.Errorf("%v ends with %d: %s %s", args, code, out, errs)
		}
		if args[1] == "replay" && !strings.Contains(out, "retention") {
			b.t.Errorf("the replay does not say that retention has ended: %s", out)
		}
	}
}

// halts ends everything in good order, so that all that is stored is in files.
func (b *buried) halts() {
	for _, name := range slices.Backward(b.hub.Services()) {
		must(b.t, b.hub.Process(name).Signal(os.Interrupt))
		<-b.hub.Process(name).Done()
	}
	must(b.t, b.hub.Postgres.Stop())
}

// everywhere searches every file of the data directory, and says by file what is
// left of the case in it.
func (b *buried) everywhere() map[string][]string {
	b.t.Helper()
	left := map[string][]string{}
	root := b.hub.At.Root
	must(b.t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return ignoreGone(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return ignoreGone(err)
		}
		place, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if what := b.leftIn(content); len(what) > 0 {
			left[place] = what
		}
		return nil
	}))
	return left
}

func (b *buried) leftIn(content []byte) []string {
	var left []string
	if len(b.person.found(content)) > 0 {
		left = append(left, leftWords)
	}
	if bytes.Contains(content, []byte(onDuty)) {
		left = append(left, leftFacts)
	}
	if slices.ContainsFunc(b.sealed, func(n needle) bool {
		return slices.ContainsFunc(n.pieces, func(piece []byte) bool { return bytes.Contains(content, piece) })
	}) {
		left = append(left, leftSealed)
	}
	return left
}
