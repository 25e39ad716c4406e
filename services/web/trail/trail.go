// Package trail shows a case's history as somebody may see it, at any moment of it: what was said by whom, how the case
// then stood, who owed what until when, and what proves each step.
//
// It is pure: it is given the history and the moment, and gives words for a page. The ledger's pages give it what an
// auditor verified, an agency's pages what that agency was delivered; neither shows anything but coded facts, and what is
// sealed never comes here. That a history holds is for whoever gives it to know; this package says in words what was
// checked and by whom the log was witnessed, and never more.
package trail

import (
	"embed"
	"io/fs"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

//go:embed templates/*.html
var templates embed.FS

// Templates are the shapes trail (the page), trail-part (what the slider and the stream renew) and those they use.
func Templates() fs.FS { return templates }

// Source is one case's history as its reader may see it, with what proves it.
type Source struct {
	Case    mou.Case // all of it
	Profile *mou.Profile
	Kinds   map[events.AgencyID]events.AgencyKind // the directory, as far as the reader knows it
	Entries []Entry                               // in the order of the log
	Log     Log

	// Then is the case behind an entry; nil: Case without what came later.
	Then func(number uint64) mou.Case

	Paper    bool      // times are written in full: a paper is read on other days
	Readings []Reading // by auditors, in the order of the log; agencies are told of none
	Retired  Retired
}

// Entry is one line of a history.
type Entry struct {
	Number   uint64
	Admitted time.Time
	By       events.AgencyID
	Item     *mou.Item   // nil: it was refused, and its content was not kept
	Rule     events.Rule // of a refusal
	Leaf     tlog.Hash   // zero: this reader has no proof of it
	Size     uint64      // of the log at the checkpoint that its proof leads to
	Clause   string      // of the memorandum; empty of a refusal

	Witnessed bool // enough agencies stand behind that checkpoint, as the profile says
	Waiting   bool // the reader's own, not answered by the ledger; it has no number yet
}

// Log is what the proofs lead to.
type Log struct {
	Size      uint64
	Root      tlog.Hash // zero: not known
	Witnesses []tlog.Cosignature
	Enough    bool       // they are as many and as various as the profile asks
	Quorum    mou.Quorum // what it asks
	Own       bool       // an agency's own part, each entry under the checkpoint that it came with
}

// Reading is one note of the hub that an auditor read the case.
type Reading struct {
	Number   uint64
	At       time.Time
	By       events.AgencyID
	What     events.Reading
	Approved events.AgencyID // a second auditor; empty: none was asked for
}

// Retired is the end of the time for which the facts may be kept; zero: it has not come.
type Retired struct {
	Number    uint64
	At        time.Time
	Entries   uint64 // that it commits to
	Destroyed bool   // their content is gone
}
