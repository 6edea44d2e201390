package endpoint

import (
	"cmp"
	"slices"
	"time"
)

// Attempt is an attempt in flight, as [Endpoint.Attempts] lists it.
type Attempt struct {
	// Target is the handler, as service/handler.
	Target string
	// InvocationID is empty until the handler runs.
	InvocationID string
	// Since is when the attempt was let in.
	Since time.Time
	// Number counts the attempts since the invocation last made progress, this one
	// included: the first is 1. The server tells it.
	Number int
	// Suspending tells that the attempt is to end where it waits next, to make room or
	// because the endpoint stops.
	Suspending bool
}

// Attempts returns the attempts that run now, those first that run longest, and at most
// limit of them. [Endpoint.InFlight] counts all. In mode Lambda there are none: the
// platform knows what runs.
func (e *Endpoint) Attempts(limit int) []Attempt { return e.gate.list(limit) }

func (g *gate) list(limit int) []Attempt {
	type since struct {
		attempt *attempt
		began   time.Duration
	}
	g.mu.Lock()
	found := make([]since, 0, len(g.attempts))
	for a := range g.attempts {
		found = append(found, since{a, a.began})
	}
	g.mu.Unlock()
	slices.SortFunc(found, func(a, b since) int { return cmp.Compare(a.began, b.began) })
	found = found[:min(len(found), max(limit, 0))]
	list := make([]Attempt, len(found))
	for i, f := range found {
		list[i] = Attempt{
			Target: f.attempt.target, Since: epoch.Add(f.began),
			Number: int(f.attempt.retries) + 1, Suspending: f.attempt.suspended.Load(),
		}
		if running := f.attempt.Running(); running != nil {
			list[i].InvocationID = running.Request().ID
		}
	}
	return list
}
