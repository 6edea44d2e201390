package restatetest_test

import (
	"encoding/json"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

var (
	note    = durable.NewStateKey[[]byte]("note", restate.WithBinary)
	nowhere = durable.NewStateKey[string]("nowhere")
)

func TestStateIsReadAndWritten(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, counters())
	t.Run("of an object without any", func(t *testing.T) {
		env := env.With(t)
		state := restatetest.StateOf[*Counter](env, "nobody")
		require.Empty(t, state.All())
		var n int
		require.False(t, state.Get("sum", &n))
		_, found := restatetest.Get(state, sum)
		require.False(t, found)
		state.Clear()
	})
	t.Run("that a handler has written", func(t *testing.T) {
		env := env.With(t)
		add(t, env, "ada", 2)
		state := restatetest.StateOf[*Counter](env, "ada")
		require.Equal(t, map[string]json.RawMessage{"sum": json.RawMessage("2")}, state.All())
		var n int
		require.True(t, state.Get("sum", &n))
		require.Equal(t, 2, n)
		n, found := restatetest.Get(state, sum)
		require.True(t, found)
		require.Equal(t, 2, n)
	})
	t.Run("that a handler then reads", func(t *testing.T) {
		env := env.With(t)
		for name, set := range map[string]func(*restatetest.State){
			"by its key":  func(s *restatetest.State) { restatetest.Set(s, sum, 40) },
			"by its name": func(s *restatetest.State) { s.Set("sum", 40) },
			"as a whole":  func(s *restatetest.State) { s.SetAll(map[string]any{"sum": 40}) },
		} {
			t.Run(name, func(t *testing.T) {
				set(restatetest.StateOf[*Counter](env, name))
				require.Equal(t, 42, add(t, env, name, 2).Sum)
			})
		}
	})
	t.Run("beside the rest", func(t *testing.T) {
		env := env.With(t)
		state := restatetest.StateOf[*Counter](env, "beside")
		restatetest.Set(state, note, []byte{0, 0xff, '\''})
		state.Set("sum", 1)
		got, found := restatetest.Get(state, note)
		require.True(t, found)
		require.Equal(t, []byte{0, 0xff, '\''}, got)
		require.Len(t, state.All(), 2)
		_, found = restatetest.Get(state, nowhere)
		require.False(t, found)
		state.Clear()
		require.Empty(t, state.All())
	})
	t.Run("under any key", func(t *testing.T) {
		env := env.With(t)
		for _, key := range []string{"a/b", "it's", "ü", "{}", " "} {
			t.Run(key, func(t *testing.T) {
				restatetest.StateOf[*Counter](env, key).Set("sum", 3)
				require.Equal(t, 4, add(t, env, key, 1).Sum)
			})
		}
	})
	t.Run("of a service by its name", func(t *testing.T) {
		env := env.With(t)
		require.Equal(t, "counter", restatetest.ServiceName[*Counter](env))
		require.Equal(t, "counter", restatetest.ServiceName[Counter](env))
		add(t, env, "named", 2)
		require.Len(t, restatetest.StateOfService(env, "counter", "named").All(), 1)
	})
}

func TestStateOfAWorkflowIsRead(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, signups(), fx.Options())
	flows := ingress.NewWorkflow[*Signup](env.Ingress())
	handle, err := ingress.Send(t.Context(), flows.ID("1"), (*Signup).Run, "ada")
	require.NoError(t, err)
	env.InvocationOf(handle).AwaitEntry("GetPromise confirmed")
	var name string
	require.True(t, restatetest.StateOf[*Signup](env, "1").Get("name", &name))
	require.Equal(t, "ada", name)
}

func TestStateOfAWorkflowIsWritten(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, signups())
	state := restatetest.StateOf[*Signup](env, "1")
	state.Set("name", "eve")
	var name string
	require.True(t, state.Get("name", &name))
	require.Equal(t, "eve", name)
	state.Clear()
	require.Empty(t, state.All())
}
