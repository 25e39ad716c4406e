package agency

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// Report is what a member of staff has to say after meeting a person: what the
// person wants, whom to ask for it, and what of it may be shared. All that the
// person said no to, or was not asked, stands in none of it.
type Report struct {
	Case    events.CaseID // the sender's own choice of a new id, so that sending again reports once
	Met     time.Time     // zero: now
	Asked   time.Time     // when the person was asked what they want; zero: now
	Channel events.Channel

	Age         events.AgeClass
	Conflict    bool // of a child: the guardian may be involved
	Language    events.Language
	Interpreter events.Interpreter

	Words     []PersonsWord
	By        events.Speaker // of every yes, and how it was given
	Capacity  events.Capacity
	Present   events.Set[events.Present]
	ChildView events.ChildView
	Except    events.Set[events.AgencyID] // whom the person does not want to be asked

	WithPerson bool // the dangers were gone through with the person
	Safety     events.Set[events.Safety]
	Region     events.Region
	Sex        events.Sex
	Children   events.Children
	Access     events.Set[events.Access]
	Needs      events.Set[events.Need]
	Requests   []Requested
	Values     map[events.Section]jsontext.Value // what is sealed or, where nobody is asked yet, held back

	WayBack events.WayBack // of a person who wants no help now
	Notify  bool           // tell whom the profile names for a duty to notify: age class and region, nothing else
}

// PersonsWord is yes or no to one bundle. Not now, and what was not offered, is no word.
type PersonsWord struct {
	Bundle string
	Yes    bool
}

// Requested is one request of a report.
type Requested struct {
	Bundle  string // empty: child protection, which needs no consent where the profile says so
	To      events.Set[events.AgencyID]
	Needs   events.Set[events.Need]
	Urgency events.Urgency
	Order   events.AskOrder
}

// Reported is what became of a report: on its way.
type Reported struct {
	Case      events.CaseID
	Referrals []events.ReferralID // in the order of the requests
	Notified  []events.AgencyID   // by a notice
	Events    int                 // said in one breath, all or none
}

// Report opens a case and says everything of a report in one breath: the case, a
// child's notice, rights, the person's yes and no, risk, the requests, and one sealed
// record of each section for every provider that may be asked; or, of a person who
// wants no help now, the way back and the notice. All of it is durable when it
// returns, and the draft of the form under the same id is gone; or none. Sent again it
// is refused as case-exists. Errors: *events.Violation, [ErrNotJoined].
func (a *Agency) Report(ctx context.Context, r Report) (Reported, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.book.memo == nil || a.directory == nil {
		return Reported{}, ErrNotJoined
	}
	if err := a.unsent(r.Case); err != nil {
		return Reported{}, err
	}
	now := a.now()
	r.complete(now)
	reported := Reported{Case: r.Case}
	statements, err := a.reportSays(r, &reported, now)
	if err != nil {
		return Reported{}, err
	}
	ids, err := a.sayLocked(ctx, true, func(tx *sql.Tx) error { return a.storeReport(ctx, tx, r, reported, now) }, statements...)
	if err != nil {
		return Reported{}, err
	}
	a.purge(ctx)
	reported.Events = len(ids)
	return reported, nil
}

// complete fills in what goes without saying.
func (r *Report) complete(now time.Time) {
	for _, at := range []*time.Time{&r.Met, &r.Asked} {
		if at.IsZero() || at.After(now) {
			*at = now
		}
	}
	if r.Channel == "" {
		r.Channel = events.InPerson
	}
	if r.By == "" && r.Age == events.Adult {
		r.By = events.ByPerson
	}
}

// helped says whether anybody is asked, or may be later.
func (r Report) helped() bool {
	return len(r.Requests) > 0 || slices.ContainsFunc(r.Words, func(w PersonsWord) bool { return w.Yes })
}

// storeReport keeps what another provider would need, asks what the form left open,
// and ends the draft.
func (a *Agency) storeReport(ctx context.Context, tx *sql.Tx, r Report, said Reported, now time.Time) error {
	if _, err := dropForms(ctx, tx, `id = ?`, string(r.Case)); err != nil {
		return err
	}
	kinds := []TaskKind{}
	if r.Age != events.Adult && a.config.Kind != events.ChildProtection && len(said.Notified) == 0 {
		kinds = append(kinds, TellChildProtection)
	}
	if r.helped() {
		for section, value := range r.Values {
			if err := storeDraft(ctx, tx, r.Case, section, value, now, a.book.memo.Profile.DraftLife()); err != nil {
				return err
			}
		}
		kinds = append(kinds, AskConsent, ChooseProvider)
		if !r.WithPerson {
			kinds = append(kinds, AssessRisk)
		}
	}
	hints := Hints{Language: r.Language, Region: r.Region, Sex: r.Sex, Age: r.Age, Children: r.Children, Access: r.Access, Needs: r.Needs, Safety: r.Safety}
	for _, kind := range kinds {
		if err := storeTask(ctx, tx, r.Case, Question{Kind: kind, Hints: hints}, now); err != nil {
			return err
		}
	}
	return nil
}

// bundleOf is a bundle of the profile by its name; of a child, by no name, what child
// protection gets without a consent. Agency.mu is held.
func (a *Agency) bundleOf(name string, age events.AgeClass) (mou.Bundle, error) {
	profile := a.book.memo.Profile
	if name == "" {
		if !profile.Exempt(events.ChildProtection, age) {
			return mou.Bundle{}, events.Refuse(mou.RuleConsentRequired, "/bundle", "the country profile needs a consent here too")
		}
		return childBundle(), nil
	}
	bundle, ok := profile.Bundles[name]
	if !ok {
		return mou.Bundle{}, events.Refuse(events.RuleDataCode, "/bundle", "the country profile has no bundle of that name")
	}
	return bundle, nil
}

// childBundle is what child protection gets of a child without a consent.
func childBundle() mou.Bundle {
	return mou.Bundle{
		Class: events.ChildProtection, Purpose: events.PurposeChildProtection,
		Sections: []events.Section{events.SectionIdentity, events.SectionContact, events.SectionNeeds, events.SectionRisk},
	}
}
