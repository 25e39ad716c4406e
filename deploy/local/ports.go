package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports that a data directory's services get lie below the ranges from which
// Linux (32768 up) and macOS (49152 up) take ports for outgoing connections: a
// service that is started again must find its port free, whatever connected
// meanwhile.
const (
	firstPort = 20000
	lastPort  = 32000
)

// FreePort is a loopback port that nobody listens on right now and that no
// outgoing connection will take later.
func FreePort(ctx context.Context) (int, error) {
	var taken error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port is no secret //nolint:gosec // a port is no secret
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			taken = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("looking for a free port between %d and %d: %w", firstPort, lastPort, taken)
}

// freeAddress is FreePort with its host.
func freeAddress(ctx context.Context) (string, error) {
	port, err := FreePort(ctx)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
