package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httpguard"
)

// PipeDoor is a guard that can be closed while invocations are under way.
type PipeDoor struct {
	closed atomic.Bool
	asked  atomic.Int32
}

func (d *PipeDoor) Allow(context.Context, *pipeline.Invocation) (bool, error) {
	d.asked.Add(1)
	return !d.closed.Load(), nil
}

// PipeDurableDoor reads the door in a durable step.
type PipeDurableDoor struct {
	door *PipeDoor
	runs atomic.Int32
}

func (d *PipeDurableDoor) Allow(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
	d.runs.Add(1)
	return restate.Run(ctx, func(restate.RunContext) (bool, error) {
		d.door.asked.Add(1)
		return !d.door.closed.Load(), nil
	}, restate.WithName("door"))
}

// PipeRoom fails once, after a step or at once, and lets the world change between.
type PipeRoom struct {
	between func()
	tries   atomic.Int32
}

func (r *PipeRoom) AfterStep(ctx restate.Context) (string, error) {
	if _, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "done", nil }); err != nil {
		return "", err
	}
	return r.AtOnce(ctx)
}

func (r *PipeRoom) AtOnce(restate.Context) (string, error) {
	if r.tries.Add(1) == 1 {
		r.between()
		return "", errors.New("once")
	}
	return "in", nil
}

func TestGuardDecidesOnceWhateverTheWorldDoes(t *testing.T) {
	t.Parallel()
	door, name := &PipeDoor{}, testkit.Unique("pipe-door")
	testkit.Start(t, fxrestate.Service[*PipeRoom](testkit.Made(&PipeRoom{between: func() { door.closed.Store(true) }}),
		fxrestate.Name(name), testkit.RetrySoon(), fxrestate.Guards(door)))
	require.Equal(t, "in", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "AfterStep"), nil)))
	require.EqualValues(t, 1, door.asked.Load(), "it is not asked once something was journaled")

	refused := testkit.Post(t, testkit.Path(name, "AfterStep"), nil)
	require.Equal(t, http.StatusForbidden, refused.Status)
	require.Equal(t, "Forbidden", testkit.Failed(t, refused).Message)
	require.EqualValues(t, 2, door.asked.Load(), "a new invocation asks, and is not retried")
}

func TestGuardIsAskedAgainWhenNothingWasJournaled(t *testing.T) {
	t.Parallel()
	door, name := &PipeDoor{}, testkit.Unique("pipe-door")
	testkit.Start(t, fxrestate.Service[*PipeRoom](testkit.Made(&PipeRoom{between: func() { door.closed.Store(true) }}),
		fxrestate.Name(name), testkit.RetrySoon(), fxrestate.Guards(door)))
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "AtOnce"), nil).Status)
	require.EqualValues(t, 2, door.asked.Load())
}

func TestDurableGuardIsReplayedWithItsAnswer(t *testing.T) {
	t.Parallel()
	door, name := &PipeDoor{}, testkit.Unique("pipe-door")
	durable, plain := &PipeDurableDoor{door: door}, &PipeDoor{}
	testkit.Start(t, fxrestate.Service[*PipeRoom](testkit.Made(&PipeRoom{between: func() { door.closed.Store(true) }}),
		fxrestate.Name(name), testkit.RetrySoon(), fxrestate.Guards(pipeline.Durable(durable), plain)))
	a := testkit.Post(t, testkit.Path(name, "AtOnce"), nil)
	require.Equal(t, "in", testkit.Decode[string](t, a))
	require.EqualValues(t, 1, door.asked.Load(), "what it journaled is replayed")
	require.GreaterOrEqual(t, durable.runs.Load(), int32(2), "it runs like handler code")
	require.Positive(t, plain.asked.Load(), "a plain guard behind it is asked too")
	require.Contains(t, testkit.Journal(t, a.Header.Get("X-Restate-Id")), "Run door")

	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "AtOnce"), nil).Status)
}

