package police

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

func TestTheInventedFormsAreReadByTheIntake(t *testing.T) {
	intake := Desk().Intakes()[0]
	for name, want := range map[string]events.AgeClass{"referral": events.Adult, "notification": events.Adult, "unknown-age": events.Unsure, "no-support": events.Adult} {
		form, err := Form(name)
		if err != nil {
			t.Fatal(err)
		}
		filing, err := intake.Read(form)
		if err != nil || filing.Age != want || filing.Unknown != 0 {
			t.Errorf("%s: age %s, %d unknown members, %v", name, filing.Age, filing.Unknown, err)
		}
		if filing.Notify != (name == "notification") {
			t.Errorf("%s: notify is %v", name, filing.Notify)
		}
	}
	if _, err := Form("nobody"); err == nil {
		t.Error("a form that does not exist was given")
	}
}

func TestABedComesBeforeAConversation(t *testing.T) {
	got := Desk().Ask([]agency.Provider{
		{Agency: "talk", Kind: events.Counselling}, {Agency: "court", Kind: events.Prosecutor}, {Agency: "house-b", Kind: events.Shelter}, {Agency: "house-a", Kind: events.Shelter},
	}, nil)
	if want := []events.AgencyID{"house-b", "house-a", "talk", "court"}; !slices.Equal(got, want) {
		t.Errorf("asked in the order %v, want %v", got, want)
	}
}

func TestOfficersAnswerThemselvesInTheOrderOfArrival(t *testing.T) {
	late := agency.Waiting{Referral: "late", Arrived: time.Unix(20, 0), Facts: &events.ReferralRequested{}}
	early := agency.Waiting{Referral: "early", Arrived: time.Unix(10, 0), Facts: &events.ReferralRequested{}}
	if got := Desk().First([]agency.Waiting{late, early}); got[0].Referral != "early" {
		t.Errorf("the officer sees %s first", got[0].Referral)
	}
	if Desk().Answers(late, time.Unix(30, 0)) != nil {
		t.Error("the police answer unasked")
	}
}

func TestWhoIsThreatenedComesFirst(t *testing.T) {
	waiting := func(name string, arrived int64, safety ...events.Safety) agency.Waiting {
		return agency.Waiting{Referral: events.ReferralID(name), Arrived: time.Unix(arrived, 0), Facts: &events.ReferralRequested{Safety: safety}}
	}
	var got []string
	for _, w := range Desk().First([]agency.Waiting{
		waiting("tracked", 1, "tracked-phone"), waiting("near", 2, "suspect-nearby"), waiting("pursued", 3, "pursued"), waiting("armed", 4, "armed-threat"),
	}) {
		got = append(got, string(w.Referral))
	}
	if want := []string{"armed", "near", "pursued", "tracked"}; !slices.Equal(got, want) {
		t.Errorf("seen in the order %v, want %v", got, want)
	}
}

func TestEveryKindThatEnforcesTheLawHasTheDesk(t *testing.T) {
	if d := Desks(); len(d) != 3 || d[events.Police] != Desk() || d[events.BorderGuard] != Desk() || d[events.Prosecutor] != Desk() {
		t.Errorf("%v", d)
	}
}
