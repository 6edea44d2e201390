package restatetest_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Counter counts, in its state and in memory.
type Counter struct{ made *int }

var count = durable.NewStateKey[int]("count")

func (c *Counter) Add(ctx restate.ObjectContext, n int) (int, error) {
	now, err := count.Get(ctx)
	if err != nil {
		return 0, err
	}
	return now + n, count.Set(ctx, now+n)
}

func counters() fx.Option {
	return fx.Options(fxrestate.Module, fxrestate.Object[*Counter](func() *Counter { return &Counter{} }, fxrestate.Name("counter")))
}

func add(t *testing.T, env *restatetest.Env, key string, n int) int {
	t.Helper()
	sum, err := ingress.Call(t.Context(), ingress.NewObject[*Counter](env.Ingress()).Key(key), (*Counter).Add, n)
	require.NoError(t, err)
	return sum
}

func TestAnApplicationRunsOnAServer(t *testing.T) {
	for range 3 {
		b := time.Now()
		t.Run("x", func(t *testing.T) {
			env := restatetest.Start(t, counters())
			t.Log("ready", time.Since(b))
			require.Equal(t, 2, add(t, env, "a", 2))
			require.Equal(t, 5, add(t, env, "a", 3))
			state := restatetest.StateOf[*Counter](env, "a")
			n, ok := restatetest.Get(state, count)
			require.True(t, ok)
			require.Equal(t, 5, n)
			restatetest.Set(state, count, 7)
			env.KillApp()
			env.StartApp()
			require.Equal(t, 8, add(t, env, "a", 1))
			env.RestartServer()
			require.Equal(t, 9, add(t, env, "a", 1))
			for _, i := range env.Invocations() {
				t.Log(i.Service, i.Status, env.Invocation(i.ID).Journal())
			}
		})
		t.Log("with cleaning", time.Since(b))
	}
}
