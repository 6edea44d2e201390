package fxrestate_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// diary keeps events.
type diary struct {
	mu   sync.Mutex
	told []event.Event
}

func (d *diary) Observe(_ context.Context, e event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, e)
}

// events returns those that were told, without what other tests at the server cause.
func (d *diary) events() (list []event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append(list, d.told...)
}

// kinds are the names of the types of events.
func (d *diary) kinds() (list []string) {
	for _, e := range d.events() {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", e), "event.")
		if n, ok := e.(event.NotRegistered); ok {
			kind += ": " + string(n.Consequence)
		}
		list = append(list, kind)
	}
	return list
}

func TestTheLifeOfAnApplicationIsToldToObservers(t *testing.T) {
	t.Parallel()
	cfg, name := testkit.Config(), testkit.Unique("told")
	cfg.Endpoint.Addr = testkit.StableAddr(t)
	cfg.Register.Mode = deployment.Production // which registers nothing anew without a change
	live := func() *diary {
		d := &diary{}
		a := testkit.Build(t, fx.Supply(cfg), fxrestate.OnEvent(d),
			fxrestate.Service[*Idler](newIdler, fxrestate.Name(name)))
		a.RequireStart()
		a.RequireStop()
		return d
	}
	first := live()
	require.Equal(t, []string{"Serving", "Registered", "Draining", "Drained", "Stopped"}, first.kinds())
	require.Equal(t, event.Serving{Addr: cfg.Endpoint.Addr, Services: []string{name}, Handlers: []string{name + "/Hang", name + "/Rest"}}, first.events()[0])
	registered := event.Deployment(first.events()[1].(event.Registered))
	require.True(t, registered.Created)
	require.Equal(t, []string{name}, registered.Services)
	require.Equal(t, testkit.ServiceOf(t, name).DeploymentID, registered.ID)

	again := live()
	require.Equal(t, []string{"Serving", "Unchanged", "Draining", "Drained", "Stopped"}, again.kinds())
	require.Equal(t, registered.ID, again.events()[1].(event.Unchanged).ID)
}

func TestWhyAnApplicationIsNotRegisteredIsToldToObservers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg      func(*fxrestate.Config)
		required bool
		want     []string
		err      string
	}{
		"because it does not register": {
			func(cfg *fxrestate.Config) { cfg.Register = nil }, false,
			[]string{"Serving", "NotRegistered: never registers", "Draining", "Drained", "Stopped"},
			"",
		},
		"because the admin API is away": {
			func(cfg *fxrestate.Config) { cfg.Admin.URL = "http://127.0.0.1:1" }, false,
			[]string{"Serving", "RetryingRegistration", "NotRegistered: keeps trying", "Draining", "Drained", "Stopped"},
			"connection refused",
		},
		"because the admin API is away, which it requires": {
			func(cfg *fxrestate.Config) { cfg.Admin.URL = "http://127.0.0.1:1" }, true,
			[]string{"Serving", "RetryingRegistration", "NotRegistered: fails to start", "Drained", "Stopped"},
			"connection refused",
		},
		"because it is refused": {
			func(cfg *fxrestate.Config) { cfg.Admin.URL = testkit.Server().IngressURL() }, false,
			[]string{"Serving", "NotRegistered: tries later", "Draining", "Drained", "Stopped"},
			"this is the ingress of a server",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, d := lifeConfig(testkit.Server().AdminURL(), tt.required), &diary{}
			tt.cfg(&cfg)
			i := newIdle(t, cfg, fxrestate.OnEvent(d))
			err := i.Start(testkit.NearDeadline(t, 5*time.Second))
			require.Equal(t, tt.required, err != nil, err)
			if err == nil {
				i.RequireStop()
			}
			kinds := d.kinds()
			// How often a registration is tried again, and reported, depends on the time.
			kinds = slices.Compact(kinds)
			require.Equal(t, tt.want, kinds)
			for _, e := range d.events() {
				if n, ok := e.(event.NotRegistered); ok && tt.err != "" {
					require.ErrorContains(t, n.Err, tt.err)
				}
			}
		})
	}
}

// A refusal is one event and one line, and the next try is after the pause.
func TestARefusalIsLoggedOnce(t *testing.T) {
	t.Parallel()
	i := newIdle(t, lifeConfig(testkit.Server().IngressURL(), false))
	i.RequireStart()
	i.RequireStop()
	require.Len(t, i.logs.FilterMessage("registration refused; trying again later").All(), 1)
	require.Empty(t, i.logs.FilterMessage("not registered; the application serves and keeps trying").All())
	require.Equal(t, 1, i.logs.FilterLevelExact(zapcore.ErrorLevel).Len())
	require.Zero(t, i.logs.FilterLevelExact(zapcore.WarnLevel).FilterMessageSnippet("regist").Len())
}

