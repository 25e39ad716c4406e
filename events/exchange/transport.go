package exchange

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// ErrPlain says that an address would send everything in the open over a network.
var ErrPlain = errors.New("off this machine only TLS is spoken")

const dialTime = 10 * time.Second // to a proxy, until it has opened the way

// Transport says how a site reaches the hub: whose certificates it believes and
// which way it takes. The zero value believes the system's roots and goes directly.
//
// An attacker on the way can delay and cut. They can read and change nothing
// unless they hold a key of the authority that CAFile names.
type Transport struct {
	CAFile string // PEM; the only authorities that are believed; empty: the system's
	Proxy  string // http://host:port of a proxy that opens ways to others (CONNECT); empty: none
	Path   string // of the broker's WebSocket, for ws:// and wss://; empty: /
}

// CheckURL refuses an address that is not of a known scheme, and with [ErrPlain]
// one that leaves this machine without TLS. Several are separated by commas.
func CheckURL(addresses string) error {
	for address := range strings.SplitSeq(addresses, ",") {
		parsed, err := url.Parse(strings.TrimSpace(address))
		if err != nil || parsed.Hostname() == "" {
			return errors.New("an address such as tls://broker.example:4222 is needed") // the cause could repeat a password
		}
		switch parsed.Scheme {
		case "tls", "wss", "https":
		case "nats", "ws", "http":
			if !Loopback(parsed.Hostname()) {
				return fmt.Errorf("%s://%s: %w; write %s://, and name the authority of the hub's certificate if it is not a public one", parsed.Scheme, parsed.Host, ErrPlain, safeScheme(parsed.Scheme))
			}
		default:
			return fmt.Errorf("%q is no scheme of the hub's addresses: tls, wss or https, on this machine also nats, ws or http", parsed.Scheme)
		}
	}
	return nil
}

func safeScheme(plain string) string {
	return map[string]string{"nats": "tls", "ws": "wss", "http": "https"}[plain]
}

// Loopback says whether a host name or address never leaves this machine.
func Loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// TLS is the configuration that checks certificates against CAFile, or against
// the system's roots.
func (t Transport) TLS() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile == "" {
		return config, nil
	}
	text, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of the hub's certificate: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("reading the authority of the hub's certificate: %s holds no certificate in PEM", t.CAFile)
	}
	return config, nil
}

// HTTP is a transport of the same belief and way for requests to the hub's
// ledger. It ignores the environment's proxies.
func (t Transport) HTTP() (*http.Transport, error) {
	config, err := t.TLS()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTime, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 4}
	if t.Proxy != "" {
		proxy, err := t.proxy()
		if err != nil {
			return nil, err
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	return transport, nil
}

// options are the client's for these addresses. Servers that a broker tells of
// are not believed: they could be off this machine and in the open.
func (t Transport) options(addresses string) ([]nats.Option, error) {
	if err := CheckURL(addresses); err != nil {
		return nil, err
	}
	all := []nats.Option{nats.IgnoreDiscoveredServers()}
	if t.Path != "" {
		all = append(all, nats.ProxyPath(t.Path))
	}
	if t.CAFile != "" || strings.Contains(addresses, "tls://") || strings.Contains(addresses, "wss://") {
		config, err := t.TLS()
		if err != nil {
			return nil, err
		}
		all = append(all, nats.Secure(config))
	}
	if t.Proxy != "" {
		proxy, err := t.proxy()
		if err != nil {
			return nil, err
		}
		all = append(all, nats.SetCustomDialer(tunnel{proxy}), nats.SkipHostLookup()) // a site behind a proxy may resolve no name
	}
	return all, nil
}

func (t Transport) proxy() (*url.URL, error) {
	parsed, err := url.Parse(t.Proxy)
	if err != nil || parsed.Scheme != "http" || parsed.Port() == "" {
		return nil, errors.New("the proxy's address is not http://host:port") // never the value: it may hold a password
	}
	return parsed, nil
}

// tunnel reaches an address through an HTTP proxy. What goes through it is TLS
// from end to end.
type tunnel struct{ proxy *url.URL }

// Dial implements [nats.CustomDialer].
func (t tunnel) Dial(_, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.proxy.Host)
	if err != nil {
		return nil, fmt.Errorf("reaching the proxy: %w", err)
	}
	opened, err := t.open(ctx, conn, address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("asking the proxy for a way: %w", err), conn.Close())
	}
	return opened, nil
}

func (t tunnel) open(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := t.proxy.User; user != nil {
		password, _ := user.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	bound, _ := ctx.Deadline()
	if err := conn.SetDeadline(bound); err != nil {
		return nil, err
	}
	if err := ask.Write(conn); err != nil {
		return nil, err
	}
	read := bufio.NewReader(conn)
	answer, err := http.ReadResponse(read, ask) //nolint:bodyclose // what follows the head is the way itself
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", answer.Status)
	}
	return tunnelled{conn, read}, conn.SetDeadline(time.Time{})
}

// tunnelled reads first what came together with the proxy's answer.
type tunnelled struct {
	net.Conn
	read *bufio.Reader
}

func (t tunnelled) Read(b []byte) (int, error) { return t.read.Read(b) }
