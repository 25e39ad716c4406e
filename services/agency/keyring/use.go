package keyring

import (
	"time"

	"handrail/events"
)

// Use is what one of an agency's keys is for.
type Use string

// The uses.
const (
	Signing Use = "signing" // who said it: events, controls, requests to the hub
	Sealing Use = "sealing" // opens the records that others seal to the agency
	Witness Use = "witness" // cosigns the log's checkpoints
)

const (
	// SealingLife is how long a sealing key is in force before it is replaced by
	// itself (design: monthly).
	SealingLife = 30 * 24 * time.Hour

	// AfterLife is how long a key is kept after it was replaced, for what was sealed
	// to it and waits at the hub (design: 35 days).
	AfterLife = 35 * 24 * time.Hour
)

// Uses are those that an agency of a kind has keys for. Foreign missions and
// auditors do not witness the log; all others do.
func Uses(kind events.AgencyKind) []Use {
	if kind == events.ForeignMission || kind == events.Auditor {
		return []Use{Signing, Sealing}
	}
	return []Use{Signing, Sealing, Witness}
}

// File is the name of the file in which the key in force lies.
func (u Use) File() string { stem, end := u.stem(); return stem + end }

// fileOf is the name of the file for a key that is not in force.
func (u Use) fileOf(id string) string { stem, end := u.stem(); return stem + "-" + id[:16] + end }

func (u Use) stem() (stem, end string) {
	if u == Witness {
		return "witness", ".key"
	}
	return string(u), ".pem"
}

// of gives the key that a listing has for a use.
func (u Use) of(l events.Listing) string {
	switch u {
	case Signing:
		return string(l.Signing)
	case Sealing:
		return string(l.Sealing)
	default:
		return l.Witness
	}
}
