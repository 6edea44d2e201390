package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/tally"
)

// startReserve is the part of fx's start timeout that a registration leaves to later
// hooks: a tenth, but at least a second, which a busy machine may need, and at most two.
// Of a short timeout it leaves half.
func startReserve(left time.Duration) time.Duration {
	return min(max(left/10, time.Second), 2*time.Second, left/2)
}

// stopReserve is how long the endpoint may take to stop when the start fails: half of
// the rest of fx's start timeout, within bounds. If that timeout passed, fx would report
// it and hide the reason. Attempts that take longer are cut, and Restate retries them.
func stopReserve(left time.Duration) time.Duration {
	return min(max(left/2, 50*time.Millisecond), time.Second)
}

// refusedPause is how long the background waits after the server has refused the
// registration, which succeeds only after a change elsewhere.
const refusedPause = 30 * time.Second

// holdUndecided is how long invocations are held until the registration is decided. It is
// after the first look at what the server knows, unless the admin API does not answer.
const holdUndecided = 2 * time.Second

// lifecycle starts and stops the endpoint and its registration. What is
// constructed after it starts after the registration and stops before the
// endpoint does.
type lifecycle struct {
	endpoint  *endpoint.Endpoint
	registrar *deployment.Registrar // nil: not registered
	register  deployment.Config
	// unregistered says why there is no registrar, and what to do.
	unregistered  string
	subscriptions []deployment.Subscription
	health        *Health
	log           *slog.Logger
	notes         *notes
	warmUp        func(context.Context) error
	serving       chan struct{} // closed when invocations come here
	served        sync.Once

	undecided *time.Timer // ends a hold; nil without

	// why is what notRegistered said last, and reminder is when it says it again. The
	// start has them, and then the registration in the background.
	why      string
	reminder tally.Reminder

	// What goes on in the background ends with the stop.
	background     context.Context
	stopBackground context.CancelFunc
	tasks          sync.WaitGroup
}

// newLifecycle takes the api so that this starts before the registration, and stops
// after the endpoint.
func newLifecycle(lc fx.Lifecycle, s *settings, _ *api, e *endpoint.Endpoint, r *deployment.Registrar, h *Health, p *plan, log *tellingLog) *lifecycle {
	l := &lifecycle{endpoint: e, registrar: r, health: h, log: log.Logger, notes: p.notes, warmUp: e.WarmUp, subscriptions: p.subscriptions, serving: make(chan struct{})}
	l.background, l.stopBackground = context.WithCancel(context.Background())
	switch {
	case s.Register != nil && s.Register.Mode == deployment.Manual:
		l.unregistered = "Config.Register.Mode is manual; register the endpoint with the restate command"
	case s.Register != nil:
		l.register = *s.Register
	case s.given:
		l.unregistered = "Config.Register is nil; set it, or register the endpoint with the restate command"
	default:
		l.unregistered = "there is no fxrestate.Config, so the defaults apply; provide one with Register"
	}
	lc.Append(fx.StartStopHook(l.start, l.stop))
	return l
}

func (l *lifecycle) start(ctx context.Context) error {
	if l.registrar != nil && l.register.Holds() {
		l.endpoint.Hold("the registration has not been decided")
		// An admin API that is away must not keep an application that was registered
		// before from its work.
		l.undecided = time.AfterFunc(holdUndecided, l.endpoint.Release)
	}
	if err := l.endpoint.Start(ctx); err != nil {
		return err
	}
	if l.log.Enabled(ctx, slog.LevelDebug) {
		for _, chain := range l.endpoint.Chains() {
			l.log.DebugContext(ctx, "handler", "pipeline", chain.String())
		}
	}
	for _, note := range l.notes.all() {
		l.log.WarnContext(ctx, "this may be a mistake", "what", note)
	}
	serving := event.Serving{Services: l.endpoint.Services(), Handlers: l.endpoint.Handlers()}
	if addr := l.endpoint.Addr(); addr != nil {
		serving.Addr = addr.String()
	}
	event.Log(ctx, l.log, serving)
	if l.registrar == nil {
		if l.endpoint.Config().Mode != endpoint.Lambda {
			event.Log(ctx, l.log, event.NotRegistered{Consequence: event.NeverRegisters, Reason: l.unregistered})
		}
		if n := len(l.subscriptions); n > 0 {
			l.log.InfoContext(ctx, "subscriptions to Kafka are not created, because the application does not register itself", "subscriptions", n)
		}
		l.ready()
		return nil
	}
	if l.endpoint.Config().Mode == endpoint.Mounted {
		// The user's server may start after this hook.
		l.registerInBackground(errors.New("fxrestate: not registered yet"), 0)
		return nil
	}
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = time.Now().Add(fx.DefaultTimeout)
	}
	err := l.registerInTime(ctx, deadline)
	switch {
	case err == nil:
		l.registered(ctx)
		return nil
	case l.register.Required || ctx.Err() != nil:
		event.Log(ctx, l.log, event.NotRegistered{Consequence: event.FailsToStart, Err: err})
		// fx does not stop a hook that failed to start.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopReserve(time.Until(deadline)))
		defer cancel()
		return errors.Join(fmt.Errorf("fxrestate: the endpoint is not registered: %w", err), l.stopEndpoint(ctx))
	}
	switch l.notRegistered(ctx, err) {
	case event.ServesAsRegistered:
	case event.KeepsTrying:
		l.registerInBackground(err, 0)
	default:
		l.registerInBackground(err, refusedPause)
	}
	return nil
}

