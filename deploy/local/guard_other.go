//go:build !linux

package local

import "syscall"

// hasParentDeathSignal says that the kernel does not end children for us: pipes do, see watchdog and StartChild.
const hasParentDeathSignal = false

func setParentDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}
