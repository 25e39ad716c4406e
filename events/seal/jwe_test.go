package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/events/seal"
)

// openByTheBook decrypts a record with nothing but the standard library,
// following RFC 7518 (4.6 with Concat KDF, 5.3) and RFC 3394 step by step, and
// gives salt and section. It shares no code with package seal or go-jose.
func openByTheBook(jwe string, private *ecdh.PrivateKey) (salt []byte, section string, err error) {
	parts := strings.Split(jwe, ".")
	var raw [5][]byte
	for i, part := range parts {
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, "", err
		}
	}
	var h struct {
		Alg, Enc string
		Epk      struct{ X, Y string }
	}
	if err := json.Unmarshal(raw[0], &h); err != nil {
		return nil, "", err
	}
	x, errX := base64.RawURLEncoding.DecodeString(h.Epk.X)
	y, errY := base64.RawURLEncoding.DecodeString(h.Epk.Y)
	ephemeral, errKey := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, x, y))
	if err := errors.Join(errX, errY, errKey); err != nil {
		return nil, "", err
	}
	shared, err := private.ECDH(ephemeral)
	if err != nil {
		return nil, "", err
	}
	contentKey, err := unwrapKey(concatKDF(shared, h.Alg), raw[1])
	if err != nil {
		return nil, "", err
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		return nil, "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, "", err
	}
	plain, err := gcm.Open(nil, raw[2], slices.Concat(raw[3], raw[4]), []byte(parts[0]))
	if err != nil {
		return nil, "", err
	}
	var e struct {
		Salt    []byte
		Section json.RawMessage
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		return nil, "", err
	}
	return e.Salt, string(e.Section), nil
}

func concatKDF(shared []byte, alg string) []byte {
	length := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	sum := sha256.Sum256(slices.Concat(length(1), shared, length(len(alg)), []byte(alg), length(0), length(0), length(256)))
	return sum[:]
}

func unwrapKey(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(wrapped)/8 - 1
	a, r := slices.Clone(wrapped[:8]), slices.Clone(wrapped[8:])
	buffer := make([]byte, 16)
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			step := binary.BigEndian.Uint64(a) ^ uint64(n*j+i)
			binary.BigEndian.PutUint64(buffer, step)
			copy(buffer[8:], r[8*(i-1):8*i])
			block.Decrypt(buffer, buffer)
			copy(a, buffer[:8])
			copy(r[8*(i-1):], buffer[8:])
		}
	}
	if !bytes.Equal(a, bytes.Repeat([]byte{0xa6}, 8)) {
		return nil, errors.New("the wrapped key does not unwrap")
	}
	return r, nil
}

// exported takes the private key out of the file that Save writes.
func exported(t testing.TB, key interface{ Save(string) error }) any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	must(t, key.Save(path))
	content, err := os.ReadFile(path)
	must(t, err)
	block, _ := pem.Decode(content)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	return private
}

func exportedSealing(t testing.TB, key seal.SealingKey) *ecdsa.PrivateKey {
	t.Helper()
	return exported(t, key).(*ecdsa.PrivateKey)
}

func TestARecordOpensByTheBook(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	jwe, plaincommit := sealed(t, shelter, header())
	private, err := exportedSealing(t, shelter).ECDH()
	must(t, err)
	salt, got, err := openByTheBook(string(jwe), private)
	must(t, err)
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(got))
	if got != section || len(salt) != 32 || hex.EncodeToString(mac.Sum(nil)) != plaincommit {
		t.Error("an independent reader finds another section or another commitment")
	}
}
