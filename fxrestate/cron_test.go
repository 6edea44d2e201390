package fxrestate_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/fxrestate"
)

// Chores is a service that jobs call.
type Chores struct{}

// Sweep sweeps.
func (*Chores) Sweep(_ restate.Context, what string) error { return nil }

// Attic is an object that jobs call.
type Attic struct{}

// Air airs.
func (*Attic) Air(restate.ObjectContext) error { return nil }

func TestAMistakeInAJobIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	chores := fxrestate.Service[*Chores](func() *Chores { return &Chores{} })
	sweep := cron.CallVoid((*Chores).Sweep, "x")
	for name, test := range map[string]struct {
		opts []fx.Option
		want []string
	}{
		"nothing serves the jobs": {
			[]fx.Option{chores, fxrestate.Every("@daily", sweep)},
			[]string{"nothing serves the jobs; list fxrestate.Cron() too"},
		},
		"a bad expression and an unknown zone, both at once": {
			[]fx.Option{chores, fxrestate.Cron(), fxrestate.Every("0 25 * * *", sweep), fxrestate.Every("@daily Mars/Olympus", sweep)},
			[]string{"end of range (25) above maximum (23)", `the time zone "Mars/Olympus" is not known`},
		},
		"two jobs of one name": {
			[]fx.Option{chores, fxrestate.Cron(), fxrestate.Every("@daily", sweep), fxrestate.Every("@hourly", sweep)},
			[]string{`the job "Chores/Sweep" is declared twice, also at cron_test.go:`, "give one of them another cron.Name"},
		},
		"a service that is not registered": {
			[]fx.Option{fxrestate.Cron(), fxrestate.Every("@daily", sweep)},
			[]string{"*fxrestate_test.Chores is not registered; register it with fxrestate.Service, or declare it with fxrestate.RemoteService"},
		},
		"an object without a key": {
			[]fx.Option{fxrestate.Object[*Attic](func() *Attic { return &Attic{} }), fxrestate.Cron(), fxrestate.Every("@daily", cron.Call0Void((*Attic).Air))},
			[]string{"Attic/Air is a handler of a virtual object; say of which one, with the method Key of the task"},
		},
		"what is no handler": {
			[]fx.Option{chores, fxrestate.Cron(), fxrestate.Every("@daily", cron.Task{})},
			[]string{"the task is empty; make it with cron.Call or cron.Named"},
		},
		"a jitter of a week": {
			[]fx.Option{chores, fxrestate.Cron(), fxrestate.Every("@daily", sweep, cron.Jitter(7*24*time.Hour))},
			[]string{`the jitter "168h0m0s" is no duration from 0s to 24h0m0s`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, fxrestate.Module, fx.Options(test.opts...)).Err()
			require.Error(t, err)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.ErrorContains(t, err, "(cron_test.go:")
		})
	}
}
