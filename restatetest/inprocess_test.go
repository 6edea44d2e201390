package restatetest_test

import (
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

func TestInProcessADayPassesAtOnce(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]fx.Option{"held open": fx.Options(), "always replaying": restatetest.AlwaysReplay} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := restatetest.Start(t, restatetest.InProcess, mode, counters())
			began := env.Now()
			now, err := ingress.Call(t.Context(), counter(env, "ada"), (*Counter).AddLate, 24*time.Hour)
			require.NoError(t, err)
			require.Equal(t, 1, now.Sum)
			require.GreaterOrEqual(t, env.Now().Sub(began), 24*time.Hour)

			state := restatetest.StateOf[*Counter](env, "ada")
			got, found := restatetest.Get(state, sum)
			require.True(t, found)
			require.Equal(t, 1, got)
			restatetest.Set(state, sum, 41)
			require.Equal(t, 42, add(t, env, "ada", 1).Sum)
		})
	}
}

func TestInProcessAKilledApplicationGoesOn(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock, counters())
	require.EqualValues(t, 1, add(t, env, "ada", 1).Calls)
	sent, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).AddLate, time.Hour)
	require.NoError(t, err)
	i := env.InvocationOf(sent)
	i.AwaitEntry("Sleep")
	env.KillApp()
	env.StartApp()
	env.Advance(time.Hour - time.Minute)
	i.AwaitStatus(admin.StatusSuspended)
	env.Advance(2 * time.Minute)
	i.AwaitStatus(admin.StatusCompleted)
	require.EqualValues(t, 2, add(t, env, "ada", 0).Calls, "memory of the struct is lost")
}

// Shopper calls what another application serves.
type Shopper struct{ warehouse rpc.Service[*Warehouse] }

// Warehouse is that.
type Warehouse struct{}

func (*Warehouse) Reserve(restate.Context, string) (string, error) { return "", nil }

func (s *Shopper) Buy(ctx restate.Context, item string) (string, error) {
	return rpc.Call(ctx, s.warehouse, (*Warehouse).Reserve, item)
}

func TestInProcessAStubAnswersForAnotherApplication(t *testing.T) {
	t.Parallel()
	var failures atomic.Int32
	env := restatetest.Start(t, restatetest.InProcess, fxrestate.Module,
		restatetest.StubRemote("Warehouse", "Reserve", func(call restatetest.Call, item string) (string, error) {
			if failures.Add(1) == 1 {
				return "", http.ErrHandlerTimeout
			}
			if item == "none" {
				return "", restate.TerminalErrorf("out of stock")
			}
			return call.Handler + " " + item, nil
		}),
		fxrestate.RemoteService[*Warehouse](),
		fxrestate.Service[*Shopper](func(w rpc.Service[*Warehouse]) *Shopper { return &Shopper{w} }),
	)
	shopper := ingress.NewService[*Shopper](env.Ingress())
	got, err := ingress.Call(t.Context(), shopper, (*Shopper).Buy, "pin")
	require.NoError(t, err)
	require.Equal(t, "Reserve pin", got)
	_, err = ingress.Call(t.Context(), shopper, (*Shopper).Buy, "none")
	require.ErrorContains(t, err, "out of stock")
}

func TestInProcessHasNoServer(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, counters())
	_, err := env.Admin().Service(t.Context(), "counter")
	require.ErrorContains(t, err, "restatetest.InProcess has no admin API; use the methods of Env, or leave InProcess out of the test")
	for name, test := range map[string]struct {
		do   func(env *restatetest.Env)
		want string
	}{
		"kill": {(*restatetest.Env).KillServer, "KillNode(0): the test has no server; leave restatetest.InProcess out of it"},
		"record": {func(env *restatetest.Env) {
			env.Invocation("inv_1").Record(filepath.Join(t.TempDir(), "a.journal.json"))
		}, "Record: a journal to replay is that of a server; leave InProcess out of the test, or compare Journal"},
		"restart": {(*restatetest.Env).StartServer, "StartServer: the test has no server; leave restatetest.InProcess out of it"},
	} {
		t.Run(name, func(t *testing.T) {
			failed, said := record(t, func(t testing.TB) { test.do(restatetest.Start(t, restatetest.InProcess, counters())) })
			require.True(t, failed)
			require.Contains(t, said, test.want)
		})
	}
}

// Straying uses its ctx on another goroutine, after its attempt was cut.
type Straying struct{ began, ended chan error }

func (s Straying) Stray(ctx restate.Context) error {
	done := make(chan error)
	go func() {
		<-ctx.Done()
		done <- restate.Sleep(ctx, time.Minute)
	}()
	s.began <- nil
	err := <-done
	s.ended <- err
	return err
}

func TestInProcessAGoroutineOfACutAttemptGetsAnError(t *testing.T) {
	t.Parallel()
	s := Straying{make(chan error, 1), make(chan error, 1)}
	env := restatetest.Start(t, restatetest.InProcess, restatetest.NoRetries,
		fxrestate.Module, fxrestate.Service[Straying](func() Straying { return s }))
	_, err := ingress.Send0Void(t.Context(), ingress.NewService[Straying](env.Ingress()), Straying.Stray)
	require.NoError(t, err)
	testkit.Receive(t, s.began, "the attempt")
	env.KillApp() // a panic there would end the process
	require.ErrorIs(t, testkit.Receive(t, s.ended, "the operation"), durable.ErrConcurrentUse)
}
