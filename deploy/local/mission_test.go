package local

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"handrail/events"
)

func TestAForeignMissionIsListedBesideGenesisAndPinsItsOwnListing(t *testing.T) {
	at := Layout{Root: t.TempDir()}
	cast := []Member{
		{Agency: "sampletown-police", Kind: events.Police},
		{Agency: "farland-mission", Kind: events.ForeignMission},
		{Agency: "lighthouse-shelter", Kind: events.Shelter},
		{Agency: "elseland-mission", Kind: events.ForeignMission},
	}
	if err := Enrol(t.Context(), at, Founding{Hub: "sampleland", Profile: "uk@1", Members: cast}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(at.Hub(), genesisFile))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := events.Decode(events.TypeDirectoryFounded, data)
	if err != nil {
		t.Fatal(err)
	}
	founded, _ := payload.(*events.DirectoryFounded)
	var listed []events.AgencyID
	for _, l := range founded.Agencies {
		listed = append(listed, l.Agency)
	}
	if want := []events.AgencyID{"sampletown-police", "lighthouse-shelter"}; !reflect.DeepEqual(listed, want) {
		t.Errorf("genesis lists %v, want %v", listed, want)
	}
	missions, err := readMissions(at)
	if err != nil || len(missions) != 2 || missions[0].Agencies[0].Agency != "farland-mission" || missions[1].Agencies[0].Agency != "elseland-mission" {
		t.Fatalf("the missions read back are %+v, %v", missions, err)
	}
	pins := map[events.AgencyID]string{}
	for _, m := range missions {
		own, err := events.Encode(&m)
		if err != nil {
			t.Fatal(err)
		}
		pins[m.Agencies[0].Agency] = digestOf(own)
	}
	for _, m := range cast {
		file, err := ReadAgencyFile(at.Agency(m.Agency))
		if err != nil {
			t.Fatal(err)
		}
		want, mission := pins[m.Agency]
		if !mission {
			want = digestOf(data)
		}
		if file.Genesis != want {
			t.Errorf("%s pins %s, want %s", m.Agency, file.Genesis, want)
		}
	}
}

func digestOf(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
