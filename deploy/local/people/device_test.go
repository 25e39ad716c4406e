package people

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// device keeps one passkey, as a phone or a security key does.
type device struct {
	t      *testing.T
	id     []byte
	key    *ecdsa.PrivateKey
	handle []byte
	count  uint32

	origin  string // what its browser says
	touched bool   // whether it looked who touches it
	still   bool   // it does not count, as passkeys do that are on several devices
}

func newDevice(d *door) *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	return &device{t: d.t, id: []byte(rand.Text()), key: key, origin: d.origin, touched: true}
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (k *device) text(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return text
}

// client is what the browser adds: what is done, for which challenge, on whose page.
func (k *device) client(what, challenge string) []byte {
	return k.text(map[string]any{"type": what, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
}

// data is the authenticator data of the site called localhost.
func (k *device) data(flags byte) []byte {
	if !k.still {
		k.count++
	}
	if k.touched {
		flags |= 0x04
	}
	site := sha256.Sum256([]byte("localhost"))
	return binary.BigEndian.AppendUint32(append(site[:], flags|0x01), k.count)
}

// options asks the site what it wants of a device.
func (b *browser) options(path string) map[string]any {
	b.door.t.Helper()
	p := b.post(path, nil)
	var answer struct {
		PublicKey map[string]any `json:"publicKey"`
	}
	if err := json.Unmarshal([]byte(p.text), &answer); err != nil {
		b.door.t.Fatalf("%s at %s: %d %s", path, p.at, p.status, p.text)
	}
	return answer.PublicKey
}

// make answers a request for a new passkey.
func (k *device) make(options map[string]any) url.Values {
	user := options["user"].(map[string]any)
	var err error
	if k.handle, err = base64.RawURLEncoding.DecodeString(user["id"].(string)); err != nil {
		k.t.Fatal(err)
	}
	point, err := k.key.PublicKey.Bytes()
	if err != nil {
		k.t.Fatal(err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		k.t.Fatal(err)
	}
	data := append(k.data(0x40), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), public...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		k.t.Fatal(err)
	}
	return k.form(map[string]any{
		"clientDataJSON":    encoded(k.client("webauthn.create", options["challenge"].(string))),
		"attestationObject": encoded(attestation), "transports": []string{"internal"},
	})
}

// prove answers a request to prove who holds the device.
func (k *device) prove(options map[string]any) url.Values {
	data, client := k.data(0), k.client("webauthn.get", options["challenge"].(string))
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.form(map[string]any{
		"clientDataJSON": encoded(client), "authenticatorData": encoded(data), "signature": encoded(signature), "userHandle": encoded(k.handle),
	})
}

func (k *device) form(response map[string]any) url.Values {
	answer := map[string]any{"id": encoded(k.id), "rawId": encoded(k.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response}
	return url.Values{"answer": {string(k.text(answer))}, "back": {"/inbox"}}
}
