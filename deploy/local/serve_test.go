package local

import (
	"testing"

	"handrail/events"
)

func TestADirectoryServesAnotherStoryLater(t *testing.T) {
	at := Layout{Root: shortDir(t)}
	members := []Member{
		{Agency: "first-police", Kind: events.Police, Served: true},
		{Agency: "later-shelter", Kind: events.Shelter},
		{Agency: "some-audit", Kind: events.Auditor},
	}
	f := Founding{Hub: "sampleland", Profile: "uk@1", Members: members}
	if err := Enrol(t.Context(), at, f); err != nil {
		t.Fatal(err)
	}
	before, err := at.Directions()
	if err != nil {
		t.Fatal(err)
	}
	f.Members[1].Served = true
	f.Members = append(f.Members, Member{Agency: "a-stranger", Kind: events.Shelter, Served: true})
	if err := Serve(t.Context(), at, f); err != nil {
		t.Fatal(err)
	}
	after, err := at.Directions()
	if err != nil {
		t.Fatal(err)
	}
	file, err := ReadAgencyFile(at.Agency("later-shelter"))
	if err != nil {
		t.Fatal(err)
	}
	address, _ := after.Address("later-shelter")
	if address.Intake == "" || file.Listen != address.Intake {
		t.Errorf("the shelter is at %q and listens at %q", address.Intake, file.Listen)
	}
	if after.Agencies[0] != before.Agencies[0] || len(after.Agencies) != len(before.Agencies) {
		t.Error("others changed")
	}
}
