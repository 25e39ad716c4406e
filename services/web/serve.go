package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ErrOpenAddress refuses to serve pages that anybody on the way could read.
var ErrOpenAddress = errors.New("pages are served on a loopback address, or with a TLS certificate and its key")

// Address is where pages are served: a loopback address such as 127.0.0.1:7090, or any
// with a certificate and its key. Port 0 takes a free one.
type Address struct {
	Listen   string
	CertFile string
	KeyFile  string
}

// Check refuses, before anything listens, an address that says itself that others
// could reach it without TLS. Empty is none, and right.
func (a Address) Check() error {
	if (a.CertFile == "") != (a.KeyFile == "") {
		return errors.New("a TLS certificate and its key go together")
	}
	if a.Listen == "" || a.CertFile != "" {
		return nil
	}
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return fmt.Errorf("reading the pages' address: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return ErrOpenAddress
	}
	return nil
}

// Open takes the address. It fails on one that other machines could reach without TLS,
// whatever its name says.
func (a Address) Open(ctx context.Context) (net.Listener, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening for people: %w", err)
	}
	if a.CertFile == "" {
		if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
			return nil, errors.Join(ErrOpenAddress, listener.Close())
		}
		return listener, nil
	}
	pair, err := tls.LoadX509KeyPair(a.CertFile, a.KeyFile)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("loading the pages' certificate: %w", err), listener.Close())
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// patience is how long visits that are being answered may go on when the pages end.
const patience = 5 * time.Second

// Serve answers on a listener of [Address.Open] until ctx ends, and returns nil then.
// Streams end with ctx.
func Serve(ctx context.Context, listener net.Listener, pages http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving pages: %w", err)
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(bound); err != nil {
		return errors.Join(fmt.Errorf("ending visits: %w", err), server.Close())
	}
	return nil
}
