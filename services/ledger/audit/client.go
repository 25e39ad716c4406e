// Package audit asks a hub for what its ledger holds as an auditor, verifies it
// without trusting the hub, judges it again and shows it.
//
// A trail, an export of one and a proof verify with nothing but what they hold;
// what an auditor pinned says that they are of the hub that it means. The whole
// log verifies from streams, see [VerifyLog]; what one agency can show is compared
// with it by [Auditor.Completeness].
//
// A trail shows that nothing of it was altered or inserted, and, by its links, that
// nothing was dropped between two statements. What nothing in it links to a hub could
// leave out: the newest statements, refusals, readings, and changes of the directory on
// which nothing in it depends. The whole log has them, and so have the agencies.
//
// Every byte that a hub or a file gives is
// taken for hostile: it has limits, one form, and no way to make a reader panic.
package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// Config says which hub an auditor asks, and what it pinned of it out of band.
type Config struct {
	Ledger   string // URL of the hub's ledger
	Hub      events.HubID
	Agency   events.AgencyID  // the auditor, as the directory lists it
	KeyFile  string           // its signing key
	LogKey   string           // pinned: the log's verifier key
	HubKey   events.PublicKey // pinned: the hub's signing key
	Genesis  string           // pinned: hexadecimal SHA-256 of the founding data
	Approval string           // a second auditor's approval, where the profile asks for one; see [Auditor.Approve]

	Transport exchange.Transport // whose certificates are believed, and the way; plain HTTP stays on this machine
}

// Auditor asks one hub, signing each request with its directory key. What it asks
// for stands in the log before it gets anything. It is safe for concurrent use.
type Auditor struct {
	config Config
	key    seal.SigningKey
	http   *http.Client

	profiles *profiles

	mu       sync.Mutex
	readings map[ledger.ReadingRequest]leave
}

// New makes an auditor.
func New(c Config) (*Auditor, error) {
	if u, err := url.Parse(c.Ledger); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the hub's address is a URL such as https://hub.example")
	}
	if err := exchange.CheckURL(c.Ledger); err != nil {
		return nil, fmt.Errorf("the hub's address: %w", err)
	}
	transport, err := c.Transport.HTTP()
	if err != nil {
		return nil, err
	}
	key, err := seal.LoadSigningKey(c.KeyFile)
	if err != nil {
		return nil, err
	}
	return &Auditor{config: c, key: key, http: &http.Client{Transport: transport, Timeout: patience}, profiles: newProfiles(), readings: map[ledger.ReadingRequest]leave{}}, nil
}

// Agency is the auditor's own id.
func (a *Auditor) Agency() events.AgencyID { return a.config.Agency }

// Pins are what the auditor pinned when it joined.
func (a *Auditor) Pins() Pins {
	return Pins{Log: a.config.LogKey, Hub: a.config.HubKey, Genesis: a.config.Genesis}
}

// Cases lists every case of the hub, in the order of their ids.
func (a *Auditor) Cases(ctx context.Context) ([]ledger.CaseSummary, error) {
	var all []ledger.CaseSummary
	after := events.CaseID("")
	for {
		var page ledger.CasePage
		query := url.Values{}
		if after != "" {
			query.Set("after", string(after))
		}
		if err := a.get(ctx, ledger.ReadingRequest{What: events.ReadingCases}, "/v1/cases", query, &page); err != nil {
			return nil, err
		}
		if len(page.Cases) == 0 {
			return all, nil
		}
		for _, one := range page.Cases {
			if one.Case <= after {
				return nil, errors.New("the hub lists cases out of order")
			}
			after = one.Case
		}
		all = append(all, page.Cases...)
	}
}

// CaseOf says which case a referral belongs to.
func (a *Auditor) CaseOf(ctx context.Context, referral events.ReferralID) (events.CaseID, error) {
	var of ledger.ReferralCase
	err := a.get(ctx, ledger.ReadingRequest{What: events.ReadingCases}, "/v1/referrals/"+url.PathEscape(string(referral)), nil, &of)
	return of.Case, err
}

// Find gives the id of a case that is named by its own id or by that of one of its
// referrals. An id of neither is taken for a case's, of which the hub then knows nothing.
func (a *Auditor) Find(ctx context.Context, id events.CaseID) (events.CaseID, error) {
	of, err := a.CaseOf(ctx, events.ReferralID(id))
	if problem := (*ProblemError)(nil); errors.As(err, &problem) && problem.Rule() == string(mou.RuleReferralUnknown) {
		return id, nil
	}
	return of, err
}

// UseApproval shows a second auditor's approval with every request from now on. It
// is called before the first.
func (a *Auditor) UseApproval(approval string) { a.config.Approval = approval }

