package fxrestate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/wayout"
)

const (
	// stuckAfter is the time between the registration and the look at what is stuck:
	// invocations that failed while the application was away have been tried again.
	stuckAfter = 2 * time.Second
	// An invocation that backs off is worth naming after so many attempts, or if the next
	// one is so far away.
	stuckRetries = 5
	stuckWait    = time.Minute
	// stuckLooked is how many are looked at.
	stuckLooked = 200
	// stuckLimit bounds how many are named.
	stuckLimit = 20
	// stuckCached is how long an answer is good for.
	stuckCached = 10 * time.Second
	// stuckTries is how often a look that fails is tried.
	stuckTries = 3
	// stuckTimeout bounds one look.
	stuckTimeout = 10 * time.Second
)

// stuck looks for invocations of the application that do not proceed by themselves.
type stuck struct {
	client   *admin.Client
	services []string

	looking chan struct{} // has one while somebody looks
	found   []admin.Invocation
	err     error
	at      time.Time
}

func newStuck(client *admin.Client, services []string) *stuck {
	return &stuck{client: client, services: services, looking: make(chan struct{}, 1)}
}

// look returns the invocations, those first that have not changed for longest. It waits
// for another look, but not longer than ctx lasts.
func (s *stuck) look(ctx context.Context) ([]admin.Invocation, error) {
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-ctx.Done():
		return nil, fmt.Errorf("fxrestate: the admin API has not answered yet what is stuck: %w", context.Cause(ctx))
	}
	if time.Since(s.at) < stuckCached {
		return slices.Clone(s.found), s.err
	}
	limited, cancel := context.WithTimeout(ctx, stuckTimeout)
	defer cancel()
	found, err := s.client.Invocations(limited, admin.InvocationFilter{
		Services: s.services,
		Statuses: []admin.InvocationStatus{admin.StatusPaused, admin.StatusBackingOff},
		Limit:    stuckLooked,
	})
	if err != nil && ctx.Err() != nil {
		return nil, err // of this caller, not of the next
	}
	found = slices.DeleteFunc(found, func(i admin.Invocation) bool {
		return i.Status == admin.StatusBackingOff && i.RetryCount < stuckRetries && time.Until(i.NextRetryAt) < stuckWait
	})
	s.found, s.err, s.at = found[:min(len(found), stuckLimit)], err, time.Now()
	return slices.Clone(s.found), s.err
}

// nameStuck logs what is stuck, once. A short retry policy may have paused invocations
// while the application was away: attempts against a port where nobody listens count.
func (l *lifecycle) nameStuck(ctx context.Context) {
	var found []admin.Invocation
	for pause, tries := stuckAfter, 1; ; pause, tries = stuckCached, tries+1 {
		if !backoff.Sleep(ctx, pause) {
			return
		}
		var err error
		if found, err = l.health.Stuck(ctx); err == nil {
			break
		}
		if tries == stuckTries {
			l.log.WarnContext(ctx, "cannot look for paused invocations", "error", err)
			return
		}
	}
	for _, i := range found {
		is := event.Stuck{ID: i.ID, Handler: i.Service + "/" + i.Handler, Failure: i.LastFailure, WayOut: wayout.Of(i)}
		if i.Status == admin.StatusPaused {
			event.Log(ctx, l.log, event.InvocationPaused(is))
			continue
		}
		event.Log(ctx, l.log, event.InvocationFailing{Stuck: is, Attempts: i.RetryCount, Next: i.NextRetryAt})
	}
	if len(found) == stuckLimit {
		l.log.WarnContext(ctx, "there may be more invocations that are paused or fail again and again", "named", stuckLimit)
	}
}

// deleteDrained deletes deployments until none is left that has to drain. It waits first:
// attempts may still be on their way to one.
func (l *lifecycle) deleteDrained(ctx context.Context) {
	for backoff.Sleep(ctx, drainedEvery) {
		at, err := l.deployed(ctx)
		left := 1
		if err == nil {
			_, left, err = l.registrar.DeleteDrained(ctx, at)
		}
		switch {
		case ctx.Err() != nil || err == nil && left == 0:
			return
		case err != nil:
			l.log.WarnContext(ctx, "drained deployments are not deleted; trying again later", "error", err)
		}
	}
}

// drainedEvery is the pause before each look at deployments that drain.
const drainedEvery = time.Minute
