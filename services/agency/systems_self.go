package agency

import (
	"context"
	"time"

	"handrail/events"
)

// Self is how the agency's service is, for its own systems.
type Self struct {
	Hub       events.HubID      `json:"hub" example:"sampleland"`
	Agency    events.AgencyID   `json:"agency" example:"sampletown-police"`
	Kind      events.AgencyKind `json:"kind" example:"police"`
	Source    string            `json:"source" doc:"The source of this agency's CloudEvents." example:"urn:handrail:sampleland:agency:sampletown-police"`
	Forms     []string          `json:"forms" nullable:"false" doc:"The forms that /v1/intake/{form} takes here."`
	Joined    bool              `json:"joined" doc:"The directory has arrived; before that nothing can be said (not-joined)."`
	Connected bool              `json:"connected" doc:"To the hub. While it is false what is said waits here."`
	Last      uint64            `json:"last" doc:"The last delivery that this agency has."`
	Waiting   int               `json:"waiting" doc:"How many of the agency's events wait for the ledger's answer."`
	Webhook   *HookState        `json:"webhook,omitempty" doc:"Absent if none is configured."`
}

// HookState is how the webhook is.
type HookState struct {
	Position uint64     `json:"position" doc:"The last delivery that the webhook took."`
	Failing  *time.Time `json:"failing,omitempty" doc:"Since when it takes nothing."`
	Reason   string     `json:"reason,omitzero" doc:"Why, in this service's words."`
}

// Self gives the service's state.
func (a *Agency) Self(ctx context.Context) (Self, error) {
	status, err := a.Status(ctx)
	if err != nil {
		return Self{}, err
	}
	s := Self{
		Hub: status.Hub, Agency: status.Agency, Kind: status.Kind, Source: events.Source(status.Hub, status.Agency), Forms: []string{},
		Joined: status.Joined, Connected: status.Connected, Last: status.Position, Waiting: status.Waiting,
	}
	for _, intake := range a.config.Desk.Intakes() {
		s.Forms = append(s.Forms, intake.Name)
	}
	if a.hook == nil {
		return s, nil
	}
	position, err := metaNumber(ctx, a.journal.reader, hookMeta)
	if err != nil {
		return Self{}, err
	}
	s.Webhook = &HookState{Position: uint64(max(position, 0))}
	if state := a.hook.State(); !state.Failing.IsZero() {
		failing := state.Failing.UTC()
		s.Webhook.Failing, s.Webhook.Reason = &failing, state.Reason
	}
	return s, nil
}
