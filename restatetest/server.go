package restatetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/tail"
)

// server is a real restate-server, or a cluster of them, as the backend of one test at a
// time.
type server struct {
	pool    *pool
	set     settings // of the first test that used it
	cluster *devserver.Cluster
	front   *front // of a cluster; nil: the APIs are those of the only node
	admin   *admin.Client
	log     *tail.Writer
}

// newServer starts a server.
func newServer(ctx context.Context, p *pool, set settings) (*server, error) {
	s := &server{pool: p, set: set, log: &tail.Writer{}}
	cfg := set.cluster()
	cfg.Server.Log = s.log
	cfg.Server.Progress = os.Stderr // a download takes long
	var err error
	if s.cluster, err = devserver.StartCluster(ctx, cfg); err != nil {
		return nil, err
	}
	if set.nodes > 1 {
		if s.front, err = newFront(s.cluster, s.log); err != nil {
			return nil, errors.Join(err, s.stop(ctx))
		}
	}
	s.admin, err = admin.New(admin.Config{URL: s.adminURL()})
	if err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

func (s *server) stop(ctx context.Context) error {
	if s.admin != nil {
		s.admin.CloseIdleConnections()
	}
	if s.front != nil {
		s.front.close()
	}
	return s.cluster.Stop(ctx)
}

func (s *server) ingressURL() string {
	if s.front != nil {
		return s.front.ingressURL()
	}
	return s.cluster.Node(0).IngressURL()
}

func (s *server) adminURL() string {
	if s.front != nil {
		return s.front.adminURL()
	}
	return s.cluster.Node(0).AdminURL()
}

func (s *server) configure(cfg *fxrestate.Config, port int) {
	pointTo(cfg, s.ingressURL(), s.adminURL(), s.cluster.Node(0).EndpointHost(), port)
	if !s.set.knowsKafka() {
		cfg.Register.WithoutSubscriptions = true
	}
}

// serve and cut have nothing to do: the application's endpoint listens.
func (s *server) serve(http.Handler) {}
func (s *server) cut()               {}

func (s *server) started(context.Context) error { return nil }

func (s *server) await(ctx context.Context, check func() error) error { return poll(ctx, check) }

func (s *server) advance(context.Context, time.Duration) error {
	return errors.New("the clock of a server cannot be moved; add restatetest.InProcess to the options of Start")
}
func (s *server) now() time.Time { return time.Now() }

func (s *server) state(ctx context.Context, service, key string) (map[string]json.RawMessage, error) {
	return ask(ctx, s, func() (map[string]json.RawMessage, error) { return s.admin.State(ctx, service, key) })
}

// ask repeats a query to a cluster until it succeeds: for a moment after a node was lost or
// has come back, no other node knows where its partitions are.
func ask[T any](ctx context.Context, s *server, query func() (T, error)) (found T, err error) {
	if s.nodes() == 1 {
		return query()
	}
	err = poll(ctx, func() (err error) {
		found, err = query()
		return err
	})
	return found, err
}

func (s *server) setState(ctx context.Context, service, key string, state map[string]json.RawMessage) error {
	if err := s.admin.ModifyState(ctx, service, key, admin.ModifyStateRequest{State: state}); err != nil {
		return err
	}
	// The server has accepted it, and applies it in turn with the invocations of the key.
	return poll(ctx, func() error {
		now, err := s.state(ctx, service, key)
		if err != nil {
			return err
		}
		return sameState(service, key, now, state)
	})
}

// sameState says that a state is not yet what it is to be.
func sameState(service, key string, now, want map[string]json.RawMessage) error {
	if !maps.EqualFunc(now, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		return fmt.Errorf("the state of %s/%s has not changed yet; an invocation of the key may hold it", service, key)
	}
	return nil
}

func (s *server) invocations(ctx context.Context, filter admin.InvocationFilter) ([]admin.Invocation, error) {
	return ask(ctx, s, func() ([]admin.Invocation, error) { return s.admin.Invocations(ctx, filter) })
}

func (s *server) change(ctx context.Context, id string, v verb) error {
	switch v {
	case verbCancel:
		return s.admin.CancelInvocation(ctx, id)
	case verbKill:
		return s.admin.KillInvocation(ctx, id)
	case verbPause:
		return s.admin.PauseInvocation(ctx, id)
	case verbResume:
		return s.admin.ResumeInvocation(ctx, id, admin.ResumeOnPinned)
	case verbPurge:
		return s.admin.PurgeInvocation(ctx, id)
	default:
		return fmt.Errorf("unknown verb %q", v)
	}
}

func (s *server) nodes() int { return len(s.cluster.Nodes()) }

func (s *server) killNode(i int) error {
	if i < 0 || i >= s.nodes() {
		return errNoSuchNode
	}
	return s.cluster.Node(i).Kill()
}

func (s *server) startNode(ctx context.Context, i int) error {
	if i < 0 || i >= s.nodes() {
		return errNoSuchNode
	}
	return s.cluster.Node(i).Start(ctx)
}

func (s *server) startAll(ctx context.Context) error { return s.cluster.Start(ctx) }

func (s *server) running() bool {
	return !slices.ContainsFunc(s.cluster.Nodes(), func(n *devserver.Node) bool { return !n.Running() })
}

// logs is what the server wrote since the test began.
func (s *server) logs() string {
	var errs []string
	for _, n := range s.cluster.Nodes() {
		if err := n.Err(); err != nil {
			errs = append(errs, err.Error())
		}
	}
	return s.log.String() + strings.Join(errs, "\n")
}

// release empties the server for the next test. One that cannot be emptied is stopped.
func (s *server) release(ctx context.Context) error {
	if s.set.private || !s.running() || s.empty(ctx) != nil {
		s.pool.forget(s)
		return s.stop(context.WithoutCancel(ctx))
	}
	s.log.Reset()
	s.pool.give(s)
	return nil
}
