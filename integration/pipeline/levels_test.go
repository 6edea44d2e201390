package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	sdk "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// PipeTrail is where the members of a pipeline leave what they saw.
type PipeTrail struct {
	mu   sync.Mutex
	seen []string
}

func NewPipeTrail() *PipeTrail { return &PipeTrail{} }

func (t *PipeTrail) add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = append(t.seen, fmt.Sprintf(format, args...))
}

func (t *PipeTrail) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.seen...)
}

// count returns how often a line was written.
func (t *PipeTrail) count(line string) int {
	n := 0
	for _, l := range t.all() {
		if l == line {
			n++
		}
	}
	return n
}

// pipeGuard is a guard that fx constructs.
type pipeGuard struct{ trail *PipeTrail }

func newPipeGuard(t *PipeTrail) *pipeGuard { return &pipeGuard{t} }

func (g *pipeGuard) Allow(_ context.Context, inv *pipeline.Invocation) (bool, error) {
	in, err := pipeline.InputOf[int](inv)
	if err != nil {
		return false, err
	}
	limit, _ := pipeline.MetadataOf[pipeLimit](inv)
	g.trail.add("guard %d", in)
	return in <= int(limit), nil
}

type pipeLimit int

func pipeInterceptor(name string) func(*PipeTrail) pipeline.Interceptor {
	return func(t *PipeTrail) pipeline.Interceptor {
		return pipeline.InterceptorFunc(func(ctx sdk.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			t.add("%s in", name)
			out, err := next(ctx, inv)
			t.add("%s out", name)
			return out, err
		})
	}
}

// PipeBank has a handler with everything around it.
type PipeBank struct {
	mu       sync.Mutex
	attempts []time.Time
}

func (*PipeBank) Pay(_ sdk.Context, in int) (int, error) {
	if in == 13 {
		return 0, errUnlucky
	}
	return in * 2, nil
}

func (b *PipeBank) Slow(_ sdk.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts = append(b.attempts, time.Now())
	if len(b.attempts) == 1 {
		return "", pipeline.RetryAfter(errors.New("come back later"), 1500*time.Millisecond)
	}
	return "now", nil
}

func (*PipeBank) Step(ctx sdk.Context) (string, error) {
	return sdk.Run(ctx, func(sdk.RunContext) (string, error) { return "", errUnlucky }, sdk.WithName("unlucky"))
}

var errUnlucky = errors.New("unlucky")

func TestMembersOfAllLevelsRunInTheOrderOfTheText(t *testing.T) {
	var trail *PipeTrail
	testkit.Start(t,
		fx.Provide(NewPipeTrail), fx.Populate(&trail),
		fxrestate.Use(fxrestate.Interceptors(pipeInterceptor("global 1"), pipeInterceptor("global 2"))),
		fxrestate.Use(fxrestate.Interceptors(pipeInterceptor("global 3"))),
		fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} },
			fxrestate.Name("pipe-order"),
			fxrestate.Interceptors(pipeInterceptor("service")),
			fxrestate.Handler((*PipeBank).Pay,
				fxrestate.Guards(newPipeGuard),
				fxrestate.Metadata(pipeLimit(100)),
				fxrestate.Pipes(pipeline.PipeOf(func(_ sdk.Context, _ *pipeline.Invocation, in int) (int, error) { return in + 1, nil })),
				fxrestate.Interceptors(pipeInterceptor("handler")),
			)),
	)
	require.Equal(t, 12, testkit.Decode[int](t, testkit.Post(t, "/pipe-order/Pay", 5)))
	require.Equal(t, []string{
		"guard 5", "global 1 in", "global 2 in", "global 3 in", "service in", "handler in",
		"handler out", "service out", "global 3 out", "global 2 out", "global 1 out",
	}, trail.all())

	refused := testkit.Post(t, "/pipe-order/Pay", 101)
	require.Equal(t, http.StatusForbidden, refused.Status, string(refused.Body))
}

// PipeVault is another service.
type PipeVault struct{}

func (PipeVault) Open(_ sdk.Context, in int) (int, error) { return in, nil }

// PipeShelf is a service that stands in no group.
type PipeShelf struct{}

func (PipeShelf) Look(_ sdk.Context, in int) (int, error) { return in, nil }

