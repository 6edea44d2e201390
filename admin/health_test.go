package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

func TestTheClusterOfTheServerHasItsNode(t *testing.T) {
	t.Parallel()
	health, err := newClient(t, admin.Config{}).ClusterHealth(testkit.Context(t))
	require.NoError(t, err)
	require.NotEmpty(t, health.Name)
	require.NotNil(t, health.Metadata)
	require.Len(t, health.Metadata.Members, 1)
}

func TestTheVersionOfTheServerIsThatOfTheTests(t *testing.T) {
	t.Parallel()
	version, err := newClient(t, admin.Config{}).Version(testkit.Context(t))
	require.NoError(t, err)
	order, err := version.Compare(devserver.DefaultVersion)
	require.NoError(t, err)
	require.Zero(t, order)
	require.Contains(t, version.Features, "vqueues")
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server, version string
		want            int
	}{
		{"1.7.12", "1.7.12", 0},
		{"1.7.12", "1.7.2", 1},
		{"1.7.12", "1.10.0", -1},
		{"2.0.0", "1.99.99", 1},
		{"1.7.0", "1.7", 0},
		{"1.7.0-rc.1", "1.7.0", -1},
		{"1.7.0-rc.2", "1.7.0-rc.10", -1},
		{"1.7.0-dev+abc", "1.6.9", 1},
	} {
		t.Run(test.server+" and "+test.version, func(t *testing.T) {
			t.Parallel()
			got, err := admin.Version{Version: test.server}.Compare(test.version)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	for _, none := range []string{"", "latest", "1.7.x", "v1.7.0", "1.7.0\n", "1.2.3.4"} {
		t.Run("without "+none, func(t *testing.T) {
			t.Parallel()
			_, err := admin.Version{Version: "1.7.12"}.Compare(none)
			require.ErrorContains(t, err, "is not a version, such as 1.7.0")
			_, err = admin.Version{Version: none}.Compare("1.7.12")
			require.ErrorContains(t, err, "is not a version")
		})
	}
}
