package restatetest_test

import (
	"testing"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// A test of an application, which runs in process and then on a real server.
func ExampleOnBoth() {
	TestItemsAreCounted := func(t *testing.T) {
		restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
			env := restatetest.Start(t, backend, counters())
			counter := ingress.NewObject[*Counter](env.Ingress()).Key("ada")
			for want := 1; want <= 3; want++ {
				now, err := ingress.Call(t.Context(), counter, (*Counter).Add, 1)
				if err != nil || now.Sum != want {
					t.Errorf("the sum is %d (%v), want %d", now.Sum, err, want)
				}
			}
		})
	}
	_ = TestItemsAreCounted // go test calls it
}
