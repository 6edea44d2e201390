package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// DefaultNodes is the default of [ClusterConfig].Nodes: the least of which one can be lost.
const DefaultNodes = 3

// ClusterConfig says what cluster to run. The zero value is three nodes with their data in
// temporary directories.
type ClusterConfig struct {
	// Nodes is how many servers the cluster has. Each takes about 150 MB of memory. The
	// cluster works while more than half of them run. With 1 it is a server of its own.
	//
	// Default: DefaultNodes.
	Nodes int

	// Server configures each node. With Dir, the data of each is in a subdirectory,
	// "node-1" and so on. The ports must be 0: there are several. Log and Progress get
	// the lines of all nodes, one write at a time.
	Server Config
}

// A Cluster is several restate-servers on this machine that [StartCluster] runs as one. It
// is safe for concurrent use.
type Cluster struct{ nodes []*Node }

// StartCluster starts the nodes of a cluster together and waits until each is ready, as
// [Start] does. The caller must call [Cluster.Stop]. Docker cannot run a cluster of more
// than one node; each other way to find a server can.
//
// For a moment after nodes have started or were lost, calls may wait and queries of the
// admin API may fail, because partitions move between nodes.
//
// The errors are those of Start. If StartCluster returns one, nothing is left running.
func StartCluster(ctx context.Context, cfg ClusterConfig) (*Cluster, error) {
	if cfg.Nodes == 0 {
		cfg.Nodes = DefaultNodes
	}
	if cfg.Nodes < 0 {
		return nil, fmt.Errorf("devserver: ClusterConfig.Nodes is %d: want a positive number, or 0 for %d", cfg.Nodes, DefaultNodes)
	}
	if cfg.Server.IngressPort != 0 || cfg.Server.AdminPort != 0 {
		return nil, errors.New("devserver: ClusterConfig.Server has a port, and each node needs its own; leave both ports 0")
	}
	for name := range cfg.Server.Env {
		// The server ignores the case of its settings.
		if slices.Contains(ownedByCluster, strings.ToUpper(name)) {
			return nil, fmt.Errorf("devserver: ClusterConfig.Server.Env must not set %s: the cluster does", name)
		}
	}
	server, err := cfg.Server.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := find(ctx, server)
	if err != nil {
		return nil, err
	}
	if _, ok := r.(*binary); !ok && cfg.Nodes > 1 {
		return nil, fmt.Errorf("devserver: docker runs no cluster; install restate-server %s with npm, or name one with %s", r.version(), BinaryEnv)
	}
	server.Log, server.Progress = inTurn(server.Log), inTurn(server.Progress)
	for try := 1; ; try++ {
		c, err := startNodes(ctx, server, r, cfg.Nodes)
		if err == nil || !errors.Is(err, errPortTaken) || try == portTries {
			return c, err
		}
	}
}

func startNodes(ctx context.Context, cfg Config, r runner, nodes int) (*Cluster, error) {
	c, servers := &Cluster{}, make([]*Server, 0, nodes)
	stop := func(err error) error {
		for _, s := range servers {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
		return err
	}
	for i := range nodes {
		own := cfg
		if nodes > 1 {
			own.member = &member{name: fmt.Sprintf("node-%d", i+1)}
			if cfg.Dir != "" {
				own.Dir = filepath.Join(cfg.Dir, own.member.name)
			}
		}
		s, err := newServer(own, r)
		if err != nil {
			return nil, stop(err)
		}
		servers = append(servers, s)
		c.nodes = append(c.nodes, &Node{first: s, now: s})
	}
	if nodes > 1 {
		join(servers)
	}
	if err := each(servers, func(s *Server) error { return s.start(ctx) }); err != nil {
		return nil, stop(err)
	}
	return c, nil
}

// Nodes returns the nodes, of which there are [ClusterConfig].Nodes.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Node returns a node, from 0 on. It panics where there is no such node, as a slice does.
func (c *Cluster) Node(i int) *Node { return c.nodes[i] }

// Start starts the nodes that are down, together: one that has no majority to join does not
// become ready. It does nothing if all run.
func (c *Cluster) Start(ctx context.Context) error {
	return each(c.nodes, func(n *Node) error { return n.Start(ctx) })
}

// Kill kills all nodes, as a power cut would.
func (c *Cluster) Kill() error { return each(c.nodes, (*Node).Kill) }

// Stop stops all nodes, waits until they are gone, and removes temporary data. See
// [Server.Stop]. The cluster cannot be started again.
func (c *Cluster) Stop(ctx context.Context) error {
	return each(c.nodes, func(n *Node) error { return n.stop(ctx) })
}

// each runs do for all at the same time and joins the errors.
func each[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, one := range all {
		running.Go(func() { errs[i] = do(one) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// inTurn lets one write through at a time.
func inTurn(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	return &turns{w: w}
}

type turns struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *turns) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(p)
}
