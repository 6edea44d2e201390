package devserver

import (
	"context"
	"errors"
	"sync"
)

// A Node is a server of a [Cluster]. Its URLs and its data stay the same when it is killed
// and started again. It is safe for concurrent use.
type Node struct {
	first *Server // has the temporary directory

	changing sync.Mutex // held by Start, Kill and stop

	mu      sync.Mutex
	now     *Server
	stopped bool
}

// Start starts the node after [Node.Kill] or after its process has ended, and waits until
// it is ready. It does nothing if the node runs. Where more than half of the nodes are
// down, use [Cluster.Start]. The errors are those of the function Start.
func (n *Node) Start(ctx context.Context) error {
	n.changing.Lock()
	defer n.changing.Unlock()
	if n.Running() {
		return nil
	}
	last := n.server()
	if n.stopped {
		return errors.New("devserver: the cluster was stopped; start another")
	}
	s, err := Start(ctx, last.Config())
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = s
	return nil
}

// Kill ends the node with SIGKILL and waits until it is gone: see [Server.Kill]. It does
// nothing if the node is down.
func (n *Node) Kill() error {
	n.changing.Lock()
	defer n.changing.Unlock()
	return n.server().Kill()
}

func (n *Node) stop(ctx context.Context) error {
	n.changing.Lock()
	defer n.changing.Unlock()
	n.stopped = true
	return errors.Join(n.server().Stop(ctx), n.first.Stop(ctx))
}

// Running reports whether the node's process runs.
func (n *Node) Running() bool {
	select {
	case <-n.server().Done():
		return false
	default:
		return true
	}
}

// IngressURL returns the base URL of the node's ingress.
func (n *Node) IngressURL() string { return n.first.IngressURL() }

// AdminURL returns the base URL of the node's admin API.
func (n *Node) AdminURL() string { return n.first.AdminURL() }

// EndpointHost returns the host under which the node reaches this machine: see
// [Server.EndpointHost].
func (n *Node) EndpointHost() string { return n.first.EndpointHost() }

// Version returns the version of the node's server.
func (n *Node) Version() string { return n.first.Version() }

// LogTail returns the end of the log since the node was last started, at most 64 KiB.
func (n *Node) LogTail() string { return n.server().LogTail() }

// Err says how the process ended if nobody killed or stopped it: see [Server.Err].
func (n *Node) Err() error { return n.server().Err() }

func (n *Node) server() *Server {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}
