package enrolment

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
)

const hubID events.HubID = "sampleland"

func asking(id events.AgencyID) Asking {
	return Asking{Hub: hubID, Agency: id, Kind: events.Shelter}
}

// asks gives a folder that has asked to join.
func asks(t *testing.T, id events.AgencyID) (string, Request) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "agency")
	r, err := Ask(folder, asking(id))
	if err != nil {
		t.Fatal(err)
	}
	return folder, r
}

// admitted is an operator's answer, as Desk gives it.
func admitted(t *testing.T, r Request) Admission {
	t.Helper()
	operator, err := exchange.NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	if err := operator.Admit(r.Listing.Agency, r.User, time.Time{}); err != nil {
		t.Fatal(err)
	}
	accounts, err := operator.Accounts(r.Hub)
	if err != nil {
		t.Fatal(err)
	}
	return Admission{
		Form: admissionForm, Hub: r.Hub, Agency: r.Listing.Agency, Kind: r.Listing.Kind, Broker: "tls://broker.example:4222", Ledger: "https://hub.example",
		CA: "an authority", LogKey: "log", HubKey: r.Listing.Signing, Genesis: strings.Repeat("0", 64), Token: accounts.Users[r.Listing.Agency],
	}
}

func TestAskingAgainKeepsTheKeys(t *testing.T) {
	folder, first := asks(t, "cove-shelter")
	if err := os.Remove(filepath.Join(folder, RequestFile)); err != nil { // as if the machine had stopped before it
		t.Fatal(err)
	}
	second, err := Ask(folder, asking("cove-shelter"))
	if err != nil || second != first {
		t.Errorf("other keys were made: %v", err)
	}
	if _, err := Ask(folder, asking("reef-shelter")); err == nil {
		t.Error("one folder asks for two agencies")
	}
}

func TestARequestIsOfOneHand(t *testing.T) {
	_, a := asks(t, "cove-shelter")
	_, b := asks(t, "reef-shelter")
	stolen := a
	stolen.User = b.User // a listing is public: anybody can write one beside a key of their own
	if stolen.Check() == nil {
		t.Error("another's listing was taken for one's own")
	}
	if slices.Equal(stolen.Words(), a.Words()) {
		t.Error("and has the same words")
	}
	elsewhere := a
	elsewhere.Hub = "farland"
	if elsewhere.Check() == nil {
		t.Error("a request serves another hub")
	}
}

func TestAnAdmissionIsAcceptedByWhoAsked(t *testing.T) {
	folder, r := asks(t, "cove-shelter")
	a := admitted(t, r)
	if _, err := Accept(folder, a, Site{Listen: "127.0.0.1:7081"}); err != nil {
		t.Fatal(err)
	}
	if !Unchanged(folder, a) {
		t.Error("it pins something else")
	}
	if _, err := Accept(folder, a, Site{}); err != nil {
		t.Errorf("again: %v", err)
	}
	if file, err := local.ReadAgencyFile(folder); err != nil || file.Listen != "127.0.0.1:7081" || file.Transport(folder).CAFile != filepath.Join(folder, caFile) {
		t.Errorf("it says of itself %+v, %v", file, err)
	}
	if _, err := Ask(folder, asking("cove-shelter")); !errors.Is(err, ErrJoined) {
		t.Errorf("asking after having joined: %v", err)
	}
	for name, change := range map[string]func(*Admission){
		"another log":       func(a *Admission) { a.LogKey = "other" },
		"another hub key":   func(a *Admission) { _, other := asks(t, "reef-shelter"); a.HubKey = other.Listing.Signing },
		"another genesis":   func(a *Admission) { a.Genesis = strings.Repeat("1", 64) },
		"another agency":    func(a *Admission) { a.Agency = "reef-shelter" },
		"another kind":      func(a *Admission) { a.Kind = events.Police },
		"another's token":   func(a *Admission) { _, other := asks(t, "cove-shelter"); a.Token = admitted(t, other).Token },
		"no token":          func(a *Admission) { a.Token = "" },
		"another authority": nil,
	} {
		changed := a
		if change == nil {
			if changed.CA = "other"; Unchanged(folder, changed) {
				t.Errorf("%s: nothing to compare", name)
			}
			continue
		}
		change(&changed)
		if _, err := Accept(folder, changed, Site{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, plain := range []string{"nats://broker.example:4222", "ws://broker.example", "ftp://broker.example", ""} {
		changed := a
		changed.Broker = plain
		file := filepath.Join(t.TempDir(), "admission.json")
		if err := changed.Write(file); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAdmission(file); err == nil {
			t.Errorf("%q was taken for the broker's address", plain)
		}
	}
}

func TestRenewingAccessChangesTheUserKeyAlone(t *testing.T) {
	folder, r := asks(t, "cove-shelter")
	if _, err := Renew(folder); err == nil {
		t.Error("renewed what never joined")
	}
	if _, err := Accept(folder, admitted(t, r), Site{}); err != nil {
		t.Fatal(err)
	}
	renewed, err := Renew(folder)
	if err != nil {
		t.Fatal(err)
	}
	if renewed.Listing != r.Listing || renewed.User == r.User || renewed.Check() != nil {
		t.Errorf("renewed to %+v", renewed)
	}
	if _, err := Accept(folder, admitted(t, r), Site{}); err == nil {
		t.Error("a token of the key before was accepted")
	}
}
