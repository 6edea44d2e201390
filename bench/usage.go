package main

import "time"

// usage is what a process used since its start.
type usage struct {
	CPU     time.Duration // user and system
	PeakRSS int64         // in bytes
}
