package exchange

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

func TestGrantingAgainKeepsWhatWasGranted(t *testing.T) {
	b := startBroker(t)
	earlier := b.accounts.Creds[police]
	path := filepath.Join(t.TempDir(), "operator.json")
	if err := b.operator.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := LoadOperator(path)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := again.Grant(hubID, []events.AgencyID{"sampleland-children", police, shelter, council, police})
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(maps.Keys(b.accounts.Resolver))
	for _, account := range known {
		if accounts.Resolver[account] == "" {
			t.Errorf("account %s is gone", account)
		}
	}
	if len(accounts.Resolver) != len(known)+1 || len(accounts.Creds) != 4 || accounts.SystemAccount != b.accounts.SystemAccount {
		t.Errorf("%d accounts, %d credentials", len(accounts.Resolver), len(accounts.Creds))
	}
	b.stop()
	b.accounts = accounts
	b.accounts.Creds[police] = earlier
	b.start()
	b.hub(nil)
	for _, agency := range []events.AgencyID{police, shelter} {
		submitted(deadline(t), t, b.site(agency), numbered(1))
	}
}

func TestOperatorFile(t *testing.T) {
	operator, err := NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "operator.json")
	for range 2 {
		if err := operator.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files, want one", len(left))
	}
	if err := operator.Save(filepath.Join(dir, "missing", "operator.json")); err == nil {
		t.Error("saved into a directory that is not there")
	}
	seed := operator.seeds.Operator
	if err := os.WriteFile(path, []byte(`{"operator":"`+seed+`","other":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOperator(path); err == nil || strings.Contains(err.Error(), seed) {
		t.Errorf("a damaged file gives %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOperator(path); err == nil && runtime.GOOS != "windows" {
		t.Error("loaded a file that the group may read")
	}
	if _, err := LoadOperator(filepath.Join(dir, "none")); err == nil {
		t.Error("loaded nothing")
	}
}

func TestGrantRefuses(t *testing.T) {
	operator, err := NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	for _, agency := range []events.AgencyID{"", "hub", "Police", "a.b", "*", ">", "a b", events.AgencyID(strings.Repeat("a", 33))} {
		if _, err := operator.Grant(hubID, []events.AgencyID{agency}); err == nil {
			t.Errorf("granted an account to %q", agency)
		}
	}
	many := make([]events.AgencyID, maxAgencies+1)
	if _, err := operator.Grant(hubID, many); err == nil {
		t.Error("granted too many accounts")
	}
}

func TestAccountsForTheBrokerHoldNoSecret(t *testing.T) {
	operator, err := NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := operator.Grant(hubID, []events.AgencyID{police})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(accounts)
	if err != nil {
		t.Fatal(err)
	}
	own := operator.seeds.Agencies[police]
	for _, seed := range []string{operator.seeds.Operator, operator.seeds.System, operator.seeds.Hub.Account, operator.seeds.Hub.User, own.Account, own.User} {
		if bytes.Contains(text, []byte(seed)) {
			t.Error("the broker's configuration holds a seed")
		}
	}
	if bytes.Contains(text, accounts.Creds[police][:40]) || !bytes.Contains(accounts.Creds[police], []byte(own.User)) {
		t.Error("credentials are not where they belong")
	}
}
