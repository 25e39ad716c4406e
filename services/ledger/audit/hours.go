package audit

import (
	"slices"
	"sort"
	"time"

	"handrail/events"
)

// hours remember when agencies said that somebody is there, by the entry that said
// so. The newest one ahead of an entry counts for it.
type hours struct {
	of map[events.AgencyID][]spans
}

// spans are what one entry published.
type spans struct {
	Number uint64                   `json:"number"`
	Hours  events.Set[events.Hours] `json:"hours"`
}

func newHours() *hours { return &hours{map[events.AgencyID][]spans{}} }

// add takes in an entry, in the order of the log. One that changes nothing is not kept.
func (h *hours) add(agency events.AgencyID, number uint64, said events.Set[events.Hours]) {
	all := h.of[agency]
	if len(all) > 0 && (all[len(all)-1].Number >= number || slices.Equal(all[len(all)-1].Hours, said)) {
		return
	}
	h.of[agency] = append(all, spans{number, said})
}

// staffed says whether somebody was there at an instant, in the profile's local
// time, by what an agency had published ahead of an entry.
func (h *hours) staffed(agency events.AgencyID, before uint64, local time.Time) bool {
	all := h.of[agency]
	behind := sort.Search(len(all), func(i int) bool { return all[i].Number >= before })
	return behind > 0 && slices.ContainsFunc(all[behind-1].Hours, func(one events.Hours) bool { return one.Covers(local) })
}
