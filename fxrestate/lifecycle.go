package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
)

// startReserve is the part of fx's start timeout that a registration leaves to
// the hooks that come after it, a tenth, within bounds.
func startReserve(left time.Duration) time.Duration {
	return min(max(left/10, 100*time.Millisecond), 2*time.Second)
}

// refusedPause is how long the background waits after the server refused the
// registration: somebody has to change something first.
const refusedPause = 30 * time.Second

// lifecycle starts and stops the endpoint and its registration. What is
// constructed after it starts after the registration and stops before the
// endpoint does.
type lifecycle struct {
	endpoint  *endpoint.Endpoint
	registrar *deployment.Registrar // nil: not registered
	required  bool
	health    *Health
	log       *slog.Logger

	stopBackground context.CancelFunc
	background     chan struct{} // closed when the background is done
}

func newLifecycle(lc fx.Lifecycle, s *settings, e *endpoint.Endpoint, r *deployment.Registrar, h *Health, log *slog.Logger) *lifecycle {
	l := &lifecycle{endpoint: e, registrar: r, health: h, log: log}
	if s.Register != nil {
		l.required = s.Register.Required
	}
	lc.Append(fx.StartStopHook(l.start, l.stop))
	return l
}

func (l *lifecycle) start(ctx context.Context) error {
	if err := l.endpoint.Start(ctx); err != nil {
		return err
	}
	for _, chain := range l.endpoint.Chains() {
		l.log.DebugContext(ctx, "handler", "pipeline", chain.String())
	}
	if addr := l.endpoint.Addr(); addr != nil {
		l.log.InfoContext(ctx, "serving", "addr", addr.String(), "services", len(l.endpoint.Services()))
	}
	if l.registrar == nil {
		l.health.set(nil)
		return nil
	}
	if l.endpoint.Config().Mode == endpoint.Mounted {
		// The user's server may start after this hook.
		l.registerInBackground(errors.New("fxrestate: not registered yet"))
		return nil
	}
	err := l.registerInTime(ctx)
	if err == nil {
		// The registration may have cooled down what the first invocation needs.
		err = l.endpoint.WarmUp(ctx)
	}
	switch {
	case err == nil:
		l.health.set(nil)
		return nil
	case l.required || ctx.Err() != nil:
		// fx does not stop a hook that failed to start.
		return errors.Join(fmt.Errorf("fxrestate: the endpoint is not registered: %w", err), l.endpoint.Stop(context.WithoutCancel(ctx)))
	default:
		l.log.WarnContext(ctx, "not registered; the application serves and keeps trying", "error", err)
		l.registerInBackground(err)
		return nil
	}
}

// registerInTime registers before fx's start timeout ends.
func (l *lifecycle) registerInTime(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-startReserve(time.Until(deadline))))
		defer cancel()
	}
	return l.register(ctx)
}

func (l *lifecycle) register(ctx context.Context) error {
	_, err := l.registrar.Register(ctx, deployment.Target{Port: l.endpoint.Port(), Services: l.endpoint.Services()})
	return err
}

// registerInBackground keeps trying until the application stops.
func (l *lifecycle) registerInBackground(reason error) {
	l.health.set(reason)
	ctx, cancel := context.WithCancel(context.Background())
	l.stopBackground, l.background = cancel, make(chan struct{})
	go func() {
		defer close(l.background)
		for {
			err := l.register(ctx)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				l.health.set(nil)
				return
			}
			l.health.set(err)
			l.log.ErrorContext(ctx, "registration refused; trying again later", "error", err, "pause", refusedPause)
			select {
			case <-time.After(refusedPause):
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (l *lifecycle) stop(ctx context.Context) error {
	if l.background != nil {
		l.stopBackground()
		<-l.background
	}
	l.health.set(ErrStopping)
	if n := l.endpoint.InFlight(); n > 0 {
		l.log.InfoContext(ctx, "draining", "attempts", n)
	}
	return l.endpoint.Stop(ctx)
}
