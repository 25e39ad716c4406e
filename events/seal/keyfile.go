package seal

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

const pemType = "PRIVATE KEY"

// maxKeyFile bounds what is read of a key file.
const maxKeyFile = 4 << 10

// Save writes the key to a new file, as PKCS#8 PEM readable by its owner only.
// It never replaces a file: a key lost is an agency silenced.
func (k SigningKey) Save(path string) error { return save(path, k.private) }

// Save writes the key to a new file, as PKCS#8 PEM readable by its owner only.
// It never replaces a file: a key lost is records lost.
func (k SealingKey) Save(path string) error { return save(path, k.private) }

// LoadSigningKey reads a key that Save wrote. It refuses a file that its group
// or others may read.
func LoadSigningKey(path string) (SigningKey, error) {
	private, err := load(path)
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
func LoadSealingKey(path string) (SealingKey, error) {
	private, err := load(path)
	if err != nil {
		return SealingKey{}, err
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return SealingKey{}, fmt.Errorf("reading key file %s: it holds no P-256 key", path)
	}
	return SealingKey{key}, nil
}

func save(path string, key any) (err error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("creating a key file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pem.Encode(f, &pem.Block{Type: pemType, Bytes: der}); err != nil {
		return fmt.Errorf("writing key file %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("writing key file %s: %w", path, err)
	}
	return nil
}

func load(path string) (any, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("opening a key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading key file %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading key file %s: others than its owner may read it; set its mode to 0600", path)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading key file %s: %w", path, err)
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
