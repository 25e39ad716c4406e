package agency

import (
	"errors"
	"fmt"
	"maps"

	"handrail/events"
)

// A foreign mission knows only those of the directory that address it, and the
// others know it by a listing after genesis. Each listing is the hub's word in
// the log, and carries the listed agency's own proof of its keys.

// with gives the directory with one more agency. A listing that names other keys
// for an agency that is listed, or another hub, is refused: the delivery does not
// verify.
func (d *directory) with(e events.Event, p *events.DirectoryListed, own Config) (*directory, error) {
	l := p.Agencies[0]
	mission := own.Kind == events.ForeignMission
	known, listed := d.listed[l.Agency]
	switch {
	case e.Agency() != events.HubAgency:
		return nil, events.Refuse(events.RuleSourceMismatch, "attribute source", "only the hub lists agencies")
	case p.Log != d.log || p.Signing != d.hubKey || p.Profile != d.profile || p.Text != d.text:
		return nil, errors.New("a listing names other keys of the hub, or another profile, than genesis")
	case mission && e.Subject != string(own.Agency):
		return nil, errors.New("a listing for another mission came here")
	case !mission && (l.Kind != events.ForeignMission || e.Subject != string(l.Agency)):
		return nil, errors.New("genesis lists every agency but foreign missions")
	case listed && known != l:
		return nil, errors.New("a listing names other keys, or another kind, for an agency that is listed")
	}
	if err := checkListing(l, own.Hub.Origin()); err != nil {
		return nil, fmt.Errorf("checking a listing: %w", err)
	}
	more := *d
	more.listed = maps.Clone(d.listed)
	more.listed[l.Agency] = l
	return &more, nil
}

// list takes a directory with one more agency into force. Agency.mu is held.
func (a *Agency) list(d *directory) {
	a.directory = d
	if a.book.memo != nil {
		a.book.memo.Directory = d.kinds() // of every case: nobody was addressed before being listed
	}
}
