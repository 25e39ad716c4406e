package audit

import (
	"errors"
	"reflect"

	"handrail/events"
	"handrail/services/ledger"
)

// isFounding says whether an entry behind genesis seems to list a founding mission.
func (d *directory) isFounding(e ledger.TrailEntry) bool {
	entry, err := opened(e)
	if err != nil || entry.Attribute("type") != string(events.TypeDirectoryListed) {
		return false
	}
	_, known := d.listings[events.AgencyID(entry.Attribute("subject"))]
	return !known
}

// uncased judges what is about no case. Nothing else may stand in the log.
func (d *directory) uncased(number uint64, event events.Event, payload events.Payload) error {
	if event.Type.HubOnly() != (event.Agency() == events.HubAgency) {
		return errors.New("its sender may not say this")
	}
	switch p := payload.(type) {
	case *events.DirectoryFounded:
		if number != 0 {
			return errors.New("it founds the directory a second time")
		}
	case *events.DirectoryListed:
		return d.introduced(events.AgencyID(event.Subject), p)
	case *events.CapacityPublished, *events.WitnessReset:
		return d.ofItself(event)
	case *events.TrailRead:
		return d.mayRead(events.AgencyID(event.Subject), p)
	case *events.RetentionEnded:
	default:
		return errors.New("it is about no case, and of a type that is")
	}
	return nil
}

// introduced checks that a mission is shown an agency as the directory lists it.
func (d *directory) introduced(mission events.AgencyID, p *events.DirectoryListed) error {
	known := d.listings[mission].Kind == events.ForeignMission
	if listing, listed := d.listings[p.Agencies[0].Agency]; !known || !listed || !reflect.DeepEqual(listing, p.Agencies[0]) ||
		p.Log != d.founded.Log || p.Signing != d.founded.Signing || p.Profile != d.founded.Profile || p.Text != d.founded.Text {
		return errors.New("it shows a mission another directory than the one that was founded")
	}
	return nil
}

// ofItself checks what an agency says of itself.
func (d *directory) ofItself(e events.Event) error {
	l := d.listings[e.Agency()]
	switch {
	case e.Subject != string(l.Agency) || e.CorrelationID != e.ID || e.CausationID != e.ID:
		return errors.New("it is not of the agency that says it, or names a cause that it cannot have")
	case e.Type == events.TypeWitnessReset && l.Witness == "":
		return errors.New("its sender is no witness")
	case e.Type == events.TypeCapacityPublished && !d.memorandum.Profile.May(l.Kind, e.Type):
		return errors.New("the powers of its sender's kind do not include this")
	}
	return nil
}
