package durable_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
)

var (
	counter  = durable.NewStateKey[int]("counter")
	decision = durable.NewPromiseKey[string]("decision")
)

// Only the context of an exclusive handler writes: the compiler checks it.
var (
	_ func(durable.StateKey[int], restate.ObjectSharedContext) (int, error) = durable.StateKey[int].Get
	_ func(durable.StateKey[int], restate.ObjectContext, int) error         = durable.StateKey[int].Set
	_ func(durable.StateKey[int], restate.ObjectContext) error              = durable.StateKey[int].Clear
)

func TestZeroKeysSayHowToDeclareThem(t *testing.T) {
	t.Parallel()
	var state durable.StateKey[int]
	_, err := state.Get(nil)
	require.EqualError(t, err, "durable: a StateKey[int] without a name; declare it with durable.NewStateKey[int](name)")
	unnamed := durable.NewStateKey[int]("")
	require.Equal(t, err, unnamed.Set(nil, 1))

	var promise durable.PromiseKey[string]
	_, err = promise.Future(nil).Await(nil)
	require.EqualError(t, err, "durable: a PromiseKey[string] without a name; declare it with durable.NewPromiseKey[string](name)")
}

func TestKeysKnowTheirNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "counter", counter.Name())
	require.Equal(t, "decision", decision.Name())
}
