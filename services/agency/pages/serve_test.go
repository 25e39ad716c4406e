package pages_test

import (
	"context"
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
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web"
)

func TestPagesAreServedWhereNobodyElseReads(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	cert, key := certificate(t)
	for address, want := range map[web.Address]error{
		{Listen: "127.0.0.1:0"}: nil, {Listen: "localhost:0"}: nil, {Listen: "[::1]:0"}: nil, {}: nil,
		{Listen: "0.0.0.0:0"}: web.ErrOpenAddress, {Listen: ":0"}: web.ErrOpenAddress, {Listen: "192.0.2.7:443"}: web.ErrOpenAddress, {Listen: "pages.example:443"}: web.ErrOpenAddress,
		{Listen: "0.0.0.0:0", CertFile: cert, KeyFile: key}: nil,
	} {
		_, err := pages.New(a, pages.Config{Listen: address.Listen, CertFile: address.CertFile, KeyFile: address.KeyFile, Door: agencytest.Door{}})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address.Listen, err, want)
		}
	}
	for _, broken := range []pages.Config{{Listen: "nowhere", Door: agencytest.Door{}}, {CertFile: cert, Door: agencytest.Door{}}, {}} {
		if _, err := pages.New(a, broken); err == nil {
			t.Errorf("%+v was taken", broken)
		}
	}
}

func TestPagesOverTLSEndWithTheService(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	cert, key := certificate(t)
	p, err := pages.New(l.Open(), pages.Config{Listen: "127.0.0.1:0", CertFile: cert, KeyFile: key, Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	<-p.Ready()
	pool := x509.NewCertPool()
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Address()+"/inbox", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("answered %d, %v", answer.StatusCode, answer.Header)
	}
	client.CloseIdleConnections()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the pages do not end")
	}
}

// certificate is one for this machine, made for the test.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	signed, err := x509.CreateCertificate(rand.Reader, shape, shape, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "PRIVATE KEY", Bytes: kept}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
