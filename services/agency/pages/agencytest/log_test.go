package agencytest_test

import (
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

func TestAReferralThatTheAgencyAcceptsOpensItsRecord(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	of := l.NewCase()
	l.Says(agencytest.Police, of, "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
	asked := l.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: l.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Tonight, Age: events.Adult,
	})
	if waiting := a.Waiting(); len(waiting) != 1 || waiting[0].Referral != asked.ID {
		t.Fatalf("waiting: %+v", waiting)
	}
	record := l.Seals(agencytest.Police, events.TypeRecordSealed, of, asked.ID, events.PurposeAccommodation, events.SectionIdentity, `{"first_name":"Robin"}`)
	if _, err := a.Say(t.Context(), agency.Statement{Case: of, Referral: asked.ID, Payload: &events.ReferralAccepted{Said: l.Now()}}); err != nil {
		t.Fatal(err)
	}
	l.Admit(a)
	l.Releases(record)
	sections, err := a.Sections(of)
	if err != nil || len(sections) != 1 || !sections[0].Open {
		t.Errorf("%+v, %v", sections, err)
	}
	view, err := a.Case(of)
	if err != nil || view.Waiting != 0 || view.Referrals[0].Legs[0].State != mou.LegAccepted {
		t.Errorf("%+v, %v", view, err)
	}
}
