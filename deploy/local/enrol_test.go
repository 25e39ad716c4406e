package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

func TestEveryAgencyButAuditorsAndForeignMissionsGetsAWitnessKey(t *testing.T) {
	at := Layout{Root: t.TempDir()}
	cast := map[events.AgencyID]events.AgencyKind{
		"sampletown-police": events.Police, "lighthouse-shelter": events.Shelter, "sampleland-audit": events.Auditor, "farland-mission": events.ForeignMission,
	}
	founding := Founding{Hub: "sampleland", Profile: "uk@1"}
	for id, kind := range cast {
		founding.Members = append(founding.Members, Member{Agency: id, Kind: kind})
	}
	if err := Enrol(t.Context(), at, founding); err != nil {
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
	genesis, _ := payload.(*events.DirectoryFounded)
	if texts, err := mou.ProfileTexts("uk@1"); err != nil || genesis.Text != mou.ProfileDigest(texts) {
		t.Errorf("genesis names another text of the profile: %v", err)
	}
	listed := map[events.AgencyID]string{}
	for _, l := range genesis.Agencies {
		listed[l.Agency] = l.Witness
	}
	for id, kind := range cast {
		path := filepath.Join(at.Agency(id), WitnessKeyFile)
		secret, err := os.ReadFile(path)
		if kind == events.Auditor || kind == events.ForeignMission {
			if err == nil || listed[id] != "" {
				t.Errorf("%s, of kind %s, has a witness key", id, kind)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the witness key of %s: %v, %v", id, info.Mode(), err)
		}
		key, err := tlog.ParseWitnessKey(strings.TrimSpace(string(secret)))
		if err != nil {
			t.Fatal(err)
		}
		public, err := tlog.NewWitnessVerifier(listed[id])
		if err != nil || public.KeyHash() != key.Verifier().KeyHash() || public.Name() != "handrail/sampleland/"+string(id) {
			t.Errorf("%s is listed with another witness key: %v", id, err)
		}
	}
}
