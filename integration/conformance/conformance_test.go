package conformance_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/restatetest"
)

// scenarios are those of all files.
func scenarios() map[string]scenario {
	all := map[string]scenario{}
	for _, of := range []map[string]scenario{stepScenarios, stateScenarios, callScenarios, workflowScenarios, waitingScenarios, ingressScenarios} {
		maps.Copy(all, of)
	}
	return all
}

func TestTheRunnerDoesWhatTheServerDoes(t *testing.T) {
	t.Run("holding streams open", func(t *testing.T) { compare(t, scenarios(), false) })
	t.Run("always replaying", func(t *testing.T) { compare(t, scenarios(), true, restatetest.AlwaysReplay) })
	t.Run("without retries", func(t *testing.T) {
		failing := scenarios()
		maps.DeleteFunc(failing, func(_ string, s scenario) bool { return !s.fails })
		compare(t, failing, false, restatetest.NoRetries)
	})
}

// compare runs scenarios, on one server for all and on a runner for each, so that the clock
// of one scenario does not jump for another.
func compare(t *testing.T, all map[string]scenario, replay bool, mode ...fx.Option) {
	t.Parallel()
	start := func(t *testing.T, opts ...fx.Option) *restatetest.Env {
		return restatetest.Start(t, append(append(opts, mode...), application())...)
	}
	shared := start(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := all[name]
			t.Log("on the server")
			server := shared.With(t)
			if of.alone {
				server = start(t)
			}
			want := runOn(t, server, name, of, replay)
			t.Log("in process")
			got := runOn(t, start(t, restatetest.InProcess), name, of, replay)
			require.Equal(t, want, got, "the server comes first")
		})
	}
}