// bell is an observer of events with a dependency.
type bell struct {
	*diary
	tone string
}

func newBell(tone string, d *diary) *bell { return &bell{d, tone} }

func TestAnObserverOfEventsIsAValueOrAConstructor(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*diary) fx.Option{
		"a value":       func(d *diary) fx.Option { return fxrestate.OnEvent(d) },
		"a function":    func(d *diary) fx.Option { return fxrestate.OnEvent(d.Observe) },
		"a constructor": func(*diary) fx.Option { return fxrestate.OnEvent(newBell) },
		"one with an error": func(*diary) fx.Option {
			return fxrestate.OnEvent(func(d *diary) (event.Observer, error) { return d, nil })
		},
		"of the graph": func(*diary) fx.Option {
			return fx.Options(fx.Provide(newBell), fxrestate.OnEvent(fxrestate.Provided[*bell]()))
		},
		"one of several":  func(*diary) fx.Option { return fx.Options(fxrestate.OnEvent(newBell), fxrestate.OnEvent(&diary{})) },
		"in an fx.Module": func(*diary) fx.Option { return fx.Module("alarm", fxrestate.OnEvent(newBell)) },
		"with a service's type": func(*diary) fx.Option {
			return fxrestate.OnEvent(func(d *diary, _ *zap.Logger) *bell { return newBell("", d) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &diary{}
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop(), local(), "tone", d), option(d))
			require.NoError(t, app.Err())
			require.NoError(t, app.Start(t.Context()))
			require.NoError(t, app.Stop(context.Background()))
			require.Equal(t, []string{"Serving", "NotRegistered: never registers", "Draining", "Drained", "Stopped"}, d.kinds())
		})
	}
}

func TestWhatIsNoObserverOfEventsIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a value of another type":       {fxrestate.OnEvent(1), "fxrestate: int (" + here() + ") is neither an observer of events nor a constructor of one; it must be a event.Observer or a function that returns one"},
		"nil":                           {fxrestate.OnEvent(nil), "is neither an observer of events nor a constructor of one"},
		"a constructor of another type": {fxrestate.OnEvent(func() int { return 1 }), "it must return a event.Observer, or one and an error"},
		"a constructor that returns nil": {
			fxrestate.OnEvent(func() *diary { return nil }), "the constructor of an observer of events (" + here() + ") returned nil",
		},
		"one that takes what starts later": {
			fxrestate.OnEvent(func(*ingress.Client) *diary { return nil }), "fxrestate: an observer of events (" + here() + "): ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := testkit.NewError(t, fx.Supply(local()), tt.option)
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("without Module", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, fx.New(fx.NopLogger, fxrestate.OnEvent(&diary{})).Err(), "OnEvent (onevent_test.go:")
	})
}

// The others are told, and the start and the stop go on.
func TestAnObserverOfEventsThatMisbehavesHoldsUpNothing(t *testing.T) {
	t.Parallel()
	const late = "observers of events do not return; they must end when their context does"
	for name, tt := range map[string]struct {
		observe func(ctx context.Context, release <-chan struct{})
		message string
		lines   int
	}{
		"panics":                       {func(context.Context, <-chan struct{}) { panic("no paper") }, "an observer of events panicked", 5},
		"ends its goroutine":           {func(context.Context, <-chan struct{}) { runtime.Goexit() }, "an observer of events called runtime.Goexit; it is told no further events", 1},
		"blocks until the end":         {func(ctx context.Context, _ <-chan struct{}) { <-ctx.Done() }, late, 0},
		"blocks until after the end":   {func(_ context.Context, release <-chan struct{}) { <-release }, late, 1},
		"is told what it has to write": {func(context.Context, <-chan struct{}) {}, late, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			d, release := &diary{}, make(chan struct{})
			var returned sync.WaitGroup
			app := fx.New(fxrestate.Module, fx.Supply(zap.New(core), local()),
				fxrestate.OnEvent(func(ctx context.Context, _ event.Event) {
					returned.Add(1)
					defer returned.Done()
					tt.observe(ctx, release)
				}),
				fxrestate.OnEvent(d))
			require.NoError(t, app.Err())
			require.NoError(t, app.Start(t.Context()))
			require.NoError(t, app.Stop(context.Background()))
			require.Equal(t, []string{"Serving", "NotRegistered: never registers", "Draining", "Drained", "Stopped"}, d.kinds())
			require.Len(t, logs.FilterMessage(tt.message).All(), tt.lines)
			close(release)
			returned.Wait()
		})
	}
}

