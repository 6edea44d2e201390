package devserver_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// startCluster starts a cluster that is stopped with the test.
func startCluster(t *testing.T, cfg devserver.ClusterConfig) *devserver.Cluster {
	t.Helper()
	if cfg.Server.Env == nil {
		cfg.Server.Env = fewPartitions
	}
	c, err := devserver.StartCluster(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop(context.Background())) })
	return c
}

// healthy waits until a node answers: partitions still move for a moment after a start.
func healthy(t *testing.T, n *devserver.Node) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		status, body := get(t, n.AdminURL()+"/query", `{"query":"SELECT COUNT(*) FROM sys_inbox"}`)
		assert.Equal(c, http.StatusOK, status, body)
	}, time.Minute, 50*time.Millisecond)
	status, body := get(t, n.IngressURL()+"/restate/health")
	require.Equal(t, http.StatusOK, status, body)
}

func TestClusterOfThreeNodes(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer // would race if the nodes wrote at the same time
	c := startCluster(t, devserver.ClusterConfig{Server: devserver.Config{Log: &log}})
	require.Len(t, c.Nodes(), devserver.DefaultNodes)
	urls := map[string]bool{}
	for _, n := range c.Nodes() {
		healthy(t, n)
		urls[n.IngressURL()], urls[n.AdminURL()] = true, true
		require.True(t, n.Running())
		require.Equal(t, devserver.DefaultVersion, n.Version())
		require.Equal(t, "127.0.0.1", n.EndpointHost())
		require.Contains(t, n.LogTail(), "Starting Restate Server")
	}
	require.Len(t, urls, 6, "each has addresses of its own")

	lost := c.Node(0)
	require.NoError(t, lost.Kill())
	require.NoError(t, lost.Kill(), "a second time does nothing")
	require.False(t, lost.Running())
	require.NoError(t, lost.Err())
	status, body := get(t, c.Node(1).AdminURL()+"/cluster-health")
	require.Equal(t, http.StatusOK, status, body)

	require.NoError(t, lost.Start(t.Context()))
	require.NoError(t, lost.Start(t.Context()), "a second time does nothing")
	require.True(t, lost.Running())
	healthy(t, lost)

	require.NoError(t, c.Kill())
	for _, n := range c.Nodes() {
		require.False(t, n.Running())
	}
	require.NoError(t, c.Start(t.Context()))
	for _, n := range c.Nodes() {
		healthy(t, n)
	}
}

func TestClusterOfOneNodeIsAServer(t *testing.T) {
	t.Parallel()
	c := startCluster(t, devserver.ClusterConfig{Nodes: 1})
	healthy(t, c.Node(0))
	require.NoError(t, c.Kill())
	require.NoError(t, c.Node(0).Start(t.Context()))
	healthy(t, c.Node(0))
}

func TestClusterKeepsItsDataWhereItIsAskedTo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	c, err := devserver.StartCluster(t.Context(), devserver.ClusterConfig{Nodes: 2, Server: devserver.Config{Dir: dir, Env: fewPartitions}})
	require.NoError(t, err)
	require.NoError(t, c.Stop(t.Context()))
	for _, node := range []string{"node-1", "node-2"} {
		require.DirExists(t, filepath.Join(dir, node, node))
	}
}

func TestClusterLeavesNothingBehind(t *testing.T) {
	tmp := t.TempDir()
	binary := realServer(t)
	t.Setenv("TMPDIR", tmp)
	c, err := devserver.StartCluster(t.Context(), devserver.ClusterConfig{Nodes: 3, Server: devserver.Config{Binary: binary, Env: fewPartitions}})
	require.NoError(t, err)
	require.NoError(t, c.Node(1).Kill())
	require.NoError(t, c.Node(1).Start(t.Context()))
	require.NoError(t, c.Node(2).Kill())
	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, c.Stop(t.Context()), "a second time does nothing")
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorContains(t, c.Start(t.Context()), "the cluster was stopped; start another")
}

func TestClusterConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg  devserver.ClusterConfig
		want string
	}{
		"a negative number": {devserver.ClusterConfig{Nodes: -1}, "devserver: ClusterConfig.Nodes is -1: want a positive number, or 0 for 3"},
		"a port":            {devserver.ClusterConfig{Server: devserver.Config{AdminPort: 9070}}, "devserver: ClusterConfig.Server has a port, and each node needs its own; leave both ports 0"},
		"a setting of ours": {
			devserver.ClusterConfig{Server: devserver.Config{Env: map[string]string{"restate_cluster_name": "x"}}},
			"devserver: ClusterConfig.Server.Env must not set restate_cluster_name: the cluster does",
		},
		"a server's field": {devserver.ClusterConfig{Server: devserver.Config{Version: "1"}}, `devserver: Config.Version "1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := devserver.StartCluster(t.Context(), tt.cfg)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