func TestGuardAnswersForItself(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(try int32) (bool, error)
		status int
		tries  int32
	}{
		"a refusal":    {func(int32) (bool, error) { return false, nil }, http.StatusForbidden, 1},
		"an own error": {func(int32) (bool, error) { return false, restate.TerminalErrorf("pay first") }, http.StatusInternalServerError, 1},
		"an own code": {func(int32) (bool, error) {
			return false, restate.ToTerminalError(errors.New("pay first"), restate.WithErrorCode(402))
		}, 402, 1},
		"a wrapped code": {func(int32) (bool, error) {
			return false, fmt.Errorf("till: %w", restate.ToTerminalError(errors.New("pay"), restate.WithErrorCode(402)))
		}, 402, 1},
		"an error and true": {func(int32) (bool, error) {
			return true, restate.ToTerminalError(errors.New("pay"), restate.WithErrorCode(402))
		}, 402, 1},
		"an outage": {func(try int32) (bool, error) {
			if try < 3 {
				return false, errors.New("the directory is down")
			}
			return true, nil
		}, http.StatusOK, 3},
		"a panic": {func(try int32) (bool, error) {
			if try < 3 {
				panic("nobody at the door")
			}
			return true, nil
		}, http.StatusOK, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			service := testkit.Unique("pipe-answer")
			a := testkit.Start(t, fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(service), testkit.RetrySoon(),
				fxrestate.Guards(func(context.Context, *pipeline.Invocation) (bool, error) { return tt.answer(tries.Add(1)) })))
			require.Equal(t, tt.status, testkit.Post(t, testkit.Path(service, "Echo"), "x").Status)
			require.Equal(t, tt.tries, tries.Load())
			if name == "a panic" {
				require.Len(t, a.Lines("handler panicked"), 2, "each panic is logged")
			}
		})
	}
}

func TestGuardsAndFiltersHaveNoDurableOperations(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("pipe-stage")
	seen := make(chan error, 100)
	type child struct{}
	look := func(ctx context.Context) {
		_, err := durable.FromContext(context.WithValue(ctx, child{}, 1))
		seen <- err
		if _, is := ctx.(restate.Context); is {
			seen <- errors.New("its context is one of Restate")
		}
	}
	testkit.Start(t, fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name(name),
		fxrestate.Guards(func(ctx context.Context, _ *pipeline.Invocation) (bool, error) { look(ctx); return true, nil }),
		fxrestate.Filters(func(ctx context.Context, _ *pipeline.Invocation, err error) error {
			look(ctx)
			return restate.ToTerminalError(err, restate.WithErrorCode(418))
		})))
	require.Equal(t, 418, testkit.Post(t, testkit.Path(name, "Pay"), 13).Status)
	for _, stage := range []string{"guard", "filter"} {
		t.Run(stage, func(t *testing.T) {
			err := testkit.Receive(t, seen, stage)
			require.ErrorIs(t, err, durable.ErrInsideStage)
			require.ErrorContains(t, err, "in a "+stage)
		})
	}
	require.Empty(t, seen)
}

func TestGuardIsAskedAfterACancellationOfWhatItNeverLetIn(t *testing.T) {
	t.Parallel()
	var asked, down atomic.Int32
	down.Store(1)
	room, name := &PipeRoom{between: func() {}}, testkit.Unique("pipe-cancelled")
	testkit.Start(t, fxrestate.Service[*PipeRoom](testkit.Made(room), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(300*time.Millisecond), restate.WithRetryIntervalFactor(1)),
		fxrestate.Guards(func(context.Context, *pipeline.Invocation) (bool, error) {
			asked.Add(1)
			if down.Load() > 0 {
				return false, errors.New("the directory is down")
			}
			return false, nil
		})))
	id := testkit.Submit(t, testkit.Path(name, "AtOnce"), nil)
	testkit.AwaitStatus(t, id, "backing-off")
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id)) // which is in the journal then
	down.Store(0)
	require.Contains(t, []int{http.StatusForbidden, http.StatusConflict}, testkit.Attach(t, id).Status)
	require.Zero(t, room.tries.Load(), "the handler must not run")
	require.GreaterOrEqual(t, asked.Load(), int32(2))
}

// PipeTenant is made once for each attempt.
type PipeTenant struct{ name string }

// PipeTenancy has a tenant, which its guard asks for first.
type PipeTenancy struct {
	tenant  durable.PerInvocation[*PipeTenant]
	durable durable.PerInvocation[*PipeDep]
}

