package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger"
)

// later gives a world whose hub's clock can be set ahead.
func later(t *testing.T) (*world, *atomic.Int64) {
	t.Helper()
	var ahead atomic.Int64
	return newWorld(t, func(c *ledger.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}), &ahead
}

// expired waits until the sweep has written that the case's consent ran out.
func (c opened) expired() {
	c.t.Helper()
	c.eventually("the clock of the consent is looked at", func() bool {
		return c.count("SELECT count(*) FROM deadline WHERE case_id = $1::text::uuid AND rule = $2 AND state = 'ended'", string(c.id), string(mou.ClockConsentExpiry)) == 1
	})
}

func TestClocksOfCasesThatCannotBeLookedAtStarveNoOther(t *testing.T) {
	w, ahead := later(t)
	c := w.open()
	owner := as(t, w.database, "handrail_owner")
	_, err := owner.Exec(t.Context(), `INSERT INTO deadline (case_id, entry, rule, agency, referral, due, look, state)
		SELECT gen_random_uuid(), 1, 'consent-expiry', 'testtown-police', '', '2000-01-01', '2000-01-01', 'pending' FROM generate_series(1, 500)`)
	w.must(err)
	_, err = owner.Exec(t.Context(), `INSERT INTO deadline (case_id, entry, rule, agency, referral, due, look, state)
		VALUES ($1::text::uuid, 1, $2, 'testtown-police', '', '2001-01-01', '2001-01-01', 'pending')`, string(c.id), string(mou.ClockHandover))
	w.must(err)
	ahead.Store(int64(241 * time.Hour))
	c.expired()
	if n := w.count("SELECT count(*) FROM deadline WHERE case_id = $1::text::uuid AND rule = $2 AND state = 'ended'", string(c.id), string(mou.ClockHandover)); n != 1 {
		t.Error("a clock that the case has no more is still looked at")
	}
}

func TestACaseWhoseClocksTheDatabaseRefusesFailsAlone(t *testing.T) {
	w, ahead := later(t)
	bad, good := w.open(), w.open()
	_, err := as(t, w.database, "handrail_owner").Exec(t.Context(), `
		CREATE FUNCTION indigestible() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.case_id = '`+string(bad.id)+`' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER indigestible BEFORE INSERT OR UPDATE ON case_state FOR EACH ROW EXECUTE FUNCTION indigestible();`)
	w.must(err)
	ahead.Store(int64(241 * time.Hour))
	good.expired()
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
}
