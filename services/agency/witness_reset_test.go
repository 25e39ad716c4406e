package agency

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
)

// loses is an agency that cosigned and lost all memory of it, journal and copy.
func (l *aLog) loses() (a *Agency, size uint64) {
	l.t.Helper()
	a = l.joined()
	l.grows(6)
	l.cosigns(a, at(1))
	size = a.witness.Size
	l.must(a.Close())
	left, err := filepath.Glob(l.config().path("journal.db*"))
	l.must(err)
	for _, file := range append(left, l.config().path(WitnessBackupFile)) {
		l.must(os.Remove(file))
	}
	l.number = 1
	a = l.opened()
	l.gives(a, l.genesisAgain)
	if answer, _ := l.judged(a, l.offers(size, at(2))); answer.Finding != events.FindingStateLost {
		l.t.Fatalf("%+v", answer)
	}
	return a, size
}

func ruleOf(err error) events.Rule {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Rule
	}
	return ""
}

func TestAResetIsComparedSaidInTheLogAndCoveredByTheNextCosignature(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a, size := l.loses()
	good := Reset{Staff: "lead-3", Because: events.ResetStateLost, Size: size, Root: hexRoot(l.tree)}
	for name, c := range map[string]struct {
		spoil func(*Reset)
		rule  events.Rule
	}{
		"a name":             {func(r *Reset) { r.Staff = "Jane Doe" }, events.RuleDataCode},
		"no ground":          {func(r *Reset) { r.Because = "because" }, events.RuleDataCode},
		"nothing found":      {func(r *Reset) { r.Because = events.ResetLogForked }, RuleResetUnneeded},
		"no size":            {func(r *Reset) { r.Size = 0 }, events.RuleDataRange},
		"a huge size":        {func(r *Reset) { r.Size = 1 << 60 }, events.RuleDataRange},
		"not in the log yet": {func(r *Reset) { r.Size = size + 99 }, RuleResetDiffers},
		"a mistyped root":    {func(r *Reset) { r.Root = strings.Repeat("0a", 32) }, RuleResetDiffers},
		"no root":            {func(r *Reset) { r.Root = strings.ToUpper(r.Root) }, events.RuleDataRange},
	} {
		given := good
		c.spoil(&given)
		if _, err := a.ResetWitness(t.Context(), given); ruleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	served.lies(func(string, []byte) []byte { return nil })
	if _, err := a.ResetWitness(t.Context(), good); ruleOf(err) != RuleHubAway {
		t.Errorf("with the hub away: %v", err)
	}
	served.lies(nil)
	if a.witness.Resets != 0 || len(l.said(a)) != 0 || a.alarms.stands(alarmForked) {
		t.Fatal("a refused reset had an effect")
	}

	_, err := a.ResetWitness(t.Context(), good)
	l.must(err)
	said := l.said(a)
	if len(said) != 1 || said[0].event.Type != events.TypeWitnessReset || said[0].event.Subject != string(testAgency) || a.alarmed(alarmLost) {
		t.Fatalf("%+v", said)
	}
	l.grows(1)
	if answer, doubted := l.judged(a, l.offers(size, at(3))); answer != nil || doubted != nil {
		t.Errorf("cosigned before the log holds the reset: %+v", answer)
	}
	l.must(a.Close())
	b := l.opened() // the ceremony stands through a restart
	if view, err := b.Witness(t.Context()); err != nil || view.State != WitnessResets {
		t.Errorf("%+v, %v", view, err)
	}
	before := l.offers(size, at(4))
	l.gives(b, l.receipts(said[0].event))
	if answer, _ := l.judged(b, before); answer != nil {
		t.Errorf("cosigned what does not hold the reset: %+v", answer)
	}
	l.cosigns(b, at(5))
	if view, err := b.Witness(t.Context()); err != nil || view.State != WitnessCosigns || len(view.Resets) != 1 || view.Resets[0].Agency != testAgency {
		t.Errorf("%+v, %v", view, err)
	}
	if _, err := b.ResetWitness(t.Context(), good); ruleOf(err) != RuleResetUnneeded {
		t.Errorf("again: %v", err)
	}
	l.must(l.connects(b))
	if n := l.unconnected(b); n != 0 {
		t.Errorf("%d wait: every delivery is compared anew", n)
	}
}

func TestARefusedResetCosignsNothing(t *testing.T) {
	l := newLog(t)
	l.serves()
	a, size := l.loses()
	given := Reset{Staff: "lead-3", Because: events.ResetStateLost, Size: size, Root: hexRoot(l.tree)}
	_, err := a.ResetWitness(t.Context(), given)
	l.must(err)
	l.gives(a, l.refuses(l.said(a)[0].event, events.RuleDataRange))
	if answer, _ := l.judged(a, l.offers(size, at(9))); answer != nil {
		t.Errorf("cosigned: %+v", answer)
	}
	if view, err := a.Witness(t.Context()); err != nil || view.State != WitnessLost || !strings.Contains(view.Says, "refused") {
		t.Errorf("%+v, %v", view, err)
	}
	if _, err := a.ResetWitness(t.Context(), given); err != nil || a.witness.Resets != 2 {
		t.Errorf("another reset: %v", err)
	}
}

func TestAfterAForkPeopleGoOnFromWhatTheyAgreedOn(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	opened, _ := l.refer(newCaseID(t))
	l.gives(a, l.delivers(opened))
	l.grows(6)
	fork := l.forks()
	of := newCaseID(t)
	_, err := a.Say(t.Context(), Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	l.gives(a, l.receipts(l.said(a)[0].event)) // in the history that nobody goes on with
	l.grows(3)
	l.cosigns(a, at(1))
	fork.grows(9)
	opened, _ = fork.refer(newCaseID(t))
	fork.number = l.number
	l.gives(a, fork.delivers(opened)) // and the hub went on with its own numbers
	l.judged(a, fork.offers(a.witness.Size, at(2)))
	served.serve(fork)
	_, err = a.ResetWitness(t.Context(), Reset{Staff: "lead-3", Because: events.ResetLogForked, Size: fork.tree.Size(), Root: hexRoot(fork.tree)})
	l.must(err)
	view, err := a.Witness(t.Context())
	l.must(err)
	if a.alarmed(alarmForked) || len(view.Findings) != 1 || view.Findings[0].Over == nil {
		t.Errorf("what was found is not settled, or forgotten: %+v", view)
	}
	var staff string
	l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT staff FROM ceremony`).Scan(&staff))
	if staff != "lead-3" {
		t.Errorf("who did it is kept as %q", staff)
	}
	if said := l.said(a); a.stored != 2 || len(said) != 2 || said[0].answered != 0 {
		t.Errorf("stored %d, said %+v: what was lost is not said again", a.stored, said)
	}
	fork.number = 2
	l.gives(a, fork.receipts(l.said(a)[0].event), fork.receipts(l.said(a)[1].event))
	if said := l.said(a); a.stored != 4 || said[0].answered != 3 || len(a.alarms.list()) != 0 {
		t.Errorf("stored %d, said %+v, %+v", a.stored, said, a.alarms.list())
	}
	fork.grows(1)
	fork.cosigns(a, at(5))
	l.must(a.Close())
	if b := l.opened(); b.witness.Size != fork.tree.Size() || b.alarmed(alarmForked) {
		t.Errorf("after a restart: %d, %+v", b.witness.Size, b.alarms.list())
	}
}

func TestAResetIsNothingToSayInPassing(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	reset := &events.WitnessReset{Said: justNow(), Because: events.ResetStateLost, Size: 1, Root: hexRoot(l.tree)}
	if _, err := a.Say(t.Context(), Statement{Payload: reset}); ruleOf(err) != events.RuleTypeUnknown {
		t.Errorf("%v", err)
	}
	if _, err := a.say(t.Context(), false, Statement{Payload: reset}); ruleOf(err) != events.RuleTypeUnknown {
		t.Errorf("%v", err)
	}
}

func TestOthersResetsAreShown(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	reset := &events.WitnessReset{Said: justNow(), Because: events.ResetStateLost, Size: 1, Root: hexRoot(l.tree)}
	l.gives(a, l.delivers(l.event(testSender, l.sender, string(testSender), "", reset)))
	if view, err := a.Witness(t.Context()); err != nil || len(view.Resets) != 1 || view.Resets[0].Agency != testSender {
		t.Errorf("%+v, %v", view, err)
	}
	l.must(a.Close())
	if b := l.opened(); len(b.resets) != 1 {
		t.Errorf("after a restart: %+v", b.resets)
	}
}

func TestTheDeskServesTheWitness(t *testing.T) {
	l := newLog(t)
	l.serves()
	a := l.joined()
	l.cosigns(a, at(1))
	desk := a.deskRoutes()
	for path, want := range map[string]int{
		"GET /v1/witness": http.StatusOK, "GET /v1/evidence": http.StatusOK, "GET /v1/proof/0": http.StatusServiceUnavailable,
		"GET /v1/proof/7": http.StatusNotFound, "GET /v1/proof/-1": http.StatusNotFound, "GET /v1/proof/hello%25": http.StatusNotFound,
		"GET /v1/proof/18446744073709551616": http.StatusNotFound,
	} {
		if status, text := asks(desk, path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for body, want := range map[string]int{
		`{`: http.StatusBadRequest, `{"staff":"x","because":"state-lost","size":-1,"root":""}`: http.StatusBadRequest,
		`{"staff":"lead-3","because":"state-lost","size":1,"root":"` + hexRoot(l.tree) + `"}`: http.StatusConflict,
	} {
		if status, text := asks(desk, "POST /v1/witness/reset", body); status != want {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
}