func NewPipeTenancy(t durable.PerInvocation[*PipeTenant], d durable.PerInvocation[*PipeDep]) *PipeTenancy {
	return &PipeTenancy{t, d}
}

func (s *PipeTenancy) Name(ctx restate.Context) (string, error) {
	tenant, err := s.tenant.Get(ctx)
	if err != nil {
		return "", err
	}
	dep, err := s.durable.Get(ctx)
	if err != nil {
		return "", err
	}
	return tenant.name + " " + dep.name, nil
}

func TestGuardUsesWhatIsMadePerInvocation(t *testing.T) {
	t.Parallel()
	var madeTenants atomic.Int32
	name := testkit.Unique("pipe-tenant")
	testkit.Start(t,
		fxrestate.PerInvocation[*PipeTenant](func(context.Context) *PipeTenant {
			return &PipeTenant{fmt.Sprint("tenant ", madeTenants.Add(1))}
		}),
		fxrestate.PerInvocation[*PipeDep](func(ctx restate.Context) (*PipeDep, error) {
			n, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "durable", nil })
			return &PipeDep{n}, err
		}),
		fxrestate.Service[*PipeTenancy](NewPipeTenancy, fxrestate.Name(name),
			fxrestate.Guards(func(tenant durable.PerInvocation[*PipeTenant], journals durable.PerInvocation[*PipeDep]) pipeline.GuardFunc {
				return func(ctx context.Context, inv *pipeline.Invocation) (bool, error) {
					if _, err := journals.Get(ctx); !errors.Is(err, durable.ErrInsideStage) {
						return false, restate.ToTerminalError(fmt.Errorf("durable in a guard: %v", err))
					}
					who, err := tenant.Get(ctx)
					return err == nil && who.name == "tenant 1", err
				}
			})))
	got := testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Name"), nil))
	if testkit.AlwaysReplay() { // each attempt has its own
		require.Regexp(t, `^tenant \d+ durable$`, got)
	} else {
		require.Equal(t, "tenant 1 durable", got)
	}
}

// PipeTag is a value for members of the pipeline.
type PipeTag string

func TestMetadataOfTheHandlerCountsBeforeTheServicesAndTheGlobal(t *testing.T) {
	t.Parallel()
	tags := func(name string) (*PipeTrail, fxrestate.Attachment) {
		trail := NewPipeTrail()
		return trail, fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			tag, ok := pipeline.MetadataOf[PipeTag](inv)
			limit, limited := pipeline.MetadataOf[pipeLimit](inv)
			trail.add("%s %s %t %d %t %s %s", inv.Handler(), tag, ok, limit, limited, inv.Metadata("owner"), inv.Metadata("tier"))
			return true, nil
		})
	}
	trail, guard := tags("")
	name, other := testkit.Unique("pipe-tags"), testkit.Unique("pipe-tags")
	testkit.Start(t,
		fxrestate.Use(guard, fxrestate.Metadata(PipeTag("global"))),
		fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name(name),
			fxrestate.Metadata(PipeTag("service"), pipeLimit(7)), restate.WithMetadata("owner", "bank"), restate.WithMetadata("tier", "1"),
			fxrestate.Handler((*PipeBank).Pay, fxrestate.Metadata(PipeTag("handler")), restate.WithMetadata("owner", "pay"))),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(other)),
	)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Pay"), 1).Status)
	require.NotEqual(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "Slow")+"/send", nil).Status)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(other, "Echo"), "x").Status)
	testkit.Eventually(t, func() error {
		if trail.count("Slow service true 7 true bank 1") == 0 {
			return fmt.Errorf("%q", trail.all())
		}
		return nil
	})
	require.Equal(t, 1, trail.count("Pay handler true 7 true pay 1"))
	require.Equal(t, 1, trail.count("Echo global true 0 false  "))
	require.NotContains(t, testkit.HandlerOf(t, name, "Pay").Metadata, "fxrestate.misplaced", "attachments leave nothing in the manifest")
	require.Equal(t, map[string]string{"owner": "bank", "tier": "1"}, testkit.ServiceOf(t, name).Metadata)
}

