package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"handrail/contracts/directory"
	"handrail/events"
)

// forHub lets only requests through that the hub's own key signed: who holds it can
// say whatever the hub says.
func (a *httpAPI) forHub(read reader) http.HandlerFunc {
	return a.only(func(by caller) bool { return by.agency == events.HubAgency }, "This is for the hub's operator, who signs with the hub's key.", read)
}

// forInsiders lets the hub, auditors and all agencies through but foreign missions,
// which know no directory.
func (a *httpAPI) forInsiders(read reader) http.HandlerFunc {
	return a.only(func(by caller) bool { return by.kind != events.ForeignMission },
		"A foreign mission is shown the agencies that address it, and no directory.", read)
}

// changeDirectory has the hub say who joins, is suspended, resumed or revoked, and
// answers when it stands in the log.
func (a *httpAPI) changeDirectory(w http.ResponseWriter, r *http.Request, _ *openLog, by caller) error {
	asks, said, problem := directoryAsked(by.body)
	if problem != nil {
		refuseHTTP(w, http.StatusBadRequest, string(problem.Rule), problem.Reason)
		return nil
	}
	lead := a.status.leader()
	if lead == nil {
		refuseLater(w, ruleNotActive, "This ledger does not lead, so it can change nothing; ask the one that does, or again in a moment.")
		return nil
	}
	changed, err := lead.enrol(r.Context(), asks.Agency, said)
	var v *events.Violation
	switch {
	case errors.As(err, &v):
		refuseHTTP(w, http.StatusConflict, string(v.Rule), v.Reason)
	case errors.Is(err, errNotActive):
		refuseLater(w, ruleNotActive, "This ledger could not say whether the change stands in the log; look at the directory in a moment.")
	case err != nil:
		return fmt.Errorf("changing the directory: %w", err)
	default:
		answerWith(w, http.StatusCreated, changed)
	}
	return nil
}

// directoryAsked reads a change strictly.
func directoryAsked(body []byte) (DirectoryChange, events.Payload, *events.Violation) {
	var asks DirectoryChange
	if err := json.Unmarshal(body, &asks, json.RejectUnknownMembers(true)); err != nil {
		return asks, nil, events.Refuse(events.RuleDataMalformed, "", "The body is JSON: type of the event, agency whom it is about, data of it.")
	}
	switch asks.Type {
	case events.TypeDirectoryJoined, events.TypeDirectorySuspended, events.TypeDirectoryResumed, events.TypeDirectoryRevoked:
	default:
		return asks, nil, events.Refuse(events.RuleTypeUnknown, "/type", "The hub says directory.joined, .suspended, .resumed and .revoked of an agency; its keys it changes itself.")
	}
	if err := asks.Data.Canonicalize(); err != nil {
		return asks, nil, events.Refuse(events.RuleDataMalformed, "/data", "The data are the facts of the event, a JSON object.")
	}
	said, err := events.Decode(asks.Type, asks.Data)
	if err != nil {
		return asks, nil, violation(err)
	}
	return asks, said, nil
}

// listDirectory answers with who takes part now.
func (a *httpAPI) listDirectory(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error {
	who := log.roster.now()
	page := DirectoryPage{Agencies: []DirectoryLine{}}
	words := map[events.AgencyID]report{}
	if by.agency == events.HubAgency || by.kind == events.Auditor {
		var err error
		if words, err = positions(r.Context(), a.pool); err != nil {
			return err
		}
	}
	for _, m := range who.Members() {
		pin, err := who.pin(m)
		if err != nil {
			return err
		}
		page.Agencies = append(page.Agencies, DirectoryLine{
			Agency: m.Agency, Kind: m.Kind, Standing: m.Standing, Signing: m.KeyID, Sealing: m.SealingID, Witness: m.Listing.Witness,
			Since: m.Since, Changed: m.Changed, Position: words[m.Agency].number, Pin: pin,
		})
	}
	answer(w, page)
	return nil
}

// pin is what a foreign mission pins instead of genesis: its own listing as it was
// first, whatever keys it has now. Others pin genesis: empty.
func (p *parties) pin(m directory.Member) (string, error) {
	first, listed := p.FirstListing(m.Agency)
	if !listed || m.Kind != events.ForeignMission {
		return "", nil
	}
	data, err := events.Encode(p.ListedOf(first))
	if err != nil {
		return "", fmt.Errorf("writing a mission's own listing: %w", err)
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:]), nil
}
