package ledger

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"handrail/services/ledger"
)

// TestTheDatabaseGivesUpALedgerThatIsCutOff, whatever was on its way: keepalives tell
// of one that is silent, and rest while an answer is not taken, which may be for ever.
// What the connection asks of the server is seen where it arrives.
func TestTheDatabaseGivesUpALedgerThatIsCutOff(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan map[string]string, 1)
	go func() {
		defer close(asked)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if hello, err := startup(conn); err == nil {
			asked <- hello
		}
	}()
	if err := ledger.AcceptHistory(t.Context(), "postgres://nobody@"+listener.Addr().String()+"/none?sslmode=disable"); err == nil {
		t.Error("nothing answers, and it is no error")
	}
	_ = listener.Close()
	hello := <-asked
	for name, want := range map[string]string{
		"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "11000", "synchronous_commit": "on",
	} {
		if hello[name] != want {
			t.Errorf("it asks for %s %q, want %s", name, hello[name], want)
		}
	}
}

// startup reads the first message of a PostgreSQL client: names and values.
func startup(from io.Reader) (map[string]string, error) {
	var head [8]byte // length, version
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[:])&0xffff-8)
	if _, err := io.ReadFull(from, rest); err != nil {
		return nil, err
	}
	said := map[string]string{}
	for parts := bytes.Split(rest, []byte{0}); len(parts) > 1; parts = parts[2:] {
		said[string(parts[0])] = string(parts[1])
	}
	return said, nil
}
