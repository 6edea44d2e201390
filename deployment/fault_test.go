package deployment_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// outcome is what becomes of a registration when a step of it fails.
type outcome string

const (
	refused outcome = "refused at once"
	retried outcome = "retried"
	goesOn  outcome = "goes on without the step"
	ended   outcome = "ended by the context"
)

// fault is what an admin API, or what is in front of it, does instead of answering.
type fault struct {
	name    string
	outcome outcome
	// want is in the error of a registration that is refused.
	want    string
	respond func(w http.ResponseWriter)
}

func answers(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if status/100 == 3 {
			w.Header().Set("Location", "https://login.example/")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// breaks closes the connection after it has written something.
func breaks(after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte(after))
			_ = conn.Close()
		}
	}
}

const slow = "slow beyond the context"

var faults = []fault{
	{"401", refused, "check the admin API's auth token", answers(401, "who are you?")},
	{"403", refused, "check the admin API's auth token", answers(403, "not you")},
	{"404", refused, "may not be an admin API", answers(404, "no such page")},
	{"409", refused, "status 409", answers(409, `{"message":"conflict","restate_code":null}`)},
	{"a redirect", refused, "use the address that responds without a redirect", answers(302, "")},
	{"no JSON", refused, "does the URL lead to one?", answers(200, "pardon?")},
	{"half of the JSON", refused, "does the URL lead to one?", answers(200, `{"deployments":[{"id":"dp_1"`)},
	{"HTML with 200", refused, "does the URL lead to one?", answers(200, "<html><body>Sign in</body></html>")},
	{"500", retried, "", answers(500, "oops")},
	{"503", retried, "", answers(503, "later")},
	{"a connection that is gone", retried, "", breaks("")},
	{"a connection that is gone in the middle", retried, "", breaks("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"deployments\":[")},
	{slow, ended, "", nil},
}

// garbage overrides the outcome of what cannot be read and does not get better.
func garbage(o outcome) map[string]outcome {
	return map[string]outcome{"no JSON": o, "half of the JSON": o, "HTML with 200": o, "500": o}
}

// all overrides the outcome of all faults.
func all(o outcome) map[string]outcome {
	out := map[string]outcome{}
	for _, f := range faults {
		out[f.name] = o
	}
	out[slow] = ended
	return out
}

func isRegistration(call adminCall) bool {
	return call.line == "POST /deployments" && !strings.Contains(call.body, `"dry_run":true`)
}

// waiting is a service with a handler that waits for good, and more handlers.
func waiting(name string, handlers ...string) restate.ServiceDefinition {
	def := restate.NewService(name).Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
		// The server pins an invocation with its first command.
		if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("begin")); err != nil {
			return restate.Void{}, err
		}
		_, err := restate.Awakeable[string](ctx).Result()
		return restate.Void{}, err
	}))
	for _, h := range handlers {
		def.Handler(h, restate.NewServiceHandler(echo))
	}
	return def
}

// beginWaiting starts an invocation of a waiting service and returns its id.
func beginWaiting(t testing.TB, name string) string {
	t.Helper()
	id := testkit.Submit(t, testkit.Path(name, "Wait"), nil)
	testkit.AwaitEntry(t, testkit.Admin(), id, "Run begin")
	return id
}