// consequence is what the application does after a registration that failed.
func (l *lifecycle) consequence(err error) event.Consequence {
	switch {
	case aborted(err):
		return event.ServesAsRegistered
	case l.holds(err):
		return event.HoldsInvocations
	case unfinished(err):
		return event.KeepsTrying
	default:
		return event.TriesLater
	}
}

// notRegistered says why the application is not ready, and what it does, which it returns.
// It repeats itself ever more rarely.
func (l *lifecycle) notRegistered(ctx context.Context, err error) (what event.Consequence) {
	l.health.set(err)
	what = l.consequence(err)
	e := event.NotRegistered{Consequence: what, Err: err}
	if what == event.TriesLater {
		e.Pause = refusedPause
	}
	if why := string(what) + err.Error(); why != l.why {
		l.why, l.reminder = why, tally.Reminder{}
	}
	if l.reminder.Due() {
		event.Log(ctx, l.log, e)
	}
	return what
}

// unfinished reports that nothing was decided in time.
func unfinished(err error) bool {
	var unfinished *deployment.UnfinishedError
	return errors.As(err, &unfinished)
}

// aborted reports that the application itself does not want to be registered.
func aborted(err error) bool {
	var aborted *deployment.AbortedError
	return errors.As(err, &aborted)
}

// registerInTime registers, with time to spare before the deadline of the start.
func (l *lifecycle) registerInTime(ctx context.Context, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-startReserve(time.Until(deadline))))
	defer cancel()
	return l.tryRegister(ctx)
}

// registered makes the application ready. A registration may have cooled down what
// the first invocation needs, which then is slower, and no reason to serve none.
func (l *lifecycle) registered(ctx context.Context) {
	if err := l.warmUp(ctx); err != nil {
		l.log.WarnContext(ctx, "registered, but the first invocation will be slow", "error", err)
	}
	if l.register.Mode == deployment.DryRun {
		l.health.set(nil)
		return
	}
	l.ready()
	l.tasks.Go(func() { l.nameStuck(l.background) })
	l.tasks.Go(func() { l.judgeServer(l.background) })
	if l.register.DeleteDrained {
		l.tasks.Go(func() { l.deleteDrained(l.background) })
	}
}

// ready says that the application serves.
func (l *lifecycle) ready() {
	l.health.set(nil)
	l.served.Do(func() { close(l.serving) })
}

func (l *lifecycle) tryRegister(ctx context.Context) error {
	at, err := l.deployed(ctx)
	if err != nil {
		return err
	}
	_, err = l.registrar.Register(ctx, at)
	if l.undecided != nil {
		l.undecided.Stop()
	}
	if l.holds(err) {
		l.endpoint.Hold("some are in flight that began with another interface")
	} else {
		l.endpoint.Release()
	}
	return err
}

// holds reports whether invocations are in flight that must not meet these handlers.
func (l *lifecycle) holds(err error) bool {
	var inFlight *deployment.InFlightError
	return errors.As(err, &inFlight) && l.register.Holds()
}

// deployed is the endpoint as it is registered.
func (l *lifecycle) deployed(ctx context.Context) (deployment.Endpoint, error) {
	manifest, err := l.endpoint.Manifest(ctx)
	return deployment.Endpoint{
		Port:     l.endpoint.Port(),
		FreePort: freePort(l.endpoint.Config().Addr),
		Path:     l.endpoint.VersionPath(),
		Manifest: manifest,

		Subscriptions: l.subscriptions,
	}, err
}

// freePort reports whether an address leaves the port to the system.
func freePort(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	return err == nil && strings.Trim(port, "0") == ""
}

// registerInBackground keeps trying until the application stops, first after a pause.
func (l *lifecycle) registerInBackground(reason error, pause time.Duration) {
	l.health.set(reason)
	l.tasks.Go(func() {
		ctx := l.background
		for ; backoff.Sleep(ctx, pause); pause = refusedPause {
			err := l.tryRegister(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err == nil:
				l.registered(ctx)
				return
			}
			if l.notRegistered(ctx, err) == event.ServesAsRegistered {
				return
			}
		}
	})
}

func (l *lifecycle) stop(ctx context.Context) error {
	l.health.set(ErrStopping)
	l.stopBackground()
	l.tasks.Wait()
	event.Log(ctx, l.log, event.Draining{Attempts: l.endpoint.InFlight()})
	return l.stopEndpoint(ctx)
}

func (l *lifecycle) stopEndpoint(ctx context.Context) error {
	err := l.endpoint.Stop(ctx)
	event.Log(ctx, l.log, event.Stopped{Err: err})
	return err
}
