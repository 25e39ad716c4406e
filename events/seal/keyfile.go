package seal

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

const pemType = "PRIVATE KEY"

// Save writes the key to a new file, as PKCS#8 PEM readable by its owner only.
// It never replaces a file: a key lost is an agency silenced.
func (k SigningKey) Save(path string) error { return save(path, k.private, Passphrase{}) }

// SaveWith is Save, encrypted with a passphrase unless that is the zero one.
func (k SigningKey) SaveWith(path string, p Passphrase) error { return save(path, k.private, p) }

// Save writes the key to a new file, as PKCS#8 PEM readable by its owner only.
// It never replaces a file: a key lost is records lost.
func (k SealingKey) Save(path string) error { return save(path, k.private, Passphrase{}) }

// SaveWith is Save, encrypted with a passphrase unless that is the zero one.
func (k SealingKey) SaveWith(path string, p Passphrase) error { return save(path, k.private, p) }

// LoadSigningKey reads a key that Save wrote. It refuses a file that its group
// or others may read.
func LoadSigningKey(path string) (SigningKey, error) { return LoadSigningKeyWith(path, Passphrase{}) }

// LoadSigningKeyWith is LoadSigningKey for a file that may be encrypted.
func LoadSigningKeyWith(path string, p Passphrase) (SigningKey, error) {
	private, err := load(path, p)
	if err != nil {
		return SigningKey{}, err
	}
	key, ok := private.(ed25519.PrivateKey)
	if !ok {
		return SigningKey{}, fmt.Errorf("reading key file %s: it holds no Ed25519 key", path)
	}
	return SigningKey{key}, nil
}

// LoadSealingKey reads a key that Save wrote. It refuses a file that its group
// or others may read.
func LoadSealingKey(path string) (SealingKey, error) { return LoadSealingKeyWith(path, Passphrase{}) }

// LoadSealingKeyWith is LoadSealingKey for a file that may be encrypted.
func LoadSealingKeyWith(path string, p Passphrase) (SealingKey, error) {
	private, err := load(path, p)
	if err != nil {
		return SealingKey{}, err
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return SealingKey{}, fmt.Errorf("reading key file %s: it holds no P-256 key", path)
	}
	return SealingKey{key}, nil
}

func save(path string, key any, p Passphrase) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	return WriteSecret(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), p)
}

func load(path string, p Passphrase) (any, error) {
	content, err := ReadSecret(path, p)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != pemType || len(rest) != 0 {
		return nil, fmt.Errorf("reading key file %s: it is not one PKCS#8 private key in PEM", path)
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading key file %s: it is not one PKCS#8 private key in PEM", path)
	}
	return private, nil
}
