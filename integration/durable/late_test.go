package durable_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// StrayCallee is called by a Stray.
type StrayCallee struct{}

func (*StrayCallee) Echo(_ restate.Context, in string) (string, error) { return in, nil }

// Stray leaves goroutines behind.
type Stray struct {
	callee     rpc.Service[*StrayCallee]
	calleeName string
	held       chan *Held           // of the attempts that returned
	wait       atomic.Pointer[wait] // what Block leaves a goroutine in
}

// Run gives away all it has, and returns.
func (s *Stray) Run(ctx restate.WorkflowContext) error {
	h, err := hold(ctx, s.callee, s.calleeName)
	if err == nil {
		s.held <- h
	}
	return err
}

func startStray(t *testing.T) (s *Stray, name string, o *others) {
	callee, keeper := testkit.Unique("stray-callee"), testkit.Unique("keeper")
	s, name = &Stray{calleeName: callee, held: make(chan *Held, 1000)}, testkit.Unique("stray")
	testkit.Start(t,
		fxrestate.Workflow[*Stray](func(c rpc.Service[*StrayCallee]) *Stray {
			s.callee = c
			return s
		}, fxrestate.Name(name), testkit.RetrySoon()),
		fxrestate.Service[*StrayCallee](testkit.Made(&StrayCallee{}), fxrestate.Name(callee)),
		fxrestate.Object[Keeper](testkit.Made(Keeper{}), fxrestate.Name(keeper)),
	)
	return s, name, startOthers(t, keeper)
}

func TestCtxOfAHandlerThatReturnedReachesNothing(t *testing.T) {
	t.Parallel()
	const rounds = 15 // of each use
	s, name, o := startStray(t)
	for round := range rounds {
		// Each use has an attempt of its own, since the first misuse is logged.
		held := map[string]*Held{}
		for _, use := range misuses() {
			testkit.Post(t, testkit.Path(name, testkit.Unique("k"), "Run"), nil)
			held[use.name] = testkit.Receive(t, s.held, "an attempt")
		}
		o.passes(t, 4)
		for _, use := range misuses() {
			t.Run(fmt.Sprint(use.name, " ", round), func(t *testing.T) {
				got := use.try(held[use.name])
				require.ErrorIs(t, got.err, durable.ErrReturned)
				require.NotErrorIs(t, got.err, durable.ErrConcurrentUse)
				require.Contains(t, got.err.Error(), name+"/Run")
				require.Equal(t, use.how == panics, got.panicked, got.err)
				require.Equal(t, use.how == fails, restate.IsTerminalError(got.err), got.err)
			})
		}
		o.passes(t, 1)
	}
	o.unharmed(t)
}

func TestLateUsesAreLoggedOncePerAttempt(t *testing.T) {
	t.Parallel()
	callee, name := testkit.Unique("stray-callee"), testkit.Unique("stray")
	s := &Stray{calleeName: callee, held: make(chan *Held, 1000)}
	a := testkit.Start(t,
		fxrestate.Workflow[*Stray](func(c rpc.Service[*StrayCallee]) *Stray {
			s.callee = c
			return s
		}, fxrestate.Name(name), testkit.RetrySoon()),
		fxrestate.Service[*StrayCallee](testkit.Made(&StrayCallee{}), fxrestate.Name(callee)),
	)
	testkit.Post(t, testkit.Path(name, "k", "Run"), nil)
	h := testkit.Receive(t, s.held, "an attempt")
	for range 3 {
		for _, use := range misuses() {
			require.ErrorIs(t, use.try(h).err, durable.ErrReturned, use.name)
		}
	}
	lines := a.Lines("the ctx of a handler was misused")
	require.Len(t, lines, 1)
	require.Equal(t, name+"/Run", lines[0].ContextMap()["method"])
	require.Contains(t, lines[0].ContextMap()["err"], "durable: restate.Run after the end of "+name+"/Run (inv_")
	require.Equal(t, "error", lines[0].Level.String())
}

func TestCtxOfAHandlerThatReturnedStillTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	s, name, o := startStray(t)
	id := testkit.Post(t, testkit.Path(name, "k", "Run"), nil).Header.Get("X-Restate-Id")
	h := testkit.Receive(t, s.held, "an attempt")
	o.passes(t, 4)
	require.Equal(t, id, h.ctx.Request().ID)
	require.Equal(t, "k", restate.Key(h.ctx))
	require.Equal(t, "Ada", h.plain.Value(clerk{}))
	require.Equal(t, "Bob", h.wrapped.Value(clerk{}))
	require.NotEmpty(t, h.awakeable.Id())
	require.NotPanics(t, func() { h.ctx.Log().Info("late") })
	<-h.ctx.Done()
	o.unharmed(t)
}

// wait is an operation that another goroutine is in when its handler returns.
type wait struct {
	use
	ended chan tried
}

// Block returns while another goroutine is inside an operation.
func (s *Stray) Block(ctx restate.WorkflowSharedContext) (string, error) {
	h, err := hold(ctx.(restate.WorkflowContext), s.callee, s.calleeName)
	if err != nil {
		return "", err
	}
	w, over := s.wait.Load(), make(chan struct{})
	go func() {
		defer close(over)
		got := w.try(h)
		for errors.Is(got.err, durable.ErrConcurrentUse) { // the handler was looking
			got = w.try(h)
		}
		w.ended <- got
	}()
	for {
		select {
		case <-over: // it had nothing to wait for
			return "returned", nil
		case <-time.After(100 * time.Microsecond):
			if looked := (use{do: no(func(h *Held) { restate.Rand(h.ctx) })}).try(h); errors.Is(looked.err, durable.ErrConcurrentUse) {
				return "returned", nil // it is inside
			} else if looked.panicked {
				panic(looked.err) // the suspension
			}
		}
	}
}

