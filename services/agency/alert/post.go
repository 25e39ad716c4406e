package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// post sends JSON once. It follows no redirect, asks no proxy, keeps no
// connection, and reads nothing of the answer but its status.
func post(ctx context.Context, roots *tls.Config, to string, body any, header func(http.Header, []byte) error) error {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return errors.New("the message cannot be written as JSON")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "handrail")
	if err := header(request.Header, text); err != nil {
		return err
	}
	response, err := client(request.URL.Scheme == "http", roots).Do(request)
	if err != nil {
		return kindOf(err)
	}
	_ = response.Body.Close() // what it says is nothing to us
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the server answered with status %d", response.StatusCode)
	}
	return nil
}

// client of one request. Its transport has no proxy, whatever the environment says.
func client(plain bool, roots *tls.Config) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer(plain).DialContext, TLSClientConfig: roots, DisableKeepAlives: true,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}

var errElsewhere = errors.New("without TLS only this machine itself is called")

// dialer connects; a plain connection goes to this machine only, whatever the
// name in the rota turns out to be.
func dialer(plain bool) *net.Dialer {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if plain {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			host, _, err := net.SplitHostPort(address)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				return errElsewhere
			}
			return nil
		}
	}
	return d
}

// kindOf says what went wrong with a connection in our own words: the words of
// the network and of the other side may hold an address, a number or a secret.
func kindOf(err error) error {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var name *net.DNSError
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, errElsewhere):
		return errElsewhere
	case errors.As(err, &certificate):
		return errors.New("the server's certificate is not one that is trusted here")
	case errors.As(err, &record), errors.As(err, &alert):
		return errors.New("TLS could not be agreed with the server")
	case errors.As(err, &timed) && timed.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errors.New("the server did not answer in time")
	case errors.As(err, &name):
		return errors.New("the server's name is not known")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the server refused the connection")
	}
	return errors.New("the connection failed")
}

// bearer adds a token from a file of the folder, if one is named.
func bearer(dir, name string) func(http.Header, []byte) error {
	return func(h http.Header, _ []byte) error {
		if name == "" {
			return nil
		}
		token, err := secret(dir, name)
		if err != nil {
			return fmt.Errorf("reading the token: %w", err)
		}
		if strings.Trim(token, tokenSigns) != "" {
			return errors.New("reading the token: it holds signs that a token cannot")
		}
		h.Set("Authorization", "Bearer "+token)
		return nil
	}
}

// tokenSigns of RFC 6750 (b64token).
const tokenSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