func TestMembersOfAGroupRunBetweenThoseOfTheApplicationAndTheService(t *testing.T) {
	var trail *PipeTrail
	made := 0
	tenants := func(t *PipeTrail) *pipeGuard { made++; return newPipeGuard(t) }
	bank := testkit.Made(&PipeBank{})
	testkit.Start(t,
		fx.Provide(NewPipeTrail), fx.Populate(&trail),
		fxrestate.Service[PipeShelf](testkit.Made(PipeShelf{}), fxrestate.Name("pipe-outside")),
		fxrestate.Group(
			fxrestate.Use(fxrestate.Guards(tenants), fxrestate.Metadata(pipeLimit(20)), fxrestate.Interceptors(pipeInterceptor("outer 1"))),
			fxrestate.Use(fxrestate.Interceptors(pipeInterceptor("outer 2")),
				fxrestate.AsTerminalError(func(err error) sdk.TerminalError { return sdk.ToTerminalError(err, sdk.WithErrorCode(418)) })),
			fxrestate.Service[*PipeBank](bank, fxrestate.Name("pipe-grouped"),
				fxrestate.Interceptors(pipeInterceptor("service")),
				fxrestate.Handler((*PipeBank).Pay, fxrestate.Interceptors(pipeInterceptor("handler")))),
			fxrestate.Group(
				fxrestate.Use(fxrestate.Metadata(pipeLimit(100)), fxrestate.Interceptors(pipeInterceptor("inner"))),
				fxrestate.Service[PipeVault](testkit.Made(PipeVault{}), fxrestate.Name("pipe-nested")),
			),
		),
		fxrestate.Use(fxrestate.Interceptors(pipeInterceptor("global"))),
	)
	require.Equal(t, 1, made, "all services of the group have one guard")

	require.Equal(t, 10, testkit.Decode[int](t, testkit.Post(t, "/pipe-grouped/Pay", 5)))
	require.Equal(t, []string{
		"guard 5", "global in", "outer 1 in", "outer 2 in", "service in", "handler in",
		"handler out", "service out", "outer 2 out", "outer 1 out", "global out",
	}, trail.all())
	require.Equal(t, http.StatusForbidden, testkit.Post(t, "/pipe-grouped/Pay", 21).Status)
	require.Equal(t, http.StatusForbidden, testkit.Post(t, "/pipe-nested/Open", 101).Status, "the guard of the outer group")

	at := len(trail.all())
	require.Equal(t, 21, testkit.Decode[int](t, testkit.Post(t, "/pipe-nested/Open", 21)), "the limit of the inner group")
	require.Equal(t, []string{
		"guard 21", "global in", "outer 1 in", "outer 2 in", "inner in", "inner out", "outer 2 out", "outer 1 out", "global out",
	}, trail.all()[at:])

	at = len(trail.all())
	require.Equal(t, 12, testkit.Decode[int](t, testkit.Post(t, "/pipe-outside/Look", 12)))
	require.Equal(t, []string{"global in", "global out"}, trail.all()[at:], "no member of the group")

	require.Equal(t, http.StatusTeapot, testkit.Post(t, "/pipe-grouped/Pay", 13).Status, "the error mapping of the group")
}

func TestErrorsAreMappedFromTheHandlerOutwards(t *testing.T) {
	code := func(c sdk.Code) func(error) sdk.TerminalError {
		return func(err error) sdk.TerminalError {
			if !errors.Is(err, errUnlucky) {
				return nil
			}
			return sdk.ToTerminalError(err, sdk.WithErrorCode(c))
		}
	}
	testkit.Start(t,
		fxrestate.Use(fxrestate.AsTerminalError(code(418))),
		fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name("pipe-errors"),
			fxrestate.Handler((*PipeBank).Pay, fxrestate.AsTerminalError(code(402)))),
	)
	require.Equal(t, http.StatusPaymentRequired, testkit.Post(t, "/pipe-errors/Pay", 13).Status)
	require.Equal(t, http.StatusTeapot, testkit.Post(t, "/pipe-errors/Step", nil).Status, "errors of steps are mapped too")
}

func TestARetryHintDelaysTheNextAttempt(t *testing.T) {
	bank := &PipeBank{}
	testkit.Start(t, fxrestate.Service[*PipeBank](func() *PipeBank { return bank }, fxrestate.Name("pipe-retry")))
	require.Equal(t, "now", testkit.Decode[string](t, testkit.Post(t, "/pipe-retry/Slow", nil)))
	require.Len(t, bank.attempts, 2)
	require.GreaterOrEqual(t, bank.attempts[1].Sub(bank.attempts[0]), 1400*time.Millisecond)
}

// pipeKey is the key of a value in a context.
type pipeKey struct{}
