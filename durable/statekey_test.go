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

func TestValuesOfKeysAreEncodedAndDecodedOutsideOfHandlers(t *testing.T) {
	t.Parallel()
	raw := durable.NewStateKey[[]byte]("raw", restate.WithBinary)
	for name, tt := range map[string]struct {
		encode func() ([]byte, error)
		decode func([]byte) (any, error)
		stored string
		value  any
	}{
		"as JSON": {
			func() ([]byte, error) { return counter.Encode(7) },
			func(b []byte) (any, error) { return counter.Decode(b) }, "7", 7,
		},
		"by another codec": {
			func() ([]byte, error) { return raw.Encode([]byte{1, 2}) },
			func(b []byte) (any, error) { return raw.Decode(b) }, "\x01\x02",
			[]byte{1, 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored, err := tt.encode()
			require.NoError(t, err)
			require.Equal(t, tt.stored, string(stored))
			value, err := tt.decode(stored)
			require.NoError(t, err)
			require.Equal(t, tt.value, value)
		})
	}
	_, err := counter.Decode([]byte(`"many"`))
	require.ErrorContains(t, err, `durable: StateKey[int] "counter": what is stored is no int: `)
	_, err = durable.NewStateKey[func()]("f").Encode(func() {})
	require.ErrorContains(t, err, `durable: StateKey[func()] "f": encode: `)
	var zero durable.StateKey[int]
	_, err = zero.Encode(1)
	require.ErrorContains(t, err, "declare it with durable.NewStateKey[int](name)")
	_, err = zero.Decode(nil)
	require.ErrorContains(t, err, "declare it with durable.NewStateKey[int](name)")
}
