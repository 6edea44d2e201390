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
	t.Run("holding streams open", func(t *testing.T) { compareAll(t, false) })
	t.Run("always replaying", func(t *testing.T) { compareAll(t, true) })
}

// compareAll runs the scenarios, on one server for all and on a runner for each, so that the
// clock of one scenario does not jump for another.
func compareAll(t *testing.T, replay bool) {
	t.Parallel()
	server := start(t, replay)
	all := scenarios()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Log("on the server")
			want := runOn(t, server.With(t), name, all[name], replay)
			t.Log("in process")
			got := runOn(t, start(t, replay, restatetest.InProcess), name, all[name], replay)
			require.Equal(t, want, got, "the server comes first")
		})
	}
}

func start(t *testing.T, replay bool, opts ...fx.Option) *restatetest.Env {
	t.Helper()
	if replay {
		opts = append(opts, restatetest.AlwaysReplay)
	}
	return restatetest.Start(t, append(opts, application())...)
}
