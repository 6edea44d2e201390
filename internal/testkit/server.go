package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
)

// ServerEnv adds variables to the environment of the package's server. They are asked
// for before the tests; the directory is there until these have ended.
func ServerEnv(env func(dir string) (map[string]string, error)) Option {
	return func(s *suite) { s.serverEnv = env }
}

// Services serves what is on the package's server from its start to its stop.
func Services(serve func(*devserver.Server) (stop func(), err error)) Option {
	return func(s *suite) { s.services = serve }
}

// Server returns the restate-server that all tests of a package share. It is started
// when the first test asks for it. Each test registers services of its own.
func Server() *devserver.Server { return started().server }

// Admin returns the client of the admin API of [Server].
func Admin() *admin.Client { return started().admin }

// ServerConfig is the configuration of every server in the tests.
func ServerConfig() devserver.Config {
	cfg := devserver.Config{Progress: os.Stderr, Env: map[string]string{
		"RESTATE_LOG_FILTER":             "warn",
		"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
		// How often what outlived its retention is removed.
		"RESTATE_WORKER__CLEANUP_INTERVAL": "100ms",
		// Of registrations at the same time all but one try again to write the schemas, by
		// default ten times, which is too little for many on a busy machine.
		"RESTATE_METADATA_CLIENT__BACKOFF_POLICY__MAX_ATTEMPTS": "1000",
	}}
	if AlwaysReplay() {
		return AlwaysReplaying(cfg)
	}
	return cfg
}

// AlwaysReplaying changes a configuration so that the server suspends an attempt
// wherever it waits, and every step is replayed.
func AlwaysReplaying(cfg devserver.Config) devserver.Config {
	cfg.Env = maps.Clone(cfg.Env)
	cfg.Env["RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"] = "0s"
	return cfg
}

// StartServer starts a server for one test, which is stopped with it.
func StartServer(t testing.TB, cfg devserver.Config) *devserver.Server {
	t.Helper()
	s, err := devserver.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

// CompileCore compiles the SDK's core, once for the process. With the race detector
// on this takes longer than fx gives an application to start.
var CompileCore = sync.OnceValue(func() error {
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil)
	if err != nil {
		return err
	}
	return e.WarmUp(context.Background())
})

// running is the server of a package, if a test asked for one.
type running struct {
	env          map[string]string // more than all servers have
	dir          string
	server       *devserver.Server
	admin        *admin.Client
	log          bytes.Buffer // to be read after its end
	stopServices func()
}

var started = sync.OnceValue(func() *running {
	r := &current.server
	if err := r.start(current.services); err != nil {
		panic(err)
	}
	return r
})

// prepare asks for the environment of the server.
func (r *running) prepare(env func(dir string) (map[string]string, error)) (err error) {
	if env == nil {
		return nil
	}
	if r.dir, err = os.MkdirTemp("", "fxrestate-test"); err == nil {
		r.env, err = env(r.dir)
	}
	return err
}

func (r *running) start(services func(*devserver.Server) (stop func(), err error)) (err error) {
	cfg := ServerConfig()
	cfg.Log = &r.log
	maps.Copy(cfg.Env, r.env)
	if r.server, err = devserver.Start(context.Background(), cfg); err != nil {
		return err
	}
	if services != nil {
		if r.stopServices, err = services(r.server); err != nil {
			return err
		}
	}
	r.admin, err = admin.New(admin.Config{URL: r.server.AdminURL()})
	return err
}

func (r *running) stop() error {
	removed := os.RemoveAll(r.dir)
	if r.server == nil {
		return removed
	}
	if r.admin != nil {
		r.admin.CloseIdleConnections()
	}
	if r.stopServices != nil {
		r.stopServices()
	}
	err := errors.Join(removed, r.server.Stop(context.Background()))
	if current.replayToo {
		err = errors.Join(err, checkLog(r.log.String()))
	}
	return err
}

// checkLog looks for what no test sees and none may cause: a journal that a replay
// does not match (RT0016), and an attempt that goes on after its suspension (598).
func checkLog(log string) error {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "RT0016") || strings.Contains(line, "State machine was closed") {
			return fmt.Errorf("in the log of the server: %s", line)
		}
	}
	return nil
}
