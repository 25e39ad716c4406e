package client

import (
	"context"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/known"
	"handrail/events"
	"handrail/services/agency"
)

// Keys shows how the agency stands with its own keys.
func (c *Client) Keys(ctx context.Context) (agency.KeysView, error) {
	var view agency.KeysView
	return view, c.Get(ctx, "/v1/keys", &view)
}

// Rotate makes new keys at the agency and says so; they never leave it. They are in
// force once [Client.Keys] shows none that waits. It gives the id of directory.keyed.
func (c *Client) Rotate(ctx context.Context, r agency.Rotation) (events.EventID, error) {
	var made agency.Said
	if err := c.Post(ctx, "/v1/keys/rotate", r, &made); err != nil {
		return "", err
	}
	return made.Events[0], nil
}

// Vouch has the agency sign that a listing's keys are those of who it says it is.
func (c *Client) Vouch(ctx context.Context, v agency.Vouch) (agency.Vouched, error) {
	var made agency.Vouched
	return made, c.Post(ctx, "/v1/directory/vouchings", v, &made)
}

// Directory lists who takes part, as the agency knows it.
func (c *Client) Directory(ctx context.Context) ([]agency.MemberView, error) {
	return List[agency.MemberView](ctx, c, "/v1/directory", "agencies")
}

// Sections lists the sealed sections of a case that reached the agency, unread.
func (c *Client) Sections(ctx context.Context, of events.CaseID) ([]agency.SectionView, error) {
	return List[agency.SectionView](ctx, c, "/v1/cases/"+url.PathEscape(string(of))+"/sections", "sections")
}

// Known is who knows what about the person of a case, as far as the agency may know it.
func (c *Client) Known(ctx context.Context, of events.CaseID) (known.Sheet, error) {
	var sheet known.Sheet
	return sheet, c.Get(ctx, "/v1/cases/"+url.PathEscape(string(of))+"/known", &sheet)
}

// Reads lists who read what, in which role, for which purpose and on which basis.
func (c *Client) Reads(ctx context.Context) ([]agency.Read, error) {
	return List[agency.Read](ctx, c, "/v1/readlog", "reads")
}

// Open reads a sealed section, after the reading was recorded. It gives the
// section's JSON.
func (c *Client) Open(ctx context.Context, o agency.Opening) (jsontext.Value, error) {
	var opened struct {
		Section jsontext.Value `json:"section"`
	}
	path := "/v1/cases/" + url.PathEscape(string(o.Case)) + "/sections/" + url.PathEscape(string(o.Record)) + "/open"
	reading := map[string]string{"role": string(o.Role), "purpose": string(o.Purpose), "basis": string(o.Basis)}
	if o.Reader != "" {
		reading["reader"] = o.Reader
	}
	err := c.Post(ctx, path, reading, &opened)
	return opened.Section, err
}
