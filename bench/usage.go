package main

import "time"

// usage is the resource usage of a process since its start.
type usage struct {
	CPU     time.Duration // user and system
	PeakRSS int64         // in bytes
}
