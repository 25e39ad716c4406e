package serve

import (
	"testing"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
)

func TestFlagsGoBeforeTheFolder(t *testing.T) {
	kept := local.PagesFile{Listen: "127.0.0.1:7090", Origin: "http://localhost:7090", Issuer: "https://id.example", Client: "kept", SecretFile: "client.secret"}
	at, err := PagesFlags{local.PagesFile{Client: "given", SecretFile: "here.secret", Scopes: []string{"roles"}}}.over("/srv/shelter", kept)
	if err != nil {
		t.Fatal(err)
	}
	if at.Client != "given" || at.Issuer != "https://id.example" || at.SecretFile != "here.secret" || len(at.Scopes) != 1 {
		t.Errorf("%+v", at)
	}
	if at, err = (PagesFlags{}).over("/srv/shelter", kept); err != nil || at.SecretFile != "/srv/shelter/client.secret" {
		t.Errorf("%+v %v", at, err)
	}
}

func TestPagesWithoutAProviderAreAnErrorOfUsage(t *testing.T) {
	_, err := PagesFlags{local.PagesFile{Listen: "127.0.0.1:7090"}}.over("/srv/shelter", local.PagesFile{})
	if process.ExitCode(err) != process.ExitUsage {
		t.Errorf("%v", err)
	}
	if at, err := (PagesFlags{}).over("/srv/shelter", local.PagesFile{}); err != nil || at.Listen != "" {
		t.Errorf("an agency without pages: %+v %v", at, err)
	}
}
