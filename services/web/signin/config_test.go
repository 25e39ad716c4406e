package signin

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/services/web/access"
)

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func production() Config {
	return Config{Agency: "blue-harbour", Origin: "https://pages.example", Issuer: "https://login.example/realm", ClientID: "handrail", Log: slog.New(slog.DiscardHandler)}
}

func TestOnlySafeAddressesAreTaken(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Issuer = "http://login.example" },
		func(c *Config) { c.Issuer = "http://192.0.2.1" },
		func(c *Config) { c.Issuer = "login.example" },
		func(c *Config) { c.Issuer = "" },
		func(c *Config) { c.Origin = "http://pages.example" },
		func(c *Config) { c.Origin = "https://pages.example/inbox" },
		func(c *Config) { c.Origin = "https://name@pages.example" },
		func(c *Config) { c.Origin = "" },
		func(c *Config) { c.ClientID = "" },
		func(c *Config) { c.Agency = "" },
		func(c *Config) { c.SecretFile = write(t, "secret", 0o644) },
		func(c *Config) { c.SecretFile = write(t, "\nsecret", 0o600) },
		func(c *Config) { c.SecretFile = "missing" },
		func(c *Config) { c.RolesFile = write(t, "cw-1: [king]", 0o600) },
		func(c *Config) { c.RolesFile = write(t, "Full Name: [dpo]", 0o600) },
		func(c *Config) { c.RolesFile = "missing" },
	} {
		c := production()
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("taken: %+v", c)
		}
	}
	for _, change := range []func(*Config){
		func(*Config) {},
		func(c *Config) { c.SecretFile = write(t, "secret\n", 0o600) },
		func(c *Config) { c.Issuer, c.Origin = "http://localhost:7070", "http://127.0.0.1:7081" },
		func(c *Config) { c.Issuer = "http://[::1]:7070" },
	} {
		c := production()
		change(&c)
		if _, err := New(c); err != nil {
			t.Errorf("not taken: %v", err)
		}
	}
}

func TestRolesComeFromTheProviderElseFromTheList(t *testing.T) {
	c := production()
	c.RolesFile = write(t, "cw-1: [case-worker]\nlead-1: [duty-lead, dpo]\n", 0o600)
	c.RolesClaim, c.AgencyClaim, c.CodeClaim = "realm_access.roles", "org", "staff"
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		claims  claims
		want    []access.Role
		problem trouble
	}{
		{claims{"org": "blue-harbour", "staff": "cw-1", "realm_access": map[string]any{"roles": []any{"offline_access", "auditor", "auditor", 7}}}, []access.Role{access.Auditor}, ""},
		{claims{"org": "blue-harbour", "staff": "cw-1", "realm_access.roles": "dpo rapporteur king"}, []access.Role{access.DPO, access.Rapporteur}, ""},
		{claims{"org": "blue-harbour", "staff": "lead-1", "realm_access": map[string]any{"roles": []any{"king"}}}, []access.Role{access.DutyLead, access.DPO}, ""},
		{claims{"org": "blue-harbour", "staff": "cw-1", "realm_access": "x"}, []access.Role{access.CaseWorker}, ""},
		{claims{"org": "blue-harbour", "staff": "cw-2"}, nil, troubleRoles},
		{claims{"org": "red-bridge", "staff": "cw-1"}, nil, troubleAgency},
		{claims{"org": []any{"blue-harbour"}, "staff": "cw-1"}, nil, troubleAgency},
		{claims{"staff": "cw-1"}, nil, troubleAgency},
		{claims{"org": "blue-harbour", "staff": "First Last"}, nil, troubleCode},
		{claims{"org": "blue-harbour", "staff": 7.0}, nil, troubleCode},
		{claims{"org": "blue-harbour", "staff": strings.Repeat("x", 33)}, nil, troubleCode},
		{claims{"org": "blue-harbour"}, nil, troubleCode},
	} {
		if _, roles, problem := g.person(row.claims); problem != row.problem || !slices.Equal(roles, row.want) {
			t.Errorf("%v: %v %q, want %v %q", row.claims, roles, problem, row.want, row.problem)
		}
	}
}

func TestWithoutAStoreThereIsTheProviderOnly(t *testing.T) {
	g, err := New(production())
	if err != nil {
		t.Fatal(err)
	}
	if g.offers(ByPIN) || g.offers(ByPasskey) || !g.offers(ByProvider) {
		t.Error("something else is offered, or the provider is not")
	}
}

func TestWhichDigitsMayBeAPIN(t *testing.T) {
	for digits, want := range map[string]bool{
		"271828": true, "100000": true, "123455": true, "9876543211": true, "112233445566": true,
		"123456": false, "987654321": false, "777777": false, "27182": false, "1234567890123": false, "27182a": false, "": false,
	} {
		if acceptable(digits) != want {
			t.Errorf("%q: %t", digits, !want)
		}
	}
}
