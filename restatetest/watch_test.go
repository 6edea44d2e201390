package restatetest_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Hanging waits for what does not come.
type Hanging struct{}

func (Hanging) Wait(ctx restate.Context) error {
	_, err := restate.Awakeable[int](ctx).Result()
	return err
}

// hasty is a test with a deadline of its own.
type hasty struct {
	testing.TB

	deadline time.Time
}

func (h hasty) Deadline() (time.Time, bool) { return h.deadline, true }

func TestACallThatHangsFailsTheTestBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed, said := record(t, func(t testing.TB) {
				// The start of a server takes a part of it.
				env := restatetest.Start(hasty{t, time.Now().Add(20 * time.Second)}, backend,
					fxrestate.Module, fxrestate.Service[Hanging](func() Hanging { return Hanging{} }))
				require.Error(t, ingress.Call0Void(t.Context(), ingress.NewService[Hanging](env.Ingress()), Hanging.Wait))
			})
			require.True(t, failed)
			require.Contains(t, said, "restatetest: the deadline of the test is near, so these are killed")
			require.Contains(t, said, "Hanging/Wait (inv_")
			require.Contains(t, said, "log of the application")
		})
	}
}
