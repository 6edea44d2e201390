package restatetest_test

import (
	"testing"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// t is that of the test which each example stands in.
var t *testing.T

func ExampleStart() {
	env := restatetest.Start(t,
		fxrestate.Module,
		fxrestate.Object[*Counter](newCounter, fxrestate.Name("counter")))

	counter := ingress.NewObject[*Counter](env.Ingress()).Key("ada")
	now, err := ingress.Call(t.Context(), counter, (*Counter).Add, 2)
	if err != nil || now.Sum != 2 {
		t.Fatal(now, err)
	}
}

func ExampleStart_fakes() {
	var clock Clock
	env := restatetest.Start(t, steps(nil),
		fx.Decorate(func(Clock) Clock { return stoppedClock{} }), // in place of the application's
		fx.Populate(&clock)) // out of the graph

	said, err := ingress.Call0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Tell)
	if err != nil || said != clock.Now() {
		t.Fatal(said, err)
	}
}

func ExampleStateOf() {
	env := restatetest.Start(t, counters())
	state := restatetest.StateOf[*Counter](env, "ada")

	restatetest.Set(state, sum, 40) // sum is a durable.StateKey[int]
	add(t, env, "ada", 2)
	if now, found := restatetest.Get(state, sum); !found || now != 42 {
		t.Fatal(now)
	}
}

func ExampleEnv_KillApp() {
	env := restatetest.Start(t, steps(nil))
	handle, err := ingress.Send0Void(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Wait)
	if err != nil {
		t.Fatal(err)
	}
	invocation := env.InvocationOf(handle)
	invocation.AwaitEntry("Sleep")

	env.KillApp()
	env.StartApp()

	invocation.Cancel()
	invocation.AwaitStatus(admin.StatusCompleted)
}
