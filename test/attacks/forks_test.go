package attacks

import (
	"strings"
	"testing"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
)

// TestARolledBackLogIsNoticed restores an older copy of the database, which
// Postgres cannot tell from the newest: same cluster, same timeline. While no
// witness is there the hub goes on, and what it then says is unwitnessed. As soon
// as a witness shows what it cosigned, the hub signs nothing more, and every
// witness is alarmed.
func TestARolledBackLogIsNoticed(t *testing.T) {
	o := newOperator(t)
	o.happens("police meets a person", "hub records case.opened by police")
	before := o.cosigned(honest, shelter)
	o.shut()
	o.keeps("older")
	o.open()
	o.happens("police meets a person", "hub records case.opened by police", "shelter publishes places=some languages=eng")
	after := o.cosigned(honest, shelter)
	if after <= before {
		t.Fatalf("the log has not grown: %d, %d", before, after)
	}
	o.quietAbout(honest)
	o.quietAbout(shelter)

	o.sends(honest, shelter)
	o.shut()
	o.puts("older")
	o.empties()
	o.open()
	alone := o.enter(t, thief) // does not witness
	alone.admits(alone.opening())
	if d := o.doctor(t); d.Size <= before || d.WitnessedSize > before {
		t.Errorf("nobody cosigned the log of %d entries since it was rolled back to %d, and it says that it is witnessed at %d", d.Size, before, d.WitnessedSize)
	}
	refused := o.reads()

	o.brings(shelter)
	said := o.refusesToLead()
	if !strings.Contains(said, "Nothing more is signed") {
		t.Errorf("the ledger does not say what to do: %s", said)
	}
	must(t, o.hub.Start(t.Context(), local.ServiceLedger))
	o.refusesToLead()
	if now := o.reads(); string(now.signed) != string(refused.signed) {
		t.Errorf("the log was signed on, from %d to %d entries", refused.checkpoint.Size, now.checkpoint.Size)
	}
	o.brings(honest)
	o.shows(honest, refused.signed, before, refused.proves(t, before)) // by a hub that does not follow the rules
	for _, witness := range []events.AgencyID{honest, shelter} {
		o.alarmed(witness, "log-rolled-back")
	}
}

// TestTwoLogsForTwoAgencies is a split view: the operator lets police and shelter
// each see a log of their own, both signed with the log's key and each consistent
// in itself. Neither counts as witnessed; shown the other's, each of the two finds
// the fork, keeps both checkpoints as proof and cosigns nothing more, and a ledger
// that follows the rules leads on neither.
func TestTwoLogsForTwoAgencies(t *testing.T) {
	o := newOperator(t)
	o.happens("police meets a person", "hub records case.opened by police")
	common := o.cosigned(honest, shelter)
	o.shut()
	o.keeps("common")
	o.open()

	o.sends(shelter)
	o.happens("police meets a person", "hub records case.opened by police")
	o.cosigned(honest)
	first := o.reads()
	if d := o.doctor(t); d.WitnessedSize > common {
		t.Errorf("the police's own log counts as witnessed at %d entries", d.WitnessedSize)
	}
	o.shut()
	o.keeps("first")

	o.sends(honest)
	o.puts("common")
	o.empties()
	o.open()
	o.brings(shelter)
	for range 3 {
		o.happens("shelter publishes places=some languages=eng", "shelter publishes places=none")
	}
	o.cosigned(shelter)
	second := o.reads()
	if d := o.doctor(t); d.WitnessedSize > common {
		t.Errorf("the shelter's own log counts as witnessed at %d entries", d.WitnessedSize)
	}
	if first.checkpoint.Size >= second.checkpoint.Size {
		t.Fatalf("the second log, of %d entries, does not cover the first, of %d", second.checkpoint.Size, first.checkpoint.Size)
	}
	o.quietAbout(shelter)

	o.brings(honest)
	if said := o.refusesToLead(); !strings.Contains(said, "forked") {
		t.Errorf("the ledger does not say that the log is forked: %s", said)
	}
	o.shows(honest, second.signed, first.checkpoint.Size, second.proves(t, first.checkpoint.Size))
	o.alarmed(honest, "log-forked")

	other := o.continued(first, second.checkpoint.Size)
	o.shows(shelter, other.signed, second.checkpoint.Size, nil)
	o.alarmed(shelter, "log-forked")
	rows, err := o.hub.AsOwner(t.Context(), "SELECT count(*) FROM cosignature WHERE size > $1", int64(second.checkpoint.Size))
	must(t, err)
	if n, _ := rows[0][0].(int64); n != 0 {
		t.Errorf("%d cosignatures stand under what nobody should have cosigned", n)
	}
}

// continued is a history with more entries, so that it is as long as another.
func (o *operator) continued(h history, size uint64) history {
	o.t.Helper()
	for uint64(len(h.leaves)) < size {
		h.leaves = append(h.leaves, o.random())
	}
	var tree tlog.Tree
	for _, leaf := range h.leaves {
		tree.Append(leaf, nil)
	}
	h.checkpoint.Size, h.checkpoint.Root = tree.Size(), tree.Root()
	var err error
	h.signed, err = h.checkpoint.Sign(o.signer())
	must(o.t, err)
	return h
}
