package dashboard

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/wayout"
)

// lookCached is how long an answer of the server is good for.
const lookCached = time.Second

// seen is what the server said in one look. An error is empty where it answered.
type seen struct {
	version     admin.Version
	served      []admin.Service
	deployments []admin.DeploymentSummary
	inFlight    []admin.InFlight
	found       []admin.Invocation

	versionErr, servicesErr, deploymentsErr, inFlightErr, foundErr string
}

// serverLook asks the server, one look at a time.
type serverLook struct {
	cfg     Config
	looking chan struct{} // has one while somebody looks
	last    *seen
	at      time.Time
}

func newServerLook(cfg Config) serverLook {
	return serverLook{cfg: cfg, looking: make(chan struct{}, 1)}
}

// look returns in time, whatever the server does.
func (s *serverLook) look(ctx context.Context) *seen {
	asked, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-asked.Done():
		const late = "the server has not answered another load of this page yet"
		return &seen{versionErr: late, servicesErr: late, deploymentsErr: late, inFlightErr: late, foundErr: late}
	}
	if s.last != nil && time.Since(s.at) < lookCached {
		return s.last
	}
	now := s.ask(asked)
	if ctx.Err() == nil { // an error of this load is not one of the next
		s.last, s.at = now, time.Now()
	}
	return now
}

// ask asks for all at once.
func (s *serverLook) ask(ctx context.Context) *seen {
	client, now := s.cfg.Admin, new(seen)
	var own []string
	if s.cfg.Endpoint != nil {
		if own = s.cfg.Endpoint.Services(); len(own) == 0 {
			own = []string{""} // of no service
		}
	}
	var asking sync.WaitGroup
	ask := func(failed *string, call func() error) {
		asking.Go(func() {
			if err := call(); err != nil {
				*failed = err.Error()
			}
		})
	}
	ask(&now.versionErr, func() (err error) { now.version, err = client.Version(ctx); return err })
	ask(&now.servicesErr, func() (err error) { now.served, err = client.Services(ctx); return err })
	ask(&now.inFlightErr, func() error {
		rows, err := client.InFlight(ctx)
		now.inFlight = slices.DeleteFunc(rows, func(row admin.InFlight) bool {
			return own != nil && !slices.Contains(own, row.Service)
		})
		return err
	})
	ask(&now.foundErr, func() (err error) {
		now.found, err = client.Invocations(ctx, admin.InvocationFilter{
			Services: own, Limit: shownStuck,
			Statuses: []admin.InvocationStatus{admin.StatusPaused, admin.StatusBackingOff},
		})
		return err
	})
	if s.cfg.Endpoint != nil {
		ask(&now.deploymentsErr, func() (err error) { now.deployments, err = client.Deployments(ctx); return err })
	}
	asking.Wait()
	return now
}

// summary says what the server is, and what it did not answer.
func (s *seen) summary(cfg Config) *server {
	out := &server{AdminURL: text(cfg.Admin.URL()), Version: text(s.version.Version), InvocationsUnknown: s.inFlightErr != ""}
	for _, failed := range []string{s.versionErr, s.servicesErr, s.deploymentsErr, s.inFlightErr, s.foundErr} {
		if failed = text(failed); failed != "" && !slices.Contains(out.Errors, failed) {
			out.Errors = append(out.Errors, failed)
		}
	}
	counts := s.counts()
	out.Invocations = []count{}
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		out.Invocations = append(out.Invocations, count{text(string(status)), counts[status]})
	}
	return out
}

func (s *seen) counts() map[admin.InvocationStatus]int {
	counts := map[admin.InvocationStatus]int{}
	for _, row := range s.inFlight {
		counts[row.Status] += row.Count
	}
	return counts
}

func (s *seen) stuck() *stuck {
	out := &stuck{Unknown: s.foundErr != ""}
	out.Items = []stuckInvocation{}
	for _, i := range s.found {
		one := stuckInvocation{
			ID: text(i.ID), Handler: text(i.Service + "/" + i.Handler), Status: text(string(i.Status)),
			Since: i.ModifiedAt, Created: i.CreatedAt, Attempts: i.RetryCount, DeploymentID: text(i.DeploymentID),
			Failure: text(i.LastFailure), FailureCode: text(i.LastFailureCode), WayOut: text(wayout.Of(i)),
		}
		if !i.NextRetryAt.IsZero() {
			one.NextAttempt = &i.NextRetryAt
		}
		out.Items = append(out.Items, one)
	}
	// Those that are paused go first: nobody but an operator ends that.
	slices.SortStableFunc(out.Items, func(a, b stuckInvocation) int { return -cmp.Compare(a.Status, b.Status) })
	counts := s.counts()
	out.More = max(counts[admin.StatusPaused]+counts[admin.StatusBackingOff]-len(out.Items), 0)
	if len(out.Items) < shownStuck {
		out.More = 0 // the two answers are of two moments
	}
	return out
}

func (s *seen) drift(manifest []byte, deploymentID string) *drift {
	unknown := cmp.Or(s.servicesErr, s.deploymentsErr)
	if manifest == nil {
		unknown = cmp.Or(unknown, "the process does not say yet what it serves")
	}
	if unknown != "" {
		return &drift{Unknown: text(unknown)}
	}
	found, err := deployment.DriftOf(manifest, deploymentID, s.served, s.deployments)
	if err != nil {
		return &drift{Unknown: text(err.Error())}
	}
	lines := found.Lines()
	for i := range lines {
		lines[i] = text(lines[i])
	}
	return &drift{list: listOf(lines, shown)}
}
