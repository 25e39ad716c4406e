package ledger

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// ErrPlainHTTP means that the ledger was to answer over plain HTTP where others
// than this machine can listen in.
var ErrPlainHTTP = errors.New("the ledger answers over plain HTTP on a loopback address only: name a certificate and its key, or listen on 127.0.0.1")

// checkListening refuses to answer without TLS where somebody else could read along.
func (c Config) checkListening() error {
	switch secured := c.TLSCertFile != ""; {
	case secured != (c.TLSKeyFile != ""):
		return errors.New("a certificate and its key are named together, or neither is")
	case c.Listen == "" || secured || onLoopback(c.Listen):
		return nil
	}
	return ErrPlainHTTP
}

// onLoopback says whether an address to listen on is this machine's alone. A name
// other than localhost could be anybody's, and no host at all is every address.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// secured puts TLS over a listener, if the configuration names a certificate. A
// name that could mean anything is held to what was bound.
func (c Config) secured(listener net.Listener) (net.Listener, error) {
	if c.TLSCertFile == "" {
		if bound, ok := listener.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() {
			return nil, errors.Join(ErrPlainHTTP, listener.Close())
		}
		return listener, nil
	}
	files := &certificate{certFile: c.TLSCertFile, keyFile: c.TLSKeyFile, clock: c.Clock}
	if _, err := files.get(nil); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: files.get, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// certificate is read again once a minute: it is renewed while the ledger runs.
type certificate struct {
	certFile, keyFile string
	clock             func() time.Time

	mu   sync.Mutex
	pair *tls.Certificate
	read time.Time
}

const readCertificate = time.Minute

// get gives the pair as it was read last. A renewal that cannot be read leaves the
// old one in place.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	if c.pair != nil && now.Sub(c.read).Abs() < readCertificate {
		return c.pair, nil
	}
	pair, err := c.load()
	if err != nil && c.pair == nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	if c.read = now; err == nil {
		c.pair = pair
	}
	return c.pair, nil
}

func (c *certificate) load() (*tls.Certificate, error) {
	info, err := os.Stat(c.keyFile)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: its group or others may read the key; set its mode to 0600", fs.ErrPermission)
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	return &pair, err
}
