package client

import (
	"context"
	"net/url"

	"handrail/events"
	"handrail/services/agency"
)

// Tonight asks for a bed for the night, in at most eight choices.
func (c *Client) Tonight(ctx context.Context, t agency.Tonight) (asked agency.Asked, err error) {
	return asked, c.Post(ctx, "/v1/tonight", t, &asked)
}

// Providers ranks who can take a person now. The query's names are need, age, sex,
// children, language, access, region and urgency; lists are written with commas.
func (c *Client) Providers(ctx context.Context, wish url.Values) ([]agency.ProviderView, error) {
	return List[agency.ProviderView](ctx, c, "/v1/providers?"+wish.Encode(), "providers")
}

// Publish tells all agencies whom this one can take.
func (c *Client) Publish(ctx context.Context, capacity any) (said agency.Said, err error) {
	return said, c.Post(ctx, "/v1/capacity", capacity, &said)
}

// Inbox is what waits for the agency, and what no longer does.
func (c *Client) Inbox(ctx context.Context) (inbox agency.Inbox, err error) {
	return inbox, c.Get(ctx, "/v1/inbox", &inbox)
}

// Overdue is what the agency sees late or about to be.
func (c *Client) Overdue(ctx context.Context) (late agency.Overdue, err error) {
	return late, c.Get(ctx, "/v1/overdue", &late)
}

// Withdrawals lists what ended the use of records in a case, and who answered.
func (c *Client) Withdrawals(ctx context.Context, of events.CaseID) ([]agency.Withdrawal, error) {
	return List[agency.Withdrawal](ctx, c, "/v1/withdrawals/"+url.PathEscape(string(of)), "withdrawals")
}

// Ask puts a sealed question to the agency that asked this one.
func (c *Client) Ask(ctx context.Context, q agency.Asking) (said agency.SaidOf, err error) {
	return said, c.Post(ctx, "/v1/questions", q, &said)
}

// Reply answers a question that reached the agency.
func (c *Client) Reply(ctx context.Context, r agency.Replying) (said agency.SaidOf, err error) {
	return said, c.Post(ctx, "/v1/questions/answer", r, &said)
}

// Questions lists the questions that the agency asked or was asked.
func (c *Client) Questions(ctx context.Context) ([]agency.AskedQuestion, error) {
	return List[agency.AskedQuestion](ctx, c, "/v1/questions", "questions")
}
