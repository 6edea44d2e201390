package fxrestate_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

var (
	counter  = fxrestate.NewStateKey[int]("counter")
	decision = fxrestate.NewPromiseKey[string]("decision")
)

func ExampleStateKey() {
	add := func(ctx restate.ObjectContext, n int) (int, error) {
		count, err := counter.GetOr(ctx, 100) // 100 if nothing was stored
		if err != nil {
			return 0, err
		}
		return count + n, counter.Set(ctx, count+n)
	}
	started := func(ctx restate.ObjectSharedContext) (bool, error) {
		_, ok, err := counter.Lookup(ctx) // a stored 0 is ok
		return ok, err
	}
	_, _ = add, started // handlers of a virtual object
}

func ExamplePromiseKey() {
	run := func(ctx restate.WorkflowContext) (string, error) {
		d, err := decision.Pending(ctx).OrTimeout(ctx, 24*time.Hour).Await(ctx)
		if fxrestate.IsTimeout(err) {
			return "nobody decided", nil
		}
		return d, err
	}
	decide := func(ctx restate.WorkflowSharedContext, d string) error {
		return decision.Resolve(ctx, d)
	}
	decided := func(ctx restate.WorkflowSharedContext) (bool, error) {
		_, ok, err := decision.Peek(ctx)
		return ok, err
	}
	_, _, _ = run, decide, decided // handlers of a workflow
}

// Only the context of an exclusive handler writes: the compiler checks it.
var (
	_ func(fxrestate.StateKey[int], restate.ObjectSharedContext) (int, error) = fxrestate.StateKey[int].Get
	_ func(fxrestate.StateKey[int], restate.ObjectContext, int) error         = fxrestate.StateKey[int].Set
	_ func(fxrestate.StateKey[int], restate.ObjectContext) error              = fxrestate.StateKey[int].Clear
)

func TestZeroKeysSayHowToDeclareThem(t *testing.T) {
	t.Parallel()
	var state fxrestate.StateKey[int]
	_, err := state.Get(nil)
	require.EqualError(t, err, "fxrestate: a StateKey[int] without a name; declare it with fxrestate.NewStateKey[int](name)")
	unnamed := fxrestate.NewStateKey[int]("")
	require.Equal(t, err, unnamed.Set(nil, 1))

	var promise fxrestate.PromiseKey[string]
	_, err = promise.Pending(nil).Await(nil)
	require.EqualError(t, err, "fxrestate: a PromiseKey[string] without a name; declare it with fxrestate.NewPromiseKey[string](name)")
}

func TestKeysKnowTheirNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "counter", counter.Name())
	require.Equal(t, "decision", decision.Name())
}
