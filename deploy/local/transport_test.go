package local

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"handrail/events/exchange"
)

// authority issues certificates in a directory of the test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate, in PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.file = filepath.Join(a.dir, "ca.pem")
	a.cert, a.key = a.issue("authority", nil, a.file, filepath.Join(a.dir, "ca.key"))
	return a
}

// broker gives the certificate of a broker by that name.
func (a *authority) broker(name string) BrokerTLS {
	a.t.Helper()
	files := BrokerTLS{CertFile: filepath.Join(a.dir, name+".pem"), KeyFile: filepath.Join(a.dir, name+".key")}
	a.issue(name, a.cert, files.CertFile, files.KeyFile)
	return files
}

func (a *authority) issue(name string, by *x509.Certificate, certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	signer, parent := key, template
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		signer, parent = a.key, by
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = []net.IP{address}
		} else {
			template.DNSNames = []string{name}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func TestNobodyPosesAsTheHubOnTheWay(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	t.Run("the certificate is checked", func(t *testing.T) {
		a := newAccess(t, func(o *BrokerOptions) { o.TLS = ours.broker("127.0.0.1") })
		a.url = strings.Replace(a.url, "nats://", "tls://", 1)
		a.withHub(exchange.Transport{CAFile: ours.file})
		creds := a.creds(founder)
		a.submits(a.site(founder, creds, exchange.Transport{CAFile: ours.file}))
		for name, way := range map[string]exchange.Transport{"another authority": {CAFile: others.file}, "the system's roots": {}} {
			if s := a.site(founder, creds, way); s.Connected() {
				t.Errorf("%s: connected", name)
			}
		}
	})
	t.Run("a certificate of another name", func(t *testing.T) {
		a := newAccess(t, func(o *BrokerOptions) { o.TLS = ours.broker("broker.example") })
		a.url = strings.Replace(a.url, "nats://", "tls://", 1)
		if a.site(founder, a.creds(founder), exchange.Transport{CAFile: ours.file}).Connected() {
			t.Error("connected")
		}
	})
	t.Run("a way without TLS where TLS was asked for", func(t *testing.T) {
		a := newAccess(t, nil)
		a.url = strings.Replace(a.url, "nats://", "tls://", 1)
		if a.site(founder, a.creds(founder), exchange.Transport{CAFile: ours.file}).Connected() {
			t.Error("connected")
		}
	})
	t.Run("a plain address off this machine", func(t *testing.T) {
		a := newAccess(t, nil)
		creds := a.creds(founder)
		for _, address := range []string{"nats://broker.example:4222", "ws://192.0.2.1:80", "nats://127.0.0.1:4222,nats://[2001:db8::1]:4222", "http://127.0.0.1.example"} {
			_, err := exchange.ConnectSite(t.Context(), exchange.SiteConfig{URL: address, CredsFile: creds, Hub: accessHub, Agency: founder})
			if !errors.Is(err, exchange.ErrPlain) || !strings.Contains(err.Error(), "write ") {
				t.Errorf("%s gives %v", address, err)
			}
		}
		options := a.options
		options.Host, options.Dir = "0.0.0.0", t.TempDir()
		if broker, err := StartBroker(options); err == nil {
			t.Error("a broker without a certificate listens to the network", broker.Stop())
		}
		options.Host, options.WebSocket = "127.0.0.1", "0.0.0.0:0"
		if broker, err := StartBroker(options); err == nil {
			t.Error("a WebSocket without a certificate listens to the network", broker.Stop())
		}
	})
}

// connectProxy is a real HTTP proxy that opens ways (CONNECT) and counts them.
type connectProxy struct {
	opened  atomic.Int32
	refuses atomic.Bool
}

func (p *connectProxy) serve(client net.Conn) {
	defer client.Close()
	read := bufio.NewReader(client)
	ask, err := http.ReadRequest(read)
	if err != nil || ask.Method != http.MethodConnect || p.refuses.Load() || ask.Header.Get("Proxy-Authorization") != "Basic c2l0ZTpvcGVu" { // site:open
		_, _ = io.WriteString(client, "HTTP/1.1 403 Forbidden\r\n\r\n")
		return
	}
	_, port, _ := net.SplitHostPort(ask.Host)
	server, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port)) // it resolves names, the site need not
	if err != nil {
		_, _ = io.WriteString(client, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer server.Close()
	p.opened.Add(1)
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(server, read); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}

// A site behind a proxy that lets only HTTPS out: WebSocket over TLS, through
// CONNECT, to a name that only the proxy can resolve.
func TestASiteBehindAProxy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := &connectProxy{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	ours := newAuthority(t)
	port, err := FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := newAccess(t, func(o *BrokerOptions) {
		o.TLS, o.WebSocket = ours.broker("broker.example"), "127.0.0.1:"+strconv.Itoa(port)
	})
	a.url = "wss://broker.example:" + strconv.Itoa(port)
	way := exchange.Transport{CAFile: ours.file, Proxy: "http://site:open@" + listener.Addr().String(), Path: "/nats"}
	a.withHub(way)
	creds := a.creds(founder)
	s := a.site(founder, creds, way)
	a.submits(s)
	if p.opened.Load() < 2 {
		t.Errorf("the proxy opened %d ways", p.opened.Load())
	}
	wrong := way
	wrong.CAFile = newAuthority(t).file
	if a.site(founder, creds, wrong).Connected() {
		t.Error("connected to a broker whose certificate another authority signed")
	}
	p.refuses.Store(true)
	if a.site(founder, creds, way).Connected() {
		t.Error("connected through a proxy that refuses")
	}
	for _, proxy := range []string{"socks5://127.0.0.1:1", "https://127.0.0.1:1", "127.0.0.1:3128", "http://proxy"} {
		if _, err := exchange.ConnectSite(t.Context(), exchange.SiteConfig{URL: a.url, Transport: exchange.Transport{Proxy: proxy}, CredsFile: creds, Hub: accessHub, Agency: founder}); err == nil {
			t.Errorf("%s was taken for a proxy", proxy)
		}
	}
}
