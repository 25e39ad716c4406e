package agency

import (
	"bytes"
	"context"
	"slices"

	"handrail/events"
)

// form is a request that files a form of the agency's own.
type form struct {
	Name string `path:"form" pattern:"^[a-z0-9-]{1,32}$" doc:"The form, such as uk-nrm at a police force in the United Kingdom." example:"uk-nrm"`
	Sent
}

// postForm files a form. Another form may be larger: each says its own limit.
func (a *Agency) postForm(ctx context.Context, in *form) (Filed, error) {
	if _, err := in.kind(plainJSON); err != nil {
		return Filed{}, err
	}
	intakes := a.config.Desk.Intakes()
	at := slices.IndexFunc(intakes, func(i Intake) bool { return i.Name == in.Name })
	if at < 0 {
		return Filed{}, events.Refuse(ruleNotFound, "", "this agency takes no form of this name")
	}
	limit := intakes[at].MaxBytes
	if limit == 0 {
		limit = intakeBody
	}
	if int64(len(in.RawBody)) > limit {
		return Filed{}, events.Refuse(ruleBodyTooLarge, "", "the form is larger than this path takes")
	}
	o, err := a.once(ctx, "/v1/intake/"+in.Name, &in.Sent)
	if err != nil {
		return Filed{}, err
	}
	return a.file(ctx, intakes[at], bytes.Clone(in.RawBody), o)
}

// largestForm is the most that any form may weigh.
func (a *Agency) largestForm() int64 {
	most := int64(intakeBody)
	if a.config.Desk == nil {
		return most
	}
	for _, intake := range a.config.Desk.Intakes() {
		most = max(most, intake.MaxBytes)
	}
	return most
}
