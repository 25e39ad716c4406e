package audit

import (
	"errors"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// uncased is an entry about no case as a worker read it: what it says of the
// directory, and whose key signed it, is judged in the order of the log.
type uncased struct {
	shown   ledger.TrailEntry
	entry   tlog.Entry
	event   events.Event
	payload events.Payload
}

// readUncased reads an entry about no case.
func (r *logRun) readUncased(e ledger.TrailEntry, one *inOrder) error {
	entry, err := opened(e)
	if err != nil {
		return err
	}
	one.by, one.at = entry.Submitter, entry.Admitted
	one.uncased = &uncased{shown: e, entry: entry}
	if one.refused = entry.Verdict == tlog.Refused; one.refused {
		if entry.Case != "" {
			return errNotOfCase
		}
		return nil
	}
	event, err := events.Parse(entry.Attributes, e.Data)
	if err != nil {
		return err
	}
	one.uncased.event = event
	one.uncased.payload, err = r.directory.facts(e, entry, event)
	one.payload = one.uncased.payload
	return err
}

// takeUncased judges what is about no case under the directory as it stood, and
// takes in what changes that. Signatures that nothing else hangs on are left to check.
func (d *parties) takeUncased(u *uncased, check func(seal.Claim) error) error {
	number := u.entry.Number
	if u.entry.Verdict == tlog.Refused {
		return nil // of whoever has an account with the broker: one that joins has it before it is listed
	}
	if changes := directory.Changes(u.event.Type); changes {
		check = seal.Claim.Verify
	}
	if err := d.admits(u.entry, u.event, check); err != nil {
		return err
	}
	return d.uncased(number, u.event, u.payload)
}

// uncased judges what is about no case. Nothing else may stand in the log.
func (d *parties) uncased(number uint64, event events.Event, payload events.Payload) error {
	if event.Type.HubOnly() != (event.Agency() == events.HubAgency) {
		return errors.New("its sender may not say this")
	}
	switch p := payload.(type) {
	case *events.DirectoryFounded:
		if number != 0 {
			return errors.New("it founds the directory a second time")
		}
	case *events.CapacityPublished, *events.WitnessReset:
		return d.ofItself(number, event)
	case *events.TrailRead:
		return d.mayRead(number, events.AgencyID(event.Subject), p)
	case *events.RetentionEnded:
	default:
		if !directory.Changes(event.Type) {
			return errors.New("it is about no case, and of a type that is")
		}
		if event.Type == events.TypeDirectoryKeyed && !aloneStanding(event) {
			return errors.New("it names a cause that it cannot have")
		}
		return d.apply(number, event, payload)
	}
	return nil
}

// aloneStanding says whether an event is correlated with and caused by itself alone.
func aloneStanding(e events.Event) bool { return e.CorrelationID == e.ID && e.CausationID == e.ID }

// ofItself checks what an agency says of itself.
func (d *parties) ofItself(number uint64, e events.Event) error {
	l, _ := d.who.ListingAt(e.Agency(), number)
	switch {
	case e.Subject != string(l.Agency) || !aloneStanding(e):
		return errors.New("it is not of the agency that says it, or names a cause that it cannot have")
	case e.Type == events.TypeWitnessReset && l.Witness == "":
		return errors.New("its sender is no witness")
	case e.Type == events.TypeCapacityPublished && !d.profile.May(l.Kind, e.Type):
		return errors.New("the powers of its sender's kind do not include this")
	}
	return nil
}
