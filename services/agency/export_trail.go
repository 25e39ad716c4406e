package agency

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
)

// ownTrailFormat is the first member of a file of [Agency.ExportTrail].
const ownTrailFormat = "handrail-own-trail/1"

// OwnTrail is what an agency was delivered of one case, as a file: each delivery
// proves its entry, by the published contract, to whoever has the pinned keys of log
// and hub. It holds no sealed content. It is the agency's part; that it is all of
// it, the contiguous numbers of deliveries show together with the hub's statement.
type OwnTrail struct {
	Format   string          `json:"format"` // handrail-own-trail/1
	Exported events.Time     `json:"exported"`
	Hub      events.HubID    `json:"hub"`
	Agency   events.AgencyID `json:"agency"`
	Case     events.CaseID   `json:"case"`
	Entries  []OwnEntry      `json:"entries"` // in the order of the log
}

// OwnEntry is one delivery, with the facts that its entry commits to.
type OwnEntry struct {
	Delivery tlog.Delivery `json:"delivery"`
	Data     []byte        `json:"data,omitempty"` // as they were signed; absent of a sealed record and of a refusal
}

// ExportTrail takes a case's history away, as far as this agency was delivered it
// and as its rows verify now. Errors: as [Agency.Trail].
func (a *Agency) ExportTrail(ctx context.Context, id events.CaseID) ([]byte, error) {
	view, err := a.Trail(ctx, id)
	if err != nil {
		return nil, err
	}
	file := OwnTrail{Format: ownTrailFormat, Exported: events.At(a.now()), Hub: a.config.Hub, Agency: a.config.Agency, Case: id, Entries: []OwnEntry{}}
	for _, e := range view.Entries {
		if e.Delivery == nil {
			continue
		}
		one := OwnEntry{Delivery: *e.Delivery}
		if e.Item != nil {
			one.Data = e.Data
		}
		file.Entries = append(file.Entries, one)
	}
	text, err := json.Marshal(file, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("writing a trail: %w", err)
	}
	return append(text, '\n'), nil
}
