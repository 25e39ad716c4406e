package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The ports that a data directory's services get lie below the ranges from which
// Linux (32768 up) and macOS (49152 up) take ports for outgoing connections: a
// service that is started again must find its port free, whatever connected
// meanwhile.
const (
	firstPort = 20000
	lastPort  = 32000
)

// promised is how long a port that was given is given to nobody else: until its
// service listens, or has failed to.
const promised = 5 * time.Minute

// FreePort is a loopback port that nobody listens on right now, that no outgoing
// connection will take later, and that it gave to nobody else of this user in the
// last minutes.
func FreePort(ctx context.Context) (int, error) {
	promises, err := portPromises()
	if err != nil {
		return 0, err
	}
	var taken error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port is no secret
		promise, err := os.OpenFile(filepath.Join(promises, strconv.Itoa(port)), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			taken = err
			continue
		}
		if err := promise.Close(); err != nil {
			return 0, fmt.Errorf("looking for a free port: %w", err)
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			taken = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("looking for a free port between %d and %d: %w", firstPort, lastPort, taken)
}

// portPromises is the folder with an empty file for each port that was given, without
// the ones that are over.
func portPromises() (string, error) {
	dir := filepath.Join(sharedTemp(), "handrail-ports-"+strconv.Itoa(os.Geteuid()))
	if err := makeOwned(dir); err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	for _, one := range all {
		if info, err := one.Info(); err == nil && time.Since(info.ModTime()) > promised {
			_ = os.Remove(filepath.Join(dir, one.Name())) // somebody else removed it
		}
	}
	return dir, nil
}

// freeAddress is FreePort with its host.
func freeAddress(ctx context.Context) (string, error) {
	port, err := FreePort(ctx)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
