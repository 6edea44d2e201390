package restatetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestOnBothRunsATestInProcessAndOnAServer(t *testing.T) {
	t.Parallel()
	var ran []string
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		env := restatetest.Start(t, backend, counters())
		ran = append(ran, t.Name())
		now, err := ingress.Call(t.Context(), counter(env, "ada"), (*Counter).AddLate, time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, Counted{1, 1}, now)
		all := restatetest.StateOf[*Counter](env, "ada").All()
		require.Len(t, all, 1)
		require.JSONEq(t, "1", string(all["sum"]))
	})
	want := []string{t.Name() + "/in_process"}
	if !testing.Short() {
		want = append(want, t.Name()+"/on_a_server")
	}
	require.Equal(t, want, ran)
}

func TestTheEnvironmentOfATestServesItsSubtests(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, counters())
	for _, key := range []string{"ada", "bob"} {
		t.Run(key, func(t *testing.T) {
			env := env.With(t)
			require.Equal(t, 1, add(t, env, key, 1).Sum)
			failed, said := record(t, func(t testing.TB) { env.With(t).KillServer() })
			require.True(t, failed)
			require.Contains(t, said, "the test has no server")
		})
	}
}
