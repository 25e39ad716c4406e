package agency

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"handrail/events"
	"handrail/services/agency/strict"
)

// States of a witness.
const (
	WitnessNone    = "none"    // agencies of this kind do not witness
	WitnessNew     = "new"     // it has cosigned nothing yet
	WitnessCosigns = "cosigns" // all is well
	WitnessLost    = "lost"    // it does not know what it cosigned, and waits for a reset
	WitnessResets  = "resets"  // its reset is not in the log yet
	WitnessAlarmed = "alarmed" // it found something against the log
)

// WitnessView is how this agency's witness stands.
type WitnessView struct {
	State       string      `json:"state"`
	Says        string      `json:"says"` // plain English: what it means and what happens next
	Size        uint64      `json:"size"`
	Root        string      `json:"root,omitzero"` // hexadecimal: what to compare out of band
	At          *time.Time  `json:"at,omitzero"`   // when it was cosigned
	Checkpoint  string      `json:"checkpoint,omitzero"`
	Others      Cosigned    `json:"others"`
	Unconnected int         `json:"unconnected"` // checkpoints of deliveries that are not yet compared with it
	Since       *time.Time  `json:"since,omitzero"`
	Findings    []Finding   `json:"findings"`
	Resets      []ResetView `json:"resets"` // of all agencies, as the log says
}

// Witness shows how this agency's witness stands.
func (a *Agency) Witness(ctx context.Context) (WitnessView, error) {
	a.mu.RLock()
	w := a.witness
	view := WitnessView{Size: w.Size, Root: w.Root, Checkpoint: string(w.Note), Others: a.others, Resets: slices.Concat([]ResetView{}, a.resets)}
	view.Others.Enough = a.enough(view.Others)
	a.mu.RUnlock()
	if !w.At.IsZero() {
		view.At = &w.At
	}
	var err error
	if view.Findings, err = findings(ctx, a.journal.reader); err != nil {
		return view, err
	}
	var since time.Time
	if view.Unconnected, since, err = a.waitingToConnect(ctx); err != nil {
		return view, err
	}
	if view.Unconnected > 0 {
		view.Since = &since
	}
	view.State = a.stateOf(w, view.Findings)
	view.Says = view.says(w)
	return view, nil
}

func (a *Agency) stateOf(w cosigned, found []Finding) string {
	switch {
	case !a.config.witnesses():
		return WitnessNone
	case slices.ContainsFunc(found, func(f Finding) bool { return f.Over == nil }):
		return WitnessAlarmed
	case w.lost || w.Refused || a.alarms.stands(alarmLost):
		return WitnessLost
	case w.Reset != "" || w.Size > 0 && len(w.Note) == 0:
		return WitnessResets
	case w.Size == 0:
		return WitnessNew
	}
	return WitnessCosigns
}

// says tells people what the state means and what happens next.
func (v WitnessView) says(w cosigned) string {
	switch v.State {
	case WitnessNone:
		return "Agencies of this kind do not witness the log."
	case WitnessNew:
		return "Nothing is cosigned yet. The hub offers a checkpoint after the next entry."
	case WitnessAlarmed:
		return "Something was found against the log: see the findings. They stand until people have cleared it up and say `handrail witness reset --because log-forked`; what goes on from the checkpoint that was cosigned is still cosigned. Call the coordinator and the auditor."
	case WitnessLost:
		if w.Refused {
			return "The ledger refused the reset; the outbox says why. Nothing is cosigned until another reset is in the log."
		}
		return "This witness does not know what it cosigned last, so it cosigns nothing. Compare size and root with another agency (`handrail witness status` there) or the auditor, by telephone, then run `handrail witness reset`. Every agency but foreign missions will see the reset in the log, and so will the auditor."
	case WitnessResets:
		if w.Reset != "" {
			return "The reset waits for the ledger. Nothing is cosigned until it is in the log, where every party sees it."
		}
		return "The reset is in the log as entry " + strconv.FormatUint(w.Least-1, 10) + ". The first checkpoint that covers it will be cosigned."
	}
	text := fmt.Sprintf("Cosigned the log at %d entries on %s. %s", v.Size, w.At.UTC().Format("2006-01-02 at 15:04:05 UTC"), v.Others.says())
	if v.Unconnected > 0 {
		text += fmt.Sprintf(" %d checkpoints that deliveries came with are not compared with it yet.", v.Unconnected)
	}
	return text
}

func (c Cosigned) says() string {
	word := "unwitnessed, as the country profile counts"
	if c.Enough {
		word = "witnessed, as the country profile counts"
	}
	switch {
	case c.Looked.IsZero():
		return "Who else cosigns is not known yet."
	case len(c.Agencies) == 0:
		return fmt.Sprintf("No other agency is seen to cosign it: %s.", word)
	case len(c.Agencies) == 1:
		return fmt.Sprintf("At %d entries 1 other agency cosigned it: %s.", c.Size, word)
	}
	return fmt.Sprintf("At %d entries %d other agencies cosigned it: %s.", c.Size, len(c.Agencies), word)
}

// witnessCheck is the doctor's word on the witness.
func (a *Agency) witnessCheck(ctx context.Context) (Check, error) {
	v, err := a.Witness(ctx)
	if err != nil {
		return Check{}, err
	}
	waited := v.Since != nil && a.now().Sub(*v.Since) >= connectAlarm
	ok := v.State == WitnessNone || v.State == WitnessNew || v.State == WitnessCosigns || v.State == WitnessResets
	return Check{"witness", ok && !waited, v.Says}, nil
}

// witnessRoutes are for the agency's people; its systems have no part in them.
func (a *Agency) witnessRoutes(mux *http.ServeMux, get func(string, route), post func(string, func(*http.Request, []byte) (any, error))) {
	get("/v1/witness", func(r *http.Request) (any, error) { return a.Witness(r.Context()) })
	post("/v1/witness/reset", func(r *http.Request, body []byte) (any, error) {
		var given Reset
		if err := strict.Read(body, &given); err != nil {
			return nil, err
		}
		id, err := a.ResetWitness(r.Context(), given)
		return Said{Events: []events.EventID{id}}, err
	})
	get("/v1/proof/{entry}", a.getProof)
	mux.HandleFunc("GET /v1/evidence", a.getEvidence)
}
