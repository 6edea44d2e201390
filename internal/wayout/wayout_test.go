package wayout_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/wayout"
)

func TestEachWayOutEndsWithOneCommand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of   admin.Invocation
		verb string
	}{
		"paused":                          {admin.Invocation{Status: admin.StatusPaused}, "resume"},
		"paused, and nobody answered":     {admin.Invocation{Status: admin.StatusPaused, DeploymentID: "dp_1", LastFailureCode: wayout.Unreachable}, "resume"},
		"retried":                         {admin.Invocation{Status: admin.StatusBackingOff}, "cancel"},
		"retried, with other code":        {admin.Invocation{Status: admin.StatusBackingOff, DeploymentID: "dp_1", LastFailureCode: wayout.Mismatch}, "kill"},
		"retried, with the latest code":   {admin.Invocation{Status: admin.StatusBackingOff, DeploymentID: admin.NotBound, LastFailureCode: wayout.Mismatch}, "cancel"},
		"retried, and nobody answered":    {admin.Invocation{Status: admin.StatusBackingOff, DeploymentID: "dp_1", LastFailureCode: wayout.Unreachable}, "kill"},
		"paused, and bound to no version": {admin.Invocation{Status: admin.StatusPaused, DeploymentID: admin.NotBound, LastFailureCode: wayout.Unreachable}, "resume"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.of.ID = "inv_1"
			way := wayout.Of(test.of)
			what, command := wayout.Split(way)
			require.Equal(t, "fxrestate invocations "+test.verb+" inv_1", command)
			require.Equal(t, way, what+command)
			require.True(t, strings.HasSuffix(what, ": "), what)
		})
	}
	what, command := wayout.Split("nothing can be done")
	require.Equal(t, "nothing can be done", what)
	require.Empty(t, command)
}