// Each step of a registration fails in each way. A step that is refused writes nothing:
// the deployment from before stays.
func TestEachStepThatFails(t *testing.T) {
	t.Parallel()
	is := func(line string) func(adminCall, bool) bool {
		return func(call adminCall, _ bool) bool { return strings.HasPrefix(call.line, line) }
	}
	list := func(afterPost bool) func(adminCall, bool) bool {
		return func(call adminCall, posted bool) bool { return call.line == "GET /deployments" && posted == afterPost }
	}
	dry := func(call adminCall, _ bool) bool {
		return call.line == "POST /deployments" && !isRegistration(call)
	}
	post := func(call adminCall, _ bool) bool { return isRegistration(call) }
	production := deployment.Config{Mode: deployment.Production, InPlace: deployment.WaitDrained}
	proceed := deployment.Config{Mode: deployment.Production, InPlace: deployment.Proceed}
	pause := deployment.Config{Mode: deployment.Production, InPlace: deployment.PauseAndList}
	careful := deployment.Config{InPlace: deployment.Refuse}
	move := deployment.Config{Mode: deployment.Production, MoveStranded: true}
	for _, step := range []struct {
		name string
		cfg  deployment.Config
		// is reports whether a call is the step; posted, whether a registration came before.
		is  func(call adminCall, posted bool) bool
		but map[string]outcome
	}{
		{"look", production, list(false), nil},
		{"compare: dry run", production, dry, nil},
		{"compare: read a deployment", production, is("GET /deployments/dp_"), nil},
		{"admit: count what is in flight", production, is("POST /query"), nil},
		{"admit: count what is in flight, to proceed anyhow", proceed, is("POST /query"), garbage(goesOn)},
		{"admit: pause", pause, is("PATCH /invocations/"), map[string]outcome{
			// It has ended, or cannot be paused now.
			"404": goesOn, "409": goesOn,
			// An answer has no content, so what became of it is looked at.
			"no JSON": "", "half of the JSON": "", "HTML with 200": goesOn,
		}},
		{"act: register", production, post, nil},
		{"act: read what is stored", production, func(call adminCall, posted bool) bool {
			return posted && strings.HasPrefix(call.line, "GET /deployments/dp_")
		}, nil},
		{"read back", production, list(true), nil},
		{"development: look", deployment.Config{}, list(false), map[string]outcome{"no JSON": goesOn, "half of the JSON": goesOn, "HTML with 200": goesOn}},
		{"development with a policy: look", careful, list(false), nil},
		{"development: dry run", deployment.Config{}, dry, garbage(goesOn)},
		{"development: read a deployment", deployment.Config{}, is("GET /deployments/dp_"), garbage(goesOn)},
		{"development: count what is in flight", deployment.Config{}, is("POST /query"), garbage(goesOn)},
		{"development: register", deployment.Config{}, post, nil},
		{"move: count what is in flight at other ports", move, is("POST /query"), all(goesOn)},
		{"move", move, is("PATCH /deployments/dp_"), nil},
	} {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			scene := replacing
			if step.cfg.MoveStranded {
				scene = stranding
			}
			cfg, prepare, restore := scene(t, step.cfg)
			for _, f := range faults {
				want := f.outcome
				if o, ok := step.but[f.name]; ok {
					want = o
				}
				if want == "" {
					continue
				}
				t.Run(f.name+" is "+string(want), func(t *testing.T) {
					at := prepare(t)
					ctx, cancel := context.WithCancel(testkit.Context(t))
					defer cancel()
					s := &faultyStep{is: step.is, fault: f, cancel: cancel, released: make(chan struct{})}
					defer close(s.released)
					gate := newGateway(t, s.intercept)
					registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(ctx, at)
					times, written := s.seen()
					require.Positive(t, times, "the step was not reached")
					switch want {
					case refused:
						require.ErrorContains(t, err, f.want)
						require.ErrorContains(t, err, gate.url+"/")
						require.ErrorContains(t, err, "1 attempt in")
						require.Equal(t, 1, times)
					case ended:
						var unfinished *deployment.UnfinishedError
						require.ErrorAs(t, err, &unfinished)
						require.ErrorContains(t, err, gate.url+"/")
						require.ErrorIs(t, err, context.Canceled)
					case retried:
						require.NoError(t, err)
						require.Greater(t, times, 1)
						require.NotEmpty(t, registration.DeploymentID)
					case goesOn:
						require.NoError(t, err)
						require.NotEmpty(t, registration.DeploymentID)
					}
					if err != nil && step.name != "read back" && step.name != "act: read what is stored" {
						require.Zero(t, written, "a step before the registration writes nothing")
					}
					if written > 0 {
						restore(t)
					}
				})
			}
		})
	}
}

// faultyStep fails the first call of a step.
type faultyStep struct {
	is       func(call adminCall, posted bool) bool
	fault    fault
	cancel   func()
	released chan struct{}

	mu     sync.Mutex
	posted bool
	times  int
	// written is how many calls changed a deployment.
	written int
}

func (s *faultyStep) intercept(w http.ResponseWriter, call adminCall) bool {
	s.mu.Lock()
	this := s.is(call, s.posted)
	s.posted = s.posted || isRegistration(call)
	if this {
		s.times++
	}
	fails := this && s.times == 1
	if !fails && (isRegistration(call) || strings.HasPrefix(call.line, "PATCH /deployments/")) {
		s.written++
	}
	s.mu.Unlock()
	switch {
	case !fails:
		return false
	case s.fault.respond != nil:
		s.fault.respond(w)
	default:
		s.cancel()
		<-s.released
	}
	return true
}

func (s *faultyStep) seen() (times, written int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.times, s.written
}

// replacing is an endpoint whose interface changes at its URL.
func replacing(t *testing.T, cfg deployment.Config) (_ deployment.Config, prepare func(testing.TB) deployment.Endpoint, restore func(testing.TB)) {
	name := testkit.Unique("Faulty")
	app := serve(t, waiting(name))
	cfg.URL, cfg.Application = fixed(app), name
	restore = func(t testing.TB) {
		app.deploy(t, waiting(name))
		register(t, deployment.Config{URL: cfg.URL, Application: name}, app.at())
	}
	restore(t)
	return cfg, func(t testing.TB) deployment.Endpoint {
		if cfg.InPlace == deployment.PauseAndList {
			beginWaiting(t, name)
		}
		app.deploy(t, waiting(name, "Added"))
		return app.at()
	}, restore
}

// stranding is an endpoint that comes back on another port, while invocations are in
// flight.
func stranding(t *testing.T, cfg deployment.Config) (_ deployment.Config, prepare func(testing.TB) deployment.Endpoint, restore func(testing.TB)) {
	name := testkit.Unique("Moving")
	cfg.URL, cfg.Application = "http://"+testkit.Server().EndpointHost()+":{{port}}/"+name, name
	app := serve(t, waiting(name))
	register(t, cfg, app.at())
	beginWaiting(t, name)
	restore = func(testing.TB) { // beyond the end of a row
		app.stop()
		app = serve(t, waiting(name))
	}
	restore(t)
	return cfg, func(testing.TB) deployment.Endpoint { return app.at() }, restore
}
