package agency

import (
	"bytes"
	"testing"
)

func TestCredentialsArePutInPlaceAndGivenByPerson(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.must(a.KeepCredential(t.Context(), "pin", "cw-1", "cw-1", []byte("first")))
	l.must(a.KeepCredential(t.Context(), "pin", "cw-1", "cw-1", []byte("second")))
	l.must(a.KeepCredential(t.Context(), "passkey", "a", "cw-1", []byte("key a")))
	l.must(a.KeepCredential(t.Context(), "passkey", "b", "cw-1", []byte("key b")))
	l.must(a.KeepCredential(t.Context(), "passkey", "c", "lead-1", []byte("key c")))
	if staff, value, err := a.Credential(t.Context(), "pin", "cw-1"); err != nil || staff != "cw-1" || !bytes.Equal(value, []byte("second")) {
		t.Errorf("%q %q %v", staff, value, err)
	}
	l.must(a.DropCredential(t.Context(), "passkey", "a"))
	l.must(a.DropCredential(t.Context(), "passkey", "a"))
	if keys, err := a.Credentials(t.Context(), "passkey", "cw-1"); err != nil || len(keys) != 1 || string(keys["b"]) != "key b" {
		t.Errorf("%q %v", keys, err)
	}
	if staff, value, err := a.Credential(t.Context(), "passkey", "a"); err != nil || staff != "" || value != nil {
		t.Errorf("a credential that was deleted: %q %q %v", staff, value, err)
	}
}
