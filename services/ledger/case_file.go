package ledger

import (
	"maps"
	"slices"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// caseFile is what the sequencer knows of one case. A file is never changed once
// it is shared: [caseFile.clone] first.
type caseFile struct {
	state     mou.Case
	opened    *uint64                      // entry that opened it; nil: no such case
	heads     map[string]tlog.Link         // last entry of each visibility chain
	delivered map[events.AgencyID][]uint64 // entries of the case delivered to each agency, ascending; slices are never written to
	clocks    []mou.Clock                  // as last stored; read from the database they do not say which entry met them
	retired   uint64                       // its retention.ended; 0: none. Of a retired case nothing else is known
}

func newCaseFile(state mou.Case) *caseFile {
	return &caseFile{state: state, heads: map[string]tlog.Link{}, delivered: map[events.AgencyID][]uint64{}}
}

func (f *caseFile) clone() *caseFile {
	return &caseFile{state: f.state, opened: f.opened, heads: maps.Clone(f.heads), delivered: maps.Clone(f.delivered), clocks: f.clocks, retired: f.retired}
}

// owe gives the entries that an agency may now see and was not yet given, in
// order, and marks them as given.
func (f *caseFile) owe(agency events.AgencyID, seen []uint64) []uint64 {
	given := f.delivered[agency]
	var owed []uint64
	for _, number := range seen {
		if _, found := slices.BinarySearch(given, number); !found {
			owed = append(owed, number)
		}
	}
	if owed != nil {
		all := slices.Concat(given, owed)
		slices.Sort(all)
		f.delivered[agency] = all
	}
	return owed
}

// wasGiven says whether an agency has a delivery of an entry.
func (f *caseFile) wasGiven(agency events.AgencyID, number uint64) bool {
	_, found := slices.BinarySearch(f.delivered[agency], number)
	return found
}
