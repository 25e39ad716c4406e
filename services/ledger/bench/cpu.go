package bench

import (
	"syscall"
	"time"
)

// watch measures from a moment on: time, and who used the processor meanwhile.
type watch struct {
	stage       Stage
	begin       time.Time
	own, server time.Duration
}

func watchCPU(stage Stage) watch {
	return watch{stage, time.Now(), ownCPU(), stage.ServerCPU()}
}

func (w watch) read() timing {
	return timing{took: time.Since(w.begin), own: ownCPU() - w.own, server: w.stage.ServerCPU() - w.server}
}

func (t *timing) add(of timing) { t.took, t.own, t.server = of.took, of.own, of.server }

// ownCPU is what this process has used: ledger, broker, agencies and the measuring itself.
func ownCPU() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
