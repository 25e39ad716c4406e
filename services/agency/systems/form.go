package systems

import (
	"bytes"
	"context"
	"slices"

	"handrail/events"
	"handrail/services/agency"
)

// The most that a body may weigh.
const (
	eventBody  = 128 << 10
	intakeBody = 512 << 10 // of a form that says nothing else
)

// form is a request that files a form of the agency's own.
type form struct {
	Name string `path:"form" pattern:"^[a-z0-9-]{1,32}$" doc:"The form, such as uk-nrm at a police force in the United Kingdom." example:"uk-nrm"`
	Sent
}

// postForm files a form. Another form may be larger: each says its own limit.
func (s *Systems) postForm(ctx context.Context, in *form) (agency.Filed, error) {
	if _, err := in.kind(plainJSON); err != nil {
		return agency.Filed{}, err
	}
	intakes := s.agency.Intakes()
	at := slices.IndexFunc(intakes, func(i agency.Intake) bool { return i.Name == in.Name })
	if at < 0 {
		return agency.Filed{}, events.Refuse(agency.RuleNotFound, "", "this agency takes no form of this name")
	}
	limit := intakes[at].MaxBytes
	if limit == 0 {
		limit = intakeBody
	}
	if int64(len(in.RawBody)) > limit {
		return agency.Filed{}, events.Refuse(agency.RuleBodyTooLarge, "", "the form is larger than this path takes")
	}
	once, err := in.once("/v1/intake/" + in.Name)
	if err != nil {
		return agency.Filed{}, err
	}
	return s.agency.FileOnce(ctx, once, intakes[at], bytes.Clone(in.RawBody))
}

// largestForm is the most that any form may weigh.
func (s *Systems) largestForm() int64 {
	most := int64(intakeBody)
	for _, intake := range s.agency.Intakes() {
		most = max(most, intake.MaxBytes)
	}
	return most
}
