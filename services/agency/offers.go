package agency

import (
	"maps"
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// The profile's bundles are what staff offer to the person. How each stands in a
// case decides which questions are open: one no ends one offer, one decline
// ends one request, and neither ends the help.

// offer is one bundle and how it stands in a case, as this agency sees it.
type offer struct {
	name     string
	bundle   mou.Bundle
	consent  mou.ConsentState  // the best that any provider has
	agreed   []Provider        // those that the person's consent covers now
	declined []events.AgencyID // those that said last that they cannot, did not answer in time, or to which the hand-over failed
	alive    bool              // a request of this agency may still lead to help, or has
	last     events.Type       // what the person said last about it: given, refused or withdrawn; empty if nothing
}

// offers lists the bundles in the order of their names. Agency.mu is held.
func (a *Agency) offers(f *file, now time.Time) []offer {
	bundles := a.book.memo.Profile.Bundles
	var all []offer
	for _, name := range slices.Sorted(maps.Keys(bundles)) {
		o := offer{name: name, bundle: bundles[name], consent: mou.ConsentNone}
		for _, p := range a.couldAsk(o.bundle) {
			switch state := consentTo(f.tentative, p.Agency, o.bundle, now); state {
			case mou.ConsentGiven, mou.ConsentProvisional:
				o.agreed = append(o.agreed, p)
				if o.consent != mou.ConsentGiven {
					o.consent = state
				}
			case mou.ConsentNone, mou.ConsentRefused, mou.ConsentWithdrawn, mou.ConsentExpired, mou.ConsentNotRequired:
			}
		}
		a.requests(f, &o)
		a.said(f, &o)
		all = append(all, o)
	}
	return all
}

// consentTo is the best consent that an agency has for any section of a bundle.
func consentTo(c mou.Case, to events.AgencyID, b mou.Bundle, now time.Time) mou.ConsentState {
	best := mou.ConsentNone
	for _, section := range b.Sections {
		switch state := c.Consent(to, b.Purpose, section, now); {
		case state == mou.ConsentGiven:
			return state
		case best != mou.ConsentProvisional:
			best = state
		}
	}
	return best
}

// requests notes what became of this agency's own requests for the bundle.
func (a *Agency) requests(f *file, o *offer) {
	for _, r := range f.tentative.Referrals() {
		if r.By != a.config.Agency || r.Purpose != o.bundle.Purpose {
			continue
		}
		for _, leg := range r.Legs {
			o.alive = o.alive || !over(leg.State) && leg.State != mou.LegExpired // a late answer counts, and nobody waits for it
			o.declined = slices.DeleteFunc(o.declined, func(id events.AgencyID) bool { return id == leg.To })
			if leg.State == mou.LegDeclined || leg.State == mou.LegFailed || leg.State == mou.LegExpired {
				o.declined = append(o.declined, leg.To)
			}
		}
	}
}

// said notes what the person said last about the bundle.
func (a *Agency) said(f *file, o *offer) {
	meant := func(r events.Recipient, purpose events.Purpose) bool {
		kind := r.Class
		if r.Agency != "" {
			kind = a.book.memo.Directory[r.Agency]
		}
		return kind == o.bundle.Class && (purpose == "" || purpose == o.bundle.Purpose)
	}
	for _, item := range f.tentative.Trail() {
		about := false
		switch p := item.Facts.(type) {
		case *events.ConsentGiven:
			about = meant(p.Recipient, p.Purpose)
		case *events.ConsentRefused:
			about = meant(p.Recipient, p.Purpose)
		case *events.ConsentWithdrawn:
			about = meant(p.Recipient, p.Purpose)
		}
		if about {
			o.last = item.Type
		}
	}
}

// open are the agreed providers that did not say last that they cannot.
func (o offer) open() []Provider {
	return slices.DeleteFunc(slices.Clone(o.agreed), func(p Provider) bool { return slices.Contains(o.declined, p.Agency) })
}

// leads says whether the person's word on the offer is firm and may still lead
// to help, or has: then nothing has to be asked about consent.
func (o offer) leads() bool {
	return o.consent == mou.ConsentGiven && (o.alive || len(o.open()) > 0)
}

// waits says whether the person agreed and nobody is asked who may still help.
func (o offer) waits() bool { return len(o.agreed) > 0 && !o.alive }

// names lists the offers of which something is so.
func names(all []offer, is func(offer) bool) []string {
	list := []string{}
	for _, o := range all {
		if is(o) {
			list = append(list, o.name)
		}
	}
	return list
}

// told is one sentence about some offers; empty if there are none.
func told(sentence string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " " + sentence + strings.Join(list, ", ") + "."
}
