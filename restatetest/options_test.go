package restatetest_test

import (
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestNoRetriesEndsAnInvocationWithItsFirstError(t *testing.T) {
	t.Parallel()
	broken := new(atomic.Bool)
	broken.Store(true)
	env := restatetest.Start(t, steps(broken), restatetest.NoRetries)
	_, err := ingress.Call0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Try)
	require.ErrorContains(t, err, errBroken.Error())
	require.True(t, restate.IsTerminalError(err))
}

func TestAlwaysReplaySuspendsAtEachAwait(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, steps(nil), restatetest.AlwaysReplay)
	made, err := ingress.Call(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Attempts, 3)
	require.NoError(t, err)
	require.Greater(t, made, int64(1))
}

func TestAVersionAndAnEnvironmentOfTheServer(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, counters(), restatetest.ServerVersion(devserver.DefaultVersion),
		restatetest.ServerEnv(map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "2"}))
	require.Equal(t, 1, add(t, env, "ada", 1).Sum)
}