func TestHandlerReturnsWhileAnotherGoroutineWaits(t *testing.T) {
	t.Parallel()
	const rounds = 3 // of each use
	s, name, o := startStray(t)
	for _, use := range blocking(testkit.AlwaysReplay()) {
		t.Run(use.name, func(t *testing.T) {
			w := &wait{use, make(chan tried, 100*rounds)}
			s.wait.Store(w)
			for range rounds {
				require.Equal(t, "returned", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, testkit.Unique("k"), "Block"), nil)))
				got := testkit.Receive(t, w.ended, "the end of the operation")
				if testkit.AlwaysReplay() && got.err == nil {
					continue // in an attempt after a suspension, which has nothing to wait for
				}
				require.False(t, got.panicked, got.err)
				require.Equal(t, use.how == fails, restate.IsTerminalError(got.err), got.err)
				require.ErrorIs(t, got.err, durable.ErrReturned)
			}
		})
	}
	o.unharmed(t)
}

// blocking are operations that wait, for a moment or for ever.
func blocking(moment bool) []use {
	short := []use{
		{"a short Sleep", fails, func(h *Held) error { return terminal(0, restate.Sleep(h.ctx, soon())) }},
		{"WaitFirst with a short timer", fails, func(h *Held) error { return terminal(restate.WaitFirst(h.ctx, h.soon, h.awakeable)) }},
		{"Await of a short timer", returns, func(h *Held) error { return second(h.pendingSoon.Await(h.ctx)) }},
		{"Run", fails, func(h *Held) error {
			return terminal(0, restate.RunVoid(h.ctx, func(ctx restate.RunContext) error {
				<-ctx.Done()
				return ctx.Err()
			}))
		}},
	}
	if moment {
		return short
	}
	return append(short, []use{
		{"Sleep", fails, func(h *Held) error { return terminal(0, restate.Sleep(h.ctx, never)) }},
		{"Done", fails, func(h *Held) error { return terminal(0, h.timer.Done()) }},
		{"Result of an awakeable", fails, func(h *Held) error { return terminal(h.awakeable.Result()) }},
		{"Result of a promise", fails, func(h *Held) error { return terminal(h.promise.Result()) }},
		{"WaitFirst", fails, func(h *Held) error { return terminal(restate.WaitFirst(h.ctx, h.timer, h.awakeable)) }},
		{"Await", returns, func(h *Held) error { return second(h.pending.Await(h.ctx)) }},
		{"Result of a promise key", returns, func(h *Held) error { return second(strayPromise.Result(h.ctx)) }},
	}...)
}

// Heir has what an attempt of another invocation left.
type Heir struct {
	left *Held
	got  chan error // what is no panic
}

// Take uses the other context.
func (h *Heir) Take(restate.Context) error {
	_, err := restate.Get[string](h.left.ctx, "n")
	h.got <- err
	return err
}

// Wait waits for the other's futures with its own context.
func (h *Heir) Wait(ctx restate.Context) error {
	_, err := restate.WaitFirst(ctx, h.left.timer, restate.After(ctx, never))
	h.got <- err
	return err
}

// Await waits as Wait does, and for what restate.Promise returned.
func (h *Heir) Await(ctx restate.Context) error {
	_, err := restate.WaitFirst(ctx, h.left.promise)
	h.got <- err
	return err
}

func TestCtxOfAnotherInvocationDoesNotEndThisOne(t *testing.T) {
	t.Parallel()
	s, name, o := startStray(t)
	testkit.Post(t, testkit.Path(name, "k", "Run"), nil)
	heir, service := &Heir{testkit.Receive(t, s.held, "an attempt"), make(chan error, 1000)}, testkit.Unique("heir")
	// By handler: an attempt of another's invocation is aborted when that is killed.
	ends := map[string]chan pipeline.Ending{}
	for _, handler := range []string{"Take", "Wait", "Await"} {
		ends[handler] = make(chan pipeline.Ending, 1000)
	}
	testkit.Start(t, fxrestate.Service[*Heir](testkit.Made(heir), fxrestate.Name(service), testkit.RetrySoon(),
		fxrestate.Observers(func(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) { ends[inv.Handler()] <- end })))
	for handler, want := range map[string]string{
		"Take":  "durable: restate.Get after the end of " + name + "/Run",
		"Wait":  "durable: restate.Wait in " + service + "/Wait",
		"Await": "durable: restate.Wait in " + service + "/Await",
	} {
		t.Run(handler, func(t *testing.T) {
			id := testkit.Submit(t, testkit.Path(service, handler), nil)
			var now testkit.Invocation
			testkit.Eventually(t, func() error {
				if now = testkit.Look(t, id); now.LastError == "" {
					return errors.New(now.Status)
				}
				return nil
			})
			require.Contains(t, now.LastError, want)
			require.Contains(t, now.LastError, "the ctx of a handler that has returned")
			require.NotEqual(t, "completed", now.Status, "a mistake of the program ended an invocation")
			// It is a panic of the program's, and not one by which the SDK ends attempts.
			end := testkit.Receive(t, ends[handler], "the end of an attempt")
			require.Equal(t, pipeline.Retryable, end.Outcome)
			require.IsType(t, (*pipeline.PanicError)(nil), end.Err)
			require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
		})
	}
	require.Empty(t, heir.got, "a handler went on")
	o.unharmed(t)
}