func TestEventsForAnObserverThatIsTooSlowAreDropped(t *testing.T) {
	t.Parallel()
	const sent = 1000
	core, logs := observer.New(zapcore.DebugLevel)
	d, release := &diary{}, make(chan struct{})
	var log *slog.Logger
	app := fx.New(fxrestate.Module, fx.Supply(zap.New(core), local()), fxrestate.EventLog(&log),
		fxrestate.OnEvent(func(ctx context.Context, e event.Event) {
			<-release
			d.Observe(ctx, e)
		}))
	require.NoError(t, app.Err())
	require.NoError(t, app.Start(t.Context()))
	for range sent {
		event.Log(t.Context(), log, event.Draining{})
	}
	close(release)
	require.NoError(t, app.Stop(context.Background()))
	lines := logs.FilterMessage("an observer of events is too slow; events were dropped").All()
	require.NotEmpty(t, lines)
	dropped := int64(0)
	for _, line := range lines {
		require.Equal(t, zapcore.WarnLevel, line.Level)
		dropped += line.ContextMap()["events"].(int64)
	}
	require.EqualValues(t, sent+5, int64(len(d.events()))+dropped, "an event is told or dropped")
}

// mute has a text that cannot be read.
type mute struct{}

func (mute) Error() string { panic("no voice") }

// What an observer panics with is text of somebody else's.
func TestAPanicOfAnObserverOfEventsIsLoggedWhateverItsValue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value any
		want  string
	}{
		"a text":                       {"no paper", "no paper"},
		"an error whose method panics": {mute{}, "an error of type fxrestate_test.mute, whose method Error panicked"},
		"a value without a text":       {struct{ secret string }{"x"}, "a value of type struct { secret string }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			app := fx.New(fxrestate.Module, fx.Supply(zap.New(core), local()),
				fxrestate.OnEvent(func(context.Context, event.Event) { panic(tt.value) }))
			require.NoError(t, app.Start(t.Context()))
			require.NoError(t, app.Stop(context.Background()))
			lines := logs.FilterMessage("an observer of events panicked").All()
			require.NotEmpty(t, lines)
			require.Equal(t, tt.want, lines[0].ContextMap()["panic"])
		})
	}
}

// fx starts an application again that was stopped. The endpoint does not, which is an error.
func TestAnApplicationThatIsStartedAgainSaysSo(t *testing.T) {
	t.Parallel()
	d := &diary{}
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop(), local()), fxrestate.OnEvent(d))
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(context.Background()))
	require.ErrorContains(t, app.Start(t.Context()), "it was started before; make a new one")
}

// Invocations that are held make nobody act: they are held until those of the other interface
// have ended, at each look.
func TestAnApplicationThatHoldsInvocationsSaysSoInTheBackgroundToo(t *testing.T) {
	t.Parallel()
	name, addr, cfg := testkit.Unique("held"), testkit.StableAddr(t), testkit.Config()
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cfg.Endpoint.Addr = addr
	cfg.Register.URL = fmt.Sprintf("http://%s:%s", testkit.Server().EndpointHost(), port)
	cfg.Register.Mode = deployment.Production
	began := &Renamed{step: "print", waiting: make(chan string, 10)}
	first := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Renamed](testkit.Made(began), fxrestate.Name(name)))
	first.RequireStart()
	id := testkit.Submit(t, testkit.Path(name, "Go"), nil)
	testkit.Receive(t, began.waiting)
	first.RequireStop()

	cfg.Endpoint = endpoint.Config{Mode: endpoint.Mounted} // it registers in the background only
	cfg.Register.Required, cfg.Register.InPlace, cfg.HTTP.Addr = false, deployment.Refuse, addr
	told := make(chan event.NotRegistered, 10)
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Idler](newIdler, fxrestate.Name(name)),
		fxrestate.HTTPServer(func(e *endpoint.Endpoint) http.Handler { return e.Under("") }),
		fxrestate.OnEvent(func(_ context.Context, e event.Event) {
			if n, ok := e.(event.NotRegistered); ok {
				told <- n
			}
		}))
	require.NoError(t, a.TryStart(t))
	t.Cleanup(a.RequireStop)
	t.Cleanup(func() { require.NoError(t, testkit.Admin().KillInvocation(context.Background(), id)) })
	n := testkit.Receive(t, told)
	require.Equal(t, event.HoldsInvocations, n.Consequence, n.Err)
	var inFlight *deployment.InFlightError
	require.ErrorAs(t, n.Err, &inFlight)
	require.Empty(t, a.Logs.FilterLevelExact(zapcore.ErrorLevel).All())
}
