package systems

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

func (s *Systems) self(ctx context.Context) (Self, error) {
	status, err := s.agency.Status(ctx)
	if err != nil {
		return Self{}, err
	}
	self := Self{
		Hub: status.Hub, Agency: status.Agency, Kind: status.Kind, Source: s.source(), Forms: []string{},
		Joined: status.Joined, Connected: status.Connected, Last: status.Position, Waiting: status.Waiting,
	}
	for _, intake := range s.agency.Intakes() {
		self.Forms = append(self.Forms, intake.Name)
	}
	if s.feed == nil {
		return self, nil
	}
	position, err := s.agency.LastPosted(ctx)
	if err != nil {
		return Self{}, err
	}
	self.Webhook = &HookState{Position: position}
	if state := s.feed.State(); !state.Failing.IsZero() {
		failing := state.Failing.UTC()
		self.Webhook.Failing, self.Webhook.Reason = &failing, state.Reason
	}
	return self, nil
}

// source is the source of this agency's events.
func (s *Systems) source() string { return events.Source(s.agency.Hub(), s.agency.ID()) }
