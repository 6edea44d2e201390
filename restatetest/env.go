package restatetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/tail"
)

// Env is an application of a test and the server that it runs on. Its methods fail the test
// where they cannot do what they say, so they are for the goroutine of the test and for its
// cleanups, except those that return the clients and the URLs.
type Env struct {
	t testing.TB
	*environment
}

// environment is what an Env and those that [Env.With] makes of it have in common.
type environment struct {
	set     settings
	opts    []fx.Option
	backend backend
	port    int // of the endpoint of each application
	log     tail.Writer

	mu     sync.Mutex
	latest *app // the last one that was started
	up     bool // it runs
}

// With returns the same environment for a subtest: what fails then fails the subtest.
//
//	t.Run("refunds", func(t *testing.T) {
//		env := env.With(t)
//		…
//	})
func (e *Env) With(t testing.TB) *Env { return &Env{t, e.environment} }

// Start builds the application that the options describe, as fx.New does, and starts it on
// a real restate-server. It returns when the application is registered and serves. When the
// test ends, the application is cut off and the server is emptied for the next test.
//
// The options are those of the application, fxrestate.Module among them, and what the test
// replaces with fx.Replace, fx.Decorate or fx.Populate. Options of this package may stand
// among them. Its [fxrestate.Config] applies, if it has one, except for what belongs to
// another server: addresses, URLs, credentials, identity keys, TLS and Restate Cloud are
// those of the test, and the application is always registered. In mode endpoint.Lambda the
// endpoint listens instead. Whoever reads the Config from the graph sees the application's.
//
// Each test has a server for itself as long as it runs, so that tests may be parallel, and
// gets an empty one. Servers are started when there is none that can be used again. The
// first start in a test binary takes about a second, and further ones a fraction of it.
//
// What the server and the application log is shown if the test fails. An application that
// provides a logger of its own logs there.
//
// What is wrong with the application fails the test, each problem on a line.
func Start(t testing.TB, opts ...fx.Option) *Env {
	t.Helper()
	set, application, err := divide(opts)
	if err != nil {
		t.Fatal(err)
	}
	e := &Env{t, &environment{set: set, opts: application}}
	ctx, cancel := e.installContext()
	defer cancel()
	if e.port, err = servers.ports.Take(); err != nil {
		t.Fatalf("restatetest: %v", err)
	}
	if set.inProcess {
		e.backend, err = newInProcess(set)
	} else {
		e.backend, err = servers.lease(ctx, set)
	}
	if err != nil {
		servers.ports.Give(e.port)
		t.Fatalf("restatetest: no server for the test: %v", err)
	}
	t.Cleanup(e.end)
	t.Cleanup(e.watch())
	e.StartApp()
	return e
}

// end ends what the test has left. The test's own cleanups have run.
func (e *Env) end() {
	e.t.Helper()
	ctx, cancel := e.cleanupContext()
	defer cancel()
	if e.t.Failed() { // before the lines that the end itself writes
		e.tell("application", e.log.String())
		e.tell("server", e.backend.logs())
	}
	if e.up {
		if err := e.latest.quit(ctx); err != nil {
			e.t.Errorf("restatetest: stop the application: %v", err)
		}
	}
	if err := e.backend.release(ctx); err != nil {
		e.t.Errorf("restatetest: stop the server: %v", err)
	}
	servers.ports.Give(e.port)
}

// tell shows a log if it has lines.
func (e *Env) tell(whose, lines string) {
	e.t.Helper()
	if lines != "" {
		e.t.Logf("log of the %s, the end of it:\n%s", whose, lines)
	}
}

// context bounds one thing that the test waits for.
func (e *Env) context() (context.Context, context.CancelFunc) {
	parent := e.t.Context()
	if _, run := e.t.(*runTB); !run && parent.Err() != nil {
		parent = context.WithoutCancel(parent) // the test has come to its cleanups
	}
	return context.WithDeadline(parent, e.deadlineOf(e.set.within))
}

// installContext bounds the start of a server, which may have to be installed before.
func (e *Env) installContext() (context.Context, context.CancelFunc) {
	return context.WithDeadline(e.t.Context(), e.deadlineOf(max(installWithin, e.set.within)))
}

// cleanupContext is that of what goes on after the test's end.
func (e *Env) cleanupContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), e.set.within)
}

// installWithin is how long the download of a server may take, 216 MB.
const installWithin = 5 * time.Minute

// deadlineOf leaves time for the test to say why it failed, and to clean up.
func (e *Env) deadlineOf(within time.Duration) time.Time {
	deadline := time.Now().Add(within)
	if last, limited := e.lastMoment(); limited && last.Before(deadline) {
		return last
	}
	return deadline
}

// lastMoment is that before the deadline of the test, if it has one.
func (e *Env) lastMoment() (last time.Time, limited bool) {
	t, ok := e.t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return last, false
	}
	if last, limited = t.Deadline(); !limited {
		return last, false
	}
	return last.Add(-min(time.Minute, time.Until(last)/4)), true
}

// app returns the application that runs or that ran last.
func (e *Env) app() *app {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.latest
}

// Ingress returns the client of the application that runs, or that ran last. It calls
// handlers from outside, as in
//
//	ingress.Call(t.Context(), ingress.NewObject[*Cart](env.Ingress()).Key("ada"), (*Cart).Add, item)
func (e *Env) Ingress() *ingress.Client { return e.app().parts.Ingress }

// Admin returns a client of the server's admin API.
func (e *Env) Admin() *admin.Client { return e.app().parts.Admin }

// IngressURL returns the base URL of the server's ingress, without a slash at its end. It
// stays the same when servers and nodes are killed and started again.
func (e *Env) IngressURL() string { return e.backend.ingressURL() }

// AdminURL returns the base URL of the server's admin API, without a slash at its end.
func (e *Env) AdminURL() string { return e.backend.adminURL() }

// Advance moves the clock of [InProcess] by d, and does what is due on the way, each at its
// time. It waits before and after until nothing runs. It fails the test on a server, whose
// clock cannot be moved.
func (e *Env) Advance(d time.Duration) {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	if err := e.backend.advance(ctx, d); err != nil {
		e.t.Fatalf("restatetest: Advance(%v): %v", d, err)
	}
}

// Now returns the time of [InProcess]'s clock, or on a server that of the machine.
func (e *Env) Now() time.Time { return e.backend.now() }
