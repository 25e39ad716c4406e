package ledger

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/services/ledger"
)

// certified writes a certificate for this machine, and gives whom to believe.
func certified(t *testing.T, dir string, serial int64) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	certFile, keyFile = filepath.Join(dir, "hub.crt"), filepath.Join(dir, "hub.key")
	must(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	made, err := x509.ParseCertificate(der)
	must(err)
	roots = x509.NewCertPool()
	roots.AddCert(made)
	return certFile, keyFile, roots
}

func TestTheLedgerAnswersOverTLSAndPlainlyToItsOwnMachineOnly(t *testing.T) {
	var roots *x509.CertPool
	port := strconv.Itoa(freePort(t))
	w := newWorld(t, func(c *ledger.Config) {
		c.Listen = "127.0.0.1:" + port
		c.TLSCertFile, c.TLSKeyFile, roots = certified(t, t.TempDir(), 1)
	})
	ask := func(config *tls.Config, address string) error {
		transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport}).Get(address)
		if err == nil {
			err = response.Body.Close()
			if response.StatusCode != http.StatusOK || response.TLS.Version != tls.VersionTLS13 || response.ProtoMajor != 2 {
				t.Errorf("answered %d over TLS %x and HTTP/%d", response.StatusCode, response.TLS.Version, response.ProtoMajor)
			}
		}
		return err
	}
	address := "https://127.0.0.1:" + port + "/healthz"
	w.must(ask(&tls.Config{RootCAs: roots}, address))
	if err := ask(&tls.Config{RootCAs: x509.NewCertPool()}, address); err == nil {
		t.Error("whoever believes nobody believed the ledger")
	}
	if err := ask(&tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12}, address); err == nil {
		t.Error("the ledger spoke an older TLS")
	}
	response, err := http.Get("http://127.0.0.1:" + port + "/healthz")
	if err == nil {
		if _ = response.Body.Close(); response.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP is answered %d", response.StatusCode)
		}
	}
}

func TestWhereTheLedgerDoesNotListen(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{":8443", "0.0.0.0:8443", "[::]:8443", "192.0.2.7:8443", "hub.example:8443", "127.0.0.1"} {
		config := w.config
		config.Listen = address
		if _, err := ledger.New(config); !errors.Is(err, ledger.ErrPlainHTTP) {
			t.Errorf("on %s without a certificate: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0", ""} {
		config := w.config
		config.Listen = address
		if _, err := ledger.New(config); err != nil {
			t.Errorf("on %s: %v", address, err)
		}
	}
	certFile, keyFile, _ := certified(t, t.TempDir(), 1)
	half := w.config
	half.TLSCertFile = certFile
	if _, err := ledger.New(half); err == nil {
		t.Error("a certificate without its key was taken")
	}
	w.stop()
	w.must(os.Chmod(keyFile, 0o644))
	open := w.config
	open.Listen, open.TLSCertFile, open.TLSKeyFile = "127.0.0.1:0", certFile, keyFile
	l, err := ledger.New(open)
	w.must(err)
	if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("with a key that others may read: %v", err)
	}
}
