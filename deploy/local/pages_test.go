package local

import (
	"strings"
	"testing"

	"handrail/events"
)

func TestPagesGetAddressesOnceAndOnThisMachineOnly(t *testing.T) {
	at := Layout{Root: shortDir(t)}
	f := Founding{Hub: "sampleland", Profile: "sampleland@1", Members: []Member{
		{Agency: "first-police", Kind: events.Police, Served: true},
		{Agency: "later-shelter", Kind: events.Shelter},
		{Agency: "some-audit", Kind: events.Auditor},
	}}
	if err := Enrol(t.Context(), at, f); err != nil {
		t.Fatal(err)
	}
	if d, _ := at.Directions(); d.StartURL() != "" || d.PagesOf("first-police") != "" {
		t.Error("a hub that was not asked to serves pages")
	}
	if err := ServePages(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	first, err := at.Directions()
	if err != nil {
		t.Fatal(err)
	}
	if err := ServePages(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	d, err := at.Directions()
	if err != nil {
		t.Fatal(err)
	}
	if d.Start != first.Start || d.Issuer != first.Issuer || d.PagesOf("first-police") != first.PagesOf("first-police") {
		t.Error("pages moved to other ports")
	}
	for _, address := range []string{d.Start, d.Issuer} {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			t.Errorf("listens at %s", address)
		}
	}
	for agency, served := range map[events.AgencyID]bool{"first-police": true, "later-shelter": false, "some-audit": true} {
		file, err := ReadAgencyFile(at.Agency(agency))
		if err != nil {
			t.Fatal(err)
		}
		if (file.Pages.Listen != "") != served || served && (file.Pages.Origin != d.PagesOf(agency) || file.Pages.Issuer != d.IssuerURL() || !strings.HasPrefix(file.Pages.Origin, "http://localhost:")) {
			t.Errorf("the pages of %s: %+v", agency, file.Pages)
		}
	}
}

func TestFilesOfPagesAreNamedAsTheyStandInTheFolder(t *testing.T) {
	p := PagesFile{SecretFile: "client.secret", CertFile: "/etc/pages.pem"}.In("/srv/shelter")
	if p.SecretFile != "/srv/shelter/client.secret" || p.CertFile != "/etc/pages.pem" || p.KeyFile != "" {
		t.Errorf("%+v", p)
	}
}
