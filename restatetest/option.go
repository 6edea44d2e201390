package restatetest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/runner"
)

// Option says what an application of a test runs on. It stands among the options of
// [Start] itself, and not inside of fx.Options or of an fx.Module: the server is chosen
// before the application is made.
type Option struct {
	fx.Option

	apply func(*settings)
}

// option makes an Option. Start takes it out of the list, so that fx sees it only where it
// does not belong.
func option(apply func(*settings)) Option {
	return Option{
		Option: fx.Error(errors.New("restatetest: an option of the kit stands inside of another option; list it in restatetest.Start itself")),
		apply:  apply,
	}
}

var (
	// Private gives the test a server that no other test has had or will have. Without it
	// the test may get one that others have used, and that was emptied since.
	Private = option(func(s *settings) { s.private = true })

	// AlwaysReplay has the server suspend each attempt wherever it waits, so that each
	// await is followed by a replay of all before it. A handler that is not deterministic
	// rarely survives that. Services that set an inactivity timeout of their own keep it.
	AlwaysReplay = option(func(s *settings) {
		s.replay = true
		s.set("RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT", "0s")
	})

	// NoRetries ends an invocation with the error of its first attempt, whatever the retry
	// policies of services say, so that a test sees the error at once. An attempt that is
	// cut, as by [Env.KillApp], counts too.
	NoRetries = option(func(s *settings) {
		s.noRetries = true
		s.set("RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS", "1")
		s.set("RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS", "kill")
		s.set("RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS", "1")
	})

	// InProcess runs the test without a server, in this process: the application's handlers,
	// with all that is around them, on a Restate of the kit that keeps journals, state, timers
	// and calls in memory. It starts in milliseconds. Its clock jumps to the next timer
	// whenever nothing runs, and the test waits, so that a day passes at once: see
	// [ManualClock]. The function of a step that waits keeps it from that.
	//
	// What it does with an invocation is what a server of [devserver.DefaultVersion] does,
	// which a suite of tests on both compares. It has no admin API and no SQL, no
	// deployments and versions, and no Kafka; the application does not register, and nothing
	// is kept when the test ends. A server's version and environment have no effect.
	InProcess = option(func(s *settings) { s.inProcess = true })

	// ManualClock stops the clock of [InProcess]: [Env.Advance] moves it.
	ManualClock = option(func(s *settings) { s.manualClock = true })
)

// ServerVersion chooses the version of restate-server, such as "1.7.12". Default:
// [devserver.DefaultVersion].
func ServerVersion(version string) Option {
	return option(func(s *settings) { s.version = version })
}

// ServerEnv adds variables to the environment of the server, which override those of the
// kit: see [devserver.Config].Env. Tests with the same variables share servers.
//
// Without RESTATE_INGRESS__KAFKA_CLUSTERS among them, subscriptions of fxrestate.Subscribe
// are not made.
func ServerEnv(env map[string]string) Option {
	return option(func(s *settings) {
		for name, value := range env {
			s.set(name, value)
		}
	})
}

// Cluster runs the test on a cluster of so many nodes in place of a single server: see
// [devserver.StartCluster]. [Env.KillNode] and [Env.StartNode] lose and bring back a node.
func Cluster(nodes int) Option {
	return option(func(s *settings) { s.nodes = nodes })
}

// Within bounds each thing that the test waits for, such as [Env.Eventually]. It is there to
// end a test that hangs, a minute before or so the test's own deadline. Default: 1 minute.
func Within(d time.Duration) Option {
	return option(func(s *settings) { s.within = d })
}

// wrapHandler puts a handler around the endpoint's, anew for each application that the
// environment builds. It has no effect on an endpoint that is mounted in a server of the
// application's.
func wrapHandler(wrap func(endpoint http.Handler) http.Handler) Option {
	return option(func(s *settings) { s.wrap = append(s.wrap, wrap) })
}

// settings are what the options of a test say.
type settings struct {
	private bool
	version string
	env     map[string]string
	nodes   int
	within  time.Duration

	replay, noRetries      bool
	inProcess, manualClock bool
	stubs                  map[string]runner.Stub

	wrap []func(http.Handler) http.Handler
}

// defaultWithin is the default of [Within]. A busy machine may be ten times as slow as a
// good one.
const defaultWithin = time.Minute

// serverEnv is what the servers of all tests have.
var serverEnv = map[string]string{
	"RESTATE_LOG_FILTER":             "warn",
	"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
	// An application that was killed and started again need not wait for half a second and
	// more.
	"RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL": "50ms",
	// How often what outlived its retention is removed.
	"RESTATE_WORKER__CLEANUP_INTERVAL": "1s",
	// Of registrations at the same time all but one try again to write the schemas.
	"RESTATE_METADATA_CLIENT__BACKOFF_POLICY__MAX_ATTEMPTS": "1000",
}

// divide separates the options of the kit from those of the application.
func divide(opts []fx.Option) (s settings, application []fx.Option, err error) {
	s = settings{nodes: 1, within: defaultWithin, env: maps.Clone(serverEnv)}
	for i, opt := range opts {
		switch opt := opt.(type) {
		case Option:
			if opt.apply == nil {
				return s, nil, fmt.Errorf("restatetest: option %d of Start is a zero Option; use Private, ServerEnv or another of this package", i+1)
			}
			opt.apply(&s)
		case nil:
			return s, nil, fmt.Errorf("restatetest: option %d of Start is nil; leave it out", i+1)
		default:
			application = append(application, opt)
		}
	}
	if s.nodes < 1 {
		return s, nil, fmt.Errorf("restatetest: Cluster(%d): want a positive number of nodes", s.nodes)
	}
	if !s.inProcess && (s.manualClock || len(s.stubs) > 0) {
		return s, nil, errors.New("restatetest: ManualClock and StubRemote are for InProcess; add that, or leave them out (on a server, register a service of the test in place of a stub)")
	}
	if s.inProcess && s.nodes > 1 {
		return s, nil, errors.New("restatetest: InProcess has no nodes; leave it or Cluster out")
	}
	if s.within <= 0 {
		return s, nil, fmt.Errorf("restatetest: Within(%v): want a positive duration", s.within)
	}
	return s, application, nil
}

// knowsKafka reports whether the environment of the server has clusters of Kafka, without
// which it would refuse an application that subscribes to them.
func (s *settings) knowsKafka() bool {
	for name := range s.env {
		if strings.EqualFold(name, "RESTATE_INGRESS__KAFKA_CLUSTERS") {
			return true
		}
	}
	return false
}

func (s *settings) set(name, value string) { s.env[name] = value }

// key is the same for tests that can share a server.
func (s settings) key() string {
	var key strings.Builder
	fmt.Fprintf(&key, "%s %d", s.version, s.nodes)
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		fmt.Fprintf(&key, " %s=%q", name, s.env[name])
	}
	return key.String()
}

func (s settings) cluster() devserver.ClusterConfig {
	return devserver.ClusterConfig{Nodes: s.nodes, Server: devserver.Config{Version: s.version, Env: s.env}}
}
