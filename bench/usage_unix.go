//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

func readUsage() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, err
	}
	unit := int64(1 << 10)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return usage{
		CPU:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		PeakRSS: int64(r.Maxrss) * unit,
	}, nil
}
