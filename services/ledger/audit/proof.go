package audit

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// ProvedEntry is one entry that a C2SP tlog-proof shows to stand in the log.
type ProvedEntry struct {
	Number    uint64          `json:"number"`
	Admitted  time.Time       `json:"admitted"`
	Verdict   tlog.Verdict    `json:"verdict"`
	Who       events.AgencyID `json:"who"`
	What      string          `json:"what,omitzero"` // of an admitted event
	ID        events.EventID  `json:"id,omitzero"`
	Subject   string          `json:"subject,omitzero"` // the case, or the agency
	Rule      events.Rule     `json:"rule,omitzero"`    // of a refusal
	LogSize   uint64          `json:"log_size"`
	Witnesses []Cosigned      `json:"witnesses"`
	Witnessed bool            `json:"witnessed"`
	Judged    bool            `json:"judged"` // whether anything could be said of witnesses
}

// Cosigned is one agency's cosignature, as it is shown.
type Cosigned struct {
	Agency events.AgencyID   `json:"agency"`
	Kind   events.AgencyKind `json:"kind"`
	At     time.Time         `json:"at"`
}

func cosigned(all []tlog.Cosignature) []Cosigned {
	out := []Cosigned{}
	for _, one := range all {
		out = append(out, Cosigned{one.Agency, one.Kind, one.At})
	}
	return out
}

// IsProof says whether a file is a C2SP tlog-proof rather than an export.
func IsProof(data []byte) bool { return bytes.HasPrefix(data, []byte("c2sp.org/tlog-proof@")) }

// VerifyProof verifies a C2SP tlog-proof against a pinned log. Who witnessed it can
// be said only with a directory: that of a verified export of the same hub, or nil.
// The event's signature covers its data, which a proof does not hold, by their digest.
func VerifyProof(data []byte, pins Pins, with *Verified) (ProvedEntry, error) {
	var out ProvedEntry
	p, err := tlog.ParseProof(data)
	if err != nil {
		return out, unverified("the file is no proof, or was damaged: %v", err)
	}
	log, err := note.NewVerifier(pins.Log)
	hub, ours := strings.CutPrefix(pinnedOrigin(log), "handrail/")
	if err != nil || !ours {
		return out, errors.New("the log key to verify with does not read")
	}
	entry, checkpoint, err := tlog.Verifier{Hub: events.HubID(hub), Log: log}.VerifyProof(p)
	if err != nil {
		return out, unverified("entry %d: %v", p.Index, err)
	}
	out = ProvedEntry{
		Number: entry.Number, Admitted: entry.Admitted, Verdict: entry.Verdict, Who: entry.Submitter, Rule: entry.Rule, LogSize: checkpoint.Size, Witnesses: []Cosigned{},
	}
	if entry.Verdict == tlog.Refused {
		out.Subject = string(entry.Case)
	} else {
		out.What, out.ID, out.Subject = events.Type(entry.Attribute("type")).Name(), events.EventID(entry.Attribute("id")), entry.Attribute("subject")
	}
	if with == nil {
		return out, nil
	}
	if err := with.Against(pins); err != nil {
		return out, err
	}
	all, witnessed, err := with.directory.witnesses(checkpoint.Size, p.Checkpoint)
	if err != nil {
		return out, unverified("%v", err)
	}
	out.Witnesses, out.Witnessed, out.Judged = cosigned(all), witnessed, true
	return out, nil
}

func pinnedOrigin(log note.Verifier) string {
	if log == nil {
		return ""
	}
	return log.Name()
}
