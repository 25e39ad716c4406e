package agency

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Standing is what nobody should have to gather from a case's trail, as far as
// this agency sees, its own unanswered statements included. What is not so is absent.
type Standing struct {
	Missing      Missing          `json:"missing,omitzero"`       // nobody who holds the person knows where they are
	Unconfirmed  []Unconfirmed    `json:"unconfirmed,omitzero"`   // emergencies that wait for a second person, oldest first
	HelpDeclined HelpDeclined     `json:"help_declined,omitzero"` // the person wants no help now, and agreed to nothing since
	Incidents    []events.EventID `json:"incidents,omitzero"`     // raids and families that the case was linked with
}

// Missing says since when the person is missing, as it was said.
type Missing struct {
	Since time.Time       `json:"since"`
	By    events.AgencyID `json:"by"`
}

// Unconfirmed is an emergency disclosure on one signature. It opens sections
// whether it is confirmed or not.
type Unconfirmed struct {
	Disclosure events.EventID   `json:"disclosure"`
	By         events.AgencyID  `json:"by"` // another member of its staff confirms
	To         events.AgencyID  `json:"to"`
	Reason     events.Danger    `json:"reason"`
	Sections   []events.Section `json:"sections"`
	Until      time.Time        `json:"until"`               // the sections need no consent until then
	ConfirmBy  time.Time        `json:"confirm_by,omitzero"` // unless this agency does not see that clock
}

// HelpDeclined says since when the person wants no help, as it was said, and the
// way back that they were offered.
type HelpDeclined struct {
	Since   time.Time       `json:"since"`
	By      events.AgencyID `json:"by"`
	WayBack events.WayBack  `json:"way_back"`
}

// standingOf says how a case stands, with its clocks.
func standingOf(c mou.Case, clocks []mou.Clock) Standing {
	s := Standing{Incidents: c.Incidents()}
	for _, item := range c.Trail() {
		switch p := item.Facts.(type) {
		case *events.PersonMissing:
			s.Missing = Missing{Since: item.Happened(), By: item.By}
		case *events.HelpDeclined:
			s.HelpDeclined = HelpDeclined{Since: item.Happened(), By: item.By, WayBack: p.WayBack}
		}
	}
	if !c.Missing() {
		s.Missing = Missing{}
	}
	if !c.HelpDeclined() {
		s.HelpDeclined = HelpDeclined{}
	}
	for _, e := range c.Emergencies() {
		if e.Confirmed {
			continue
		}
		wait := Unconfirmed{Disclosure: e.ID, By: e.By, To: e.To, Reason: e.Reason, Sections: e.Sections, Until: e.Until}
		if i := slices.IndexFunc(clocks, func(k mou.Clock) bool { return k.Rule == mou.ClockEmergency && k.Set == e.Number }); i >= 0 {
			wait.ConfirmBy = clocks[i].Due
		}
		s.Unconfirmed = append(s.Unconfirmed, wait)
	}
	return s
}
