// Package nats holds the configuration of a broker for production; its test reads
// and starts it.
package nats

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
)

const (
	hubID  events.HubID    = "sampleland"
	agency events.AgencyID = "harbour-shelter"
)

// configured is the published configuration with this test's paths and ports.
func configured(t *testing.T, operator *exchange.Operator) (dir string, file string) {
	t.Helper()
	dir = t.TempDir()
	text, err := os.ReadFile("nats-server.conf")
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := operator.Accounts(hubID)
	if err != nil {
		t.Fatal(err)
	}
	certificate(t, dir)
	changed := strings.NewReplacer("/etc/handrail", dir, "/var/lib/handrail", dir, `"0.0.0.0"`, `"127.0.0.1"`, "port: 4222", "port: -1", "port: 443", "port: -1", `"127.0.0.1:8222"`, `"127.0.0.1:-1"`).Replace(string(text))
	file = filepath.Join(dir, "nats-server.conf")
	for name, content := range map[string]string{file: changed, filepath.Join(dir, "accounts.conf"): local.NATSAccounts(accounts)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, file
}

// certificate of 127.0.0.1, signed by itself.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"broker.pem": {Type: "CERTIFICATE", Bytes: der}, "broker.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePublishedBrokerIsHardened(t *testing.T) {
	operator, err := exchange.NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	_, file := configured(t, operator)
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, holds := range map[string]bool{
		"clients speak TLS":           o.TLSConfig != nil && o.TLSConfig.MinVersion >= tls.VersionTLS12 && !o.AllowNonTLS,
		"WebSocket speaks TLS":        !o.Websocket.NoTLS && o.Websocket.TLSConfig != nil && o.Websocket.SameOrigin && o.Websocket.NoAuthUser == "",
		"accounts come from one hub":  len(o.TrustedOperators) == 1 && o.SystemAccount != "" && o.NoAuthUser == "" && len(o.Users) == 0 && o.Username == "" && o.Authorization == "",
		"no other doors":              o.LeafNode.Port == 0 && o.Gateway.Port == 0 && o.MQTT.Port == 0 && o.Cluster.Port == 0,
		"monitoring stays here":       o.HTTPHost == "127.0.0.1" && o.ProfPort == 0,
		"nothing is traced":           !o.Debug && !o.Trace && !o.TraceVerbose,
		"ack subjects are as granted": o.FeatureFlags[server.FeatureFlagJsAckFormatV2] == false && len(o.FeatureFlags) == 1,
		"a delivery with proof fits":  o.MaxPayload == 1<<20,
	} {
		if !holds {
			t.Errorf("not so: %s", name)
		}
	}
	if _, full := o.AccountResolver.(*server.DirAccResolver); !full {
		t.Errorf("the resolver is %T", o.AccountResolver)
	}
}

func TestTheClusterChecksItsOwn(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir)
	text, err := os.ReadFile("cluster.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "cluster.conf")
	changed := strings.NewReplacer("/etc/handrail/route-ca.pem", filepath.Join(dir, "broker.pem"), "/etc/handrail/route", filepath.Join(dir, "broker")).Replace(string(text))
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if o.Cluster.TLSConfig == nil || o.Cluster.TLSConfig.ClientAuth != tls.RequireAndVerifyClientCert || !o.Cluster.NoAdvertise || len(o.Routes) != 2 {
		t.Errorf("the cluster is %+v", o.Cluster)
	}
}

// The published configuration runs: an agency enters while it does, by TLS and by
// WebSocket, and is shown out.
func TestAnAgencyAtThePublishedBroker(t *testing.T) {
	operator, err := exchange.NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	dir, file := configured(t, operator)
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.NoSigs, o.NoLog = true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("it does not start")
	}
	way := exchange.Transport{CAFile: filepath.Join(dir, "broker.pem")}
	url := "tls://" + s.Addr().String()
	web := fmt.Sprintf("wss://127.0.0.1:%d", o.Websocket.Port)
	key, err := exchange.NewUserKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := operator.Admit(agency, key.Public(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	push(t, operator, url, way)
	accounts, err := operator.Accounts(hubID)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := key.Credentials(accounts.Users[agency])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"hub.creds": accounts.HubCreds, "agency.creds": creds} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hub, err := exchange.ConnectHub(t.Context(), exchange.HubConfig{URL: url, Transport: way, CredsFile: filepath.Join(dir, "hub.creds")})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	if err := hub.Provide(t.Context(), []events.AgencyID{agency}); err != nil {
		t.Fatal(err)
	}
	var sites []*exchange.Site
	for _, address := range []string{url, web} {
		site, err := exchange.ConnectSite(t.Context(), exchange.SiteConfig{URL: address, Transport: way, CredsFile: filepath.Join(dir, "agency.creds"), Hub: hubID, Agency: agency})
		if err != nil {
			t.Fatal(err)
		}
		defer site.Close()
		if err := site.Submit(t.Context(), exchange.Message{Data: []byte("an event")}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		sites = append(sites, site)
	}
	if err := operator.Suspend(agency); err != nil {
		t.Fatal(err)
	}
	push(t, operator, web, way)
	for range 250 {
		if !sites[0].Connected() && !sites[1].Connected() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a suspended agency is still connected after five seconds")
}

func push(t *testing.T, operator *exchange.Operator, url string, way exchange.Transport) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tokens, err := operator.Tokens(hubID, agency)
	if err != nil {
		t.Fatal(err)
	}
	if err := operator.Push(ctx, url, way, tokens, time.Now()); err != nil {
		t.Fatal(err)
	}
}