func TestGuardStandsInAChiRouteToo(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-http")
	var guard *pipeTenantGuard
	testkit.Start(t,
		fx.Provide(func() *pipeTenantGuard { return &pipeTenantGuard{trail} }), fx.Populate(&guard),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(name),
			fxrestate.Guards(func(g *pipeTenantGuard) pipeline.Guard { return g })))
	router := chi.NewRouter()
	router.With(httpguard.Middleware(nil, guard)).Get("/hello", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for tenant, want := range map[string][2]int{"acme": {http.StatusOK, http.StatusNoContent}, "other": {http.StatusForbidden, http.StatusForbidden}} {
		t.Run(tenant, func(t *testing.T) {
			require.Equal(t, want[0], testkit.Post(t, testkit.Path(name, "Echo"), "x", "X-Tenant", tenant).Status)
			r := httptest.NewRequest(http.MethodGet, "/hello", nil)
			r.Header.Set("X-Tenant", tenant)
			w := httptest.NewRecorder()
			router.ServeHTTP(w, r)
			require.Equal(t, want[1], w.Code)
		})
	}
	for _, line := range []string{"restate acme", "http acme", "restate other", "http other"} {
		t.Run(line, func(t *testing.T) {
			require.Equal(t, 1, trail.count(line), line)
		})
	}
}

// pipeTenantGuard lets one tenant in.
type pipeTenantGuard struct{ trail *PipeTrail }

func (g *pipeTenantGuard) Allow(_ context.Context, inv *pipeline.Invocation) (bool, error) {
	g.trail.add("%s %s", inv.Type(), inv.Header("x-tenant"))
	return inv.Header("X-Tenant") == "acme", nil
}

// PipeReflected is a PipeEcho with a name, for restate.Reflect.
type PipeReflected struct {
	PipeEcho

	name string
}

func (r *PipeReflected) ServiceName() string { return r.name }

func TestThePipelineRunsAroundForeignDefinitions(t *testing.T) {
	t.Parallel()
	trail, built, reflected := NewPipeTrail(), testkit.Unique("pipe-built"), testkit.Unique("pipe-reflected")
	testkit.Start(t,
		fxrestate.Use(
			fxrestate.Metadata(PipeTag("global")),
			fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
				in, err := pipeline.InputOf[string](inv)
				tag, _ := pipeline.MetadataOf[PipeTag](inv)
				trail.add("%s guard %q %s", inv, in, tag)
				return in != "refuse", err
			}),
			fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				out, err := next(ctx, inv)
				raw, _ := out.([]byte)
				trail.add("%s interceptor %s %v", inv, raw, err)
				return out, err
			}),
			fxrestate.StepInterceptors(func(ctx restate.RunContext, s *pipeline.Step, next pipeline.StepNext) (any, error) {
				trail.add("%s step %s", s.Invocation(), s.Name())
				return next(ctx, s)
			}),
			fxrestate.AsTerminalError(func(err error) restate.TerminalError {
				return restate.ToTerminalError(err, restate.WithErrorCode(418))
			}),
		),
		fxrestate.Definition(func() restate.ServiceDefinition {
			return restate.NewService(built).Handler("Do", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
				if in == "fail" {
					return "", errUnlucky
				}
				return restate.Run(ctx, func(restate.RunContext) (string, error) { return in + "!", nil }, restate.WithName("shout"))
			}))
		}),
		fxrestate.Definition(func() restate.ServiceDefinition {
			return restate.Reflect(&PipeReflected{name: reflected})
		}),
	)
	require.Equal(t, "x!", testkit.Decode[string](t, testkit.Post(t, testkit.Path(built, "Do"), "x")))
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(built, "Do"), "refuse").Status)
	require.Equal(t, http.StatusTeapot, testkit.Post(t, testkit.Path(built, "Do"), "fail").Status)
	require.Equal(t, "y echo", testkit.Decode[string](t, testkit.Post(t, testkit.Path(reflected, "Echo"), "y")))
	for _, line := range []string{
		built + `/Do guard "x" global`, built + "/Do step shout", built + `/Do interceptor "x!" <nil>`,
		built + `/Do interceptor  unlucky`, reflected + `/Echo guard "y" global`, reflected + `/Echo interceptor "y echo" <nil>`,
	} {
		t.Run(line, func(t *testing.T) {
			require.Equal(t, 1, trail.count(line), "%s in %q", line, trail.all())
		})
	}
}
