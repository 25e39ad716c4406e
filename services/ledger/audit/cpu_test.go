package audit

import (
	"syscall"
	"testing"
	"time"
)

// cpu is how much processor time this process has used: on a machine that others
// use too, it says more than the clock does.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
