package local

import "syscall"

// hasParentDeathSignal says that the kernel ends children for us.
const hasParentDeathSignal = true

func setParentDeathSignal(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
