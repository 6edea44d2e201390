package fxrestate_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

var (
	counter  = fxrestate.NewStateKey[int]("counter")
	decision = fxrestate.NewPromiseKey[string]("decision")
)

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