// Trail gives one case's trail, unverified, to be shown.
func (a *Auditor) Trail(ctx context.Context, id events.CaseID) (ledger.Trail, error) {
	return a.trail(ctx, events.ReadingReplay, id)
}

func (a *Auditor) trail(ctx context.Context, what events.Reading, id events.CaseID) (ledger.Trail, error) {
	var t ledger.Trail
	err := a.get(ctx, ledger.ReadingRequest{What: what, Case: id}, "/v1/cases/"+url.PathEscape(string(id))+"/trail", nil, &t)
	if err == nil && t.Case != id {
		err = errors.New("the hub answers with another case than the one that was asked for")
	}
	return t, err
}

// Checkpoint gives the newest checkpoint, with the cosignatures that it has.
func (a *Auditor) Checkpoint(ctx context.Context) ([]byte, error) {
	return a.fetch(ctx, http.MethodGet, "/v1/tlog/checkpoint", nil)
}

// witnessesIn is how long the agencies have to cosign a checkpoint that was just made.
const (
	witnessesIn  = 3 * time.Second
	witnessesAsk = 200 * time.Millisecond
	quorumLines  = 3 // the log's signature, and two witnesses'
)

// SettledCheckpoint gives the newest checkpoint like [Auditor.Checkpoint], and
// waits a few seconds for witnesses: a reading that the hub just recorded made a
// checkpoint that nobody can have cosigned yet. It settles for what is most cosigned.
func (a *Auditor) SettledCheckpoint(ctx context.Context) ([]byte, error) {
	until := time.Now().Add(witnessesIn)
	var best []byte
	most := -1
	for {
		signed, err := a.Checkpoint(ctx)
		if err != nil {
			return nil, err
		}
		if lines := bytes.Count(signed, []byte("\n— ")); lines >= most {
			best, most = signed, lines
		}
		if most >= quorumLines || time.Now().After(until) {
			return best, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("asking for a checkpoint: %w", ctx.Err())
		case <-time.After(witnessesAsk):
		}
	}
}

// tile gives one tile of the log by its path, such as "tile/0/000.p/7".
func (a *Auditor) tile(ctx context.Context, path string) ([]byte, error) {
	return a.fetch(ctx, http.MethodGet, "/v1/tlog/"+path, nil)
}

// get asks for what a reading allows.
func (a *Auditor) get(ctx context.Context, what ledger.ReadingRequest, path string, query url.Values, answer any) error {
	body, err := a.getBytes(ctx, what, path, query)
	if err != nil {
		return err
	}
	return decode(body, answer)
}

func decode(body []byte, answer any) error {
	if err := json.Unmarshal(body, answer, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("the hub's answer is not of the form that its contract gives: %w", err)
	}
	return nil
}

// Doctor asks the ledger at a URL how it is; the answer says nothing of any
// case and needs no key.
func Doctor(ctx context.Context, hub string) (ledger.Doctor, error) {
	return DoctorBy(ctx, hub, exchange.Transport{})
}

// DoctorBy is Doctor for a hub whose certificates another authority than the
// system's signs. An address that leaves this machine without TLS is refused.
func DoctorBy(ctx context.Context, hub string, way exchange.Transport) (ledger.Doctor, error) {
	var state ledger.Doctor
	if err := exchange.CheckURL(hub); err != nil {
		return state, fmt.Errorf("asking the ledger: %w", err)
	}
	transport, err := way.HTTP()
	if err != nil {
		return state, err
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, hub+"/v1/doctor", nil)
	if err != nil {
		return state, fmt.Errorf("asking the ledger: %w", err)
	}
	response, err := (&http.Client{Transport: transport, Timeout: patience}).Do(request)
	if err != nil {
		return state, fmt.Errorf("the ledger does not answer: %w", err)
	}
	defer response.Body.Close()
	body, err := bounded(response.Body, maxDoctor)
	if err == nil {
		err = json.Unmarshal(body, &state)
	}
	if err != nil {
		return state, fmt.Errorf("the ledger does not answer as it should: %w", err)
	}
	return state, nil
}

// Approve gives leave to another auditor to read something, where the profile asks
// for a second person: a text to hand over, which counts until it expires, at most
// 24 hours from now.
func (a *Auditor) Approve(reader events.AgencyID, what ledger.ReadingRequest, expires, now time.Time) (string, error) {
	return seal.SignApproval(a.key, seal.Approval{
		By: a.config.Agency, Reader: reader, What: what.What, Case: what.Case, Agency: what.Agency, Expires: expires,
	}, a.config.Hub.Origin(), now)
}
