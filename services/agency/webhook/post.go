package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// ErrElsewhere means that something without TLS would have left this machine.
var ErrElsewhere = errors.New("without TLS only this machine itself is called")

// What goes wrong with a connection, see [KindOf].
var (
	ErrUntrusted   = errors.New("the server's certificate is not one that is trusted here")
	ErrTLS         = errors.New("TLS could not be agreed with the server")
	ErrSlow        = errors.New("the server did not answer in time")
	ErrUnknownName = errors.New("the server's name is not known")
	ErrRefused     = errors.New("the server refused the connection")
	ErrConnection  = errors.New("the connection failed")
)

// StatusError is an answer that does not say that what was posted was taken.
type StatusError int

func (s StatusError) Error() string { return fmt.Sprintf("the server answered with status %d", int(s)) }

const maxURL = 1024

// CheckURL takes https, and http to this machine only. A secret belongs into a
// file, so user and password are refused.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxURL || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return errors.New("this is not a URL like https://example.org/hook")
	case u.User != nil || u.Fragment != "":
		return errors.New("a URL here has no user, password or fragment: secrets stand in files")
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	}
	return errors.New("only https is taken, and http to this machine itself")
}

// Loopback says whether a host's name or address is this machine itself.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Post sends JSON once. It follows no redirect, asks no proxy, keeps no
// connection, and reads nothing of the answer but its status. Its errors are in
// our own words, see [KindOf].
func Post(ctx context.Context, roots *tls.Config, to string, text []byte, header func(http.Header) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "handrail")
	if err := header(request.Header); err != nil {
		return err
	}
	response, err := client(request.URL.Scheme == "http", roots).Do(request)
	if err != nil {
		return KindOf(err)
	}
	_ = response.Body.Close() // what it says is nothing to us
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return StatusError(response.StatusCode)
	}
	return nil
}

// Client is for one request to an outside address over TLS, by the same rules as
// [Post]: no redirect is followed, no proxy asked, no connection kept.
func Client(roots *tls.Config) *http.Client { return client(false, roots) }

// client of one request. Its transport has no proxy, whatever the environment says.
func client(plain bool, roots *tls.Config) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: Dialer(plain).DialContext, TLSClientConfig: roots, DisableKeepAlives: true,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}

// Dialer connects; a plain connection goes to this machine only, whatever the
// configured name turns out to be.
func Dialer(plain bool) *net.Dialer {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if plain {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			host, _, err := net.SplitHostPort(address)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				return ErrElsewhere
			}
			return nil
		}
	}
	return d
}

// KindOf says what went wrong with a connection in our own words: the words of
// the network and of the other side may hold an address, a number or a secret.
func KindOf(err error) error {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var name *net.DNSError
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, ErrElsewhere):
		return ErrElsewhere
	case errors.As(err, &certificate):
		return ErrUntrusted
	case errors.As(err, &record), errors.As(err, &alert):
		return ErrTLS
	case errors.As(err, &timed) && timed.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return ErrSlow
	case errors.As(err, &name):
		return ErrUnknownName
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	}
	return ErrConnection
}
