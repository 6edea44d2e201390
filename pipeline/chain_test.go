package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/pipeline/steptimeout"
)

func TestStagesRunInTheOrderOfTheArchitecture(t *testing.T) {
	t.Parallel()
	before := []string{
		"started global", "started outer", "started inner", "started service", "started handler",
		"guard global", "guard outer", "guard inner", "guard service", "guard handler",
		"interceptor global 1", "interceptor global 2", "interceptor outer 1", "interceptor outer 2",
		"interceptor inner 1", "interceptor inner 2", "interceptor service 1", "interceptor service 2",
		"interceptor handler 1", "interceptor handler 2",
		"decode", "pipe global", "pipe outer", "pipe inner", "pipe service", "pipe handler", "method",
	}
	unwound := func(failed bool) (lines []string) {
		for _, level := range []string{"handler 2", "handler 1", "service 2", "service 1", "inner 2", "inner 1", "outer 2", "outer 1", "global 2", "global 1"} {
			lines = append(lines, fmt.Sprintf("interceptor %s after, failed %t", level, failed))
		}
		return lines
	}
	tests := map[string]struct {
		err     error
		catches string
		after   []string
		outcome string
	}{
		"a result is encoded last": {
			after: append(unwound(false), "encode"), outcome: "completed",
		},
		"an error that nobody takes meets all filters and mappings": {
			err: errors.New("sold out"),
			after: append(unwound(true), "filter handler", "filter service", "filter inner", "filter outer", "filter global",
				"mapping handler", "mapping service", "mapping inner", "mapping outer", "mapping global"),
			outcome: "retryable",
		},
		"the first filter that takes an error ends the filters": {
			err: errors.New("sold out"), catches: "service",
			after: append(unwound(true), "filter handler", "filter service",
				"mapping handler", "mapping service", "mapping inner", "mapping outer", "mapping global"),
			outcome: "retryable",
		},
		"a terminal error meets filters and no mapping": {
			err:   restate.TerminalErrorf("sold out"),
			after: append(unwound(true), "filter handler", "filter service", "filter inner", "filter outer", "filter global"), outcome: "terminal",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trace{}
			out, err := runFake(t, newFake(), pipeline.Config{
				Global:  tr.stages("global", tt.catches == "global"),
				Groups:  []pipeline.Stages{tr.stages("outer", tt.catches == "outer"), tr.stages("inner", tt.catches == "inner")},
				Service: tr.stages("service", tt.catches == "service"),
				Handler: tr.stages("handler", tt.catches == "handler"),
				Method: methodFuncs{
					decode: func(*pipeline.Invocation) (any, error) { tr.add("decode"); return "input", nil },
					call: func(_ restate.Context, input any) (any, error) {
						tr.add("method")
						return input, tt.err
					},
					encode: func(result any) ([]byte, error) { tr.add("encode"); return []byte(result.(string)), nil },
				},
			})
			if tt.err == nil {
				require.NoError(t, err)
				require.Equal(t, "input", string(out))
			} else {
				require.ErrorIs(t, err, tt.err)
				require.Nil(t, out)
			}
			want := append(append([]string{}, before...), tt.after...)
			for _, level := range []string{"handler", "service", "inner", "outer", "global"} {
				want = append(want, "ended "+level+" "+tt.outcome)
			}
			require.Equal(t, want, tr.lines)
		})
	}
}

func TestAStageThatIsOffDoesNotRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		off  func(*pipeline.Config)
		gone string
	}{
		"guards":       {func(c *pipeline.Config) { c.WithoutGuards = true }, "guard"},
		"interceptors": {func(c *pipeline.Config) { c.WithoutInterceptors = true }, "interceptor"},
		"filters":      {func(c *pipeline.Config) { c.WithoutFilters = true }, "filter"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trace{}
			cfg := pipeline.Config{
				Global: tr.stages("global", false), Groups: []pipeline.Stages{tr.stages("group", false)}, Service: tr.stages("service", false), Handler: tr.stages("handler", false),
				Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, errors.New("sold out") }),
			}
			tt.off(&cfg)
			_, err := runFake(t, newFake(), cfg)
			require.Error(t, err)
			ran := strings.Join(tr.lines, "\n")
			for _, stage := range []string{"guard", "interceptor", "filter"} {
				t.Run(stage, func(t *testing.T) {
					if stage == tt.gone {
						require.NotContains(t, ran, stage)
					} else {
						require.Contains(t, ran, stage)
					}
				})
			}
		})
	}
}

func TestCompileNamesEveryMistake(t *testing.T) {
	t.Parallel()
	var none pipeline.GuardFunc
	_, err := pipeline.Compile(pipeline.Config{
		Target: handler.Target{Service: "shop", Handler: "Buy"},
		Global: pipeline.Stages{Filters: []pipeline.Filter{nil}},
		Service: pipeline.Stages{
			Guards: []pipeline.Guard{
				pipeline.Durable(nil), pipeline.Durable(pipeline.DurableGuardFunc(nil)), pipeline.Durable((*durableGuard)(nil)), (*plainGuard)(nil),
			},
			Interceptors:     []pipeline.Interceptor{&fault.Injector{Rate: 1.5}, (*fault.Injector)(nil)},
			StepInterceptors: []pipeline.StepInterceptor{steptimeout.New(0), steptimeout.New(-time.Second), &fault.Injector{Rate: math.NaN()}},
		},
		Handler: pipeline.Stages{Guards: []pipeline.Guard{none}, DeadLetter: &pipeline.DeadLetter{Service: "dead"}},
	})
	require.ErrorContains(t, err, "shop/Buy: filter number 1 of the global level is nil")
	for _, want := range []string{
		"guard number 1 of the service level is pipeline.Durable of a guard that is nil",
		"guard number 2 of the service level is pipeline.Durable of a guard that is nil",
		"guard number 3 of the service level is pipeline.Durable of a guard that is nil",
		"guard number 4 of the service level is nil",
		"interceptor number 1 of the service level is a fault.Injector with the rate 1.5, which must be from 0 to 1",
		"interceptor number 2 of the service level is nil",
		"step interceptor number 1 of the service level is steptimeout.New(0s), whose time must be positive",
		"step interceptor number 2 of the service level is steptimeout.New(-1s), whose time must be positive",
		"step interceptor number 3 of the service level is a fault.Injector with the rate NaN",
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, "shop/Buy: "+want)
		})
	}
	require.ErrorContains(t, err, "shop/Buy: guard number 1 of the handler level is nil")
	require.ErrorContains(t, err, "shop/Buy: the handler dead letter has no Send")
	require.ErrorContains(t, err, "shop/Buy: Method is nil")
}

type (
	plainGuard   struct{}
	durableGuard struct{}
)

func (*plainGuard) Allow(context.Context, *pipeline.Invocation) (bool, error)   { return true, nil }
func (*durableGuard) Allow(restate.Context, *pipeline.Invocation) (bool, error) { return true, nil }

func TestAnInterceptorMayReplaceWhatComesBack(t *testing.T) {
	t.Parallel()
	result := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		result, err := next(ctx, inv)
		return append(result.([]byte), "!"...), err
	})
	rescue := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		if _, err := next(ctx, inv); err != nil {
			return []byte("rescued: " + err.Error()), nil
		}
		return nil, nil
	})
	instead := pipeline.InterceptorFunc(func(restate.Context, *pipeline.Invocation, pipeline.Next) (any, error) {
		return []byte("cached"), nil
	})
	broken := func(restate.Context, any) (any, error) { return nil, errors.New("sold out") }
	panics := func(restate.Context, any) (any, error) { panic("bug") }
	tests := map[string]struct {
		interceptors []pipeline.Interceptor
		call         func(restate.Context, any) (any, error)
		want         string
	}{
		"the result":                          {[]pipeline.Interceptor{result}, nil, "bought!"},
		"an error by a result":                {[]pipeline.Interceptor{rescue}, broken, "rescued: sold out"},
		"a panic by a result":                 {[]pipeline.Interceptor{rescue}, panics, "rescued: panic: bug"},
		"the handler altogether":              {[]pipeline.Interceptor{instead}, broken, "cached"},
		"what the one further in has changed": {[]pipeline.Interceptor{result, rescue}, broken, "rescued: sold out!"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := runFake(t, newFake(), pipeline.Config{
				Handler: pipeline.Stages{Interceptors: tt.interceptors}, Method: pipeline.MethodFunc(tt.call),
			})
			require.NoError(t, err)
			require.Equal(t, tt.want, string(out))
		})
	}
}

func TestNextRefusesASecondCall(t *testing.T) {
	t.Parallel()
	calls := 0
	twice := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		if _, err := next(ctx, inv); err == nil {
			return nil, errors.New("expected an error")
		}
		return next(ctx, inv)
	})
	for name, interceptors := range map[string][]pipeline.Interceptor{
		"around the handler":             {twice},
		"around another interceptor":     {twice, (&trace{}).interceptor("inner")},
		"as the inner one of two others": {(&trace{}).interceptor("outer"), twice},
	} {
		t.Run(name, func(t *testing.T) {
			calls = 0
			_, err := runFake(t, newFake(), pipeline.Config{
				Global: pipeline.Stages{Interceptors: interceptors},
				Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { calls++; return nil, errors.New("sold out") }),
			})
			require.ErrorIs(t, err, pipeline.ErrNextTwice)
			require.Equal(t, 1, calls)
		})
	}
}

func TestAnInterceptorsContextReachesTheHandler(t *testing.T) {
	t.Parallel()
	type key struct{}
	out, err := runFake(t, newFake(), pipeline.Config{
		Handler: pipeline.Stages{Interceptors: []pipeline.Interceptor{
			pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				return next(restate.WithValue(ctx, key{}, "value"), inv)
			}),
		}},
		Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) { return []byte(ctx.Value(key{}).(string)), nil }),
	})
	require.NoError(t, err)
	require.Equal(t, "value", string(out))
}

func TestObserversCannotChangeAnAttempt(t *testing.T) {
	t.Parallel()
	tr, log := &trace{}, newRecorder()
	f := newFake()
	f.log = slog.New(log)
	out, err := runFake(t, f, pipeline.Config{Global: pipeline.Stages{Observers: []pipeline.Observer{
		tracer{tr, "first"}, badObserver{}, tracer{tr, "last"},
	}}})
	require.NoError(t, err)
	require.Equal(t, "bought", string(out))
	require.Equal(t, []string{"started first", "started last", "ended last completed", "ended first completed"}, tr.lines)
	require.Len(t, log.shared.lines, 2)
	require.Equal(t, "pipeline: observer panicked", log.shared.lines[0].message)
	require.Equal(t, "pipeline_test.badObserver", log.shared.lines[0].attrs["observer"])
}

type badObserver struct{ pipeline.ObserverBase }

func (badObserver) Started(context.Context, *pipeline.Invocation) context.Context { panic("bad") }
func (badObserver) Ended(context.Context, *pipeline.Invocation, pipeline.Ending)  { panic("bad") }

func TestWhatObserversPutIntoTheContextIsSeenByAll(t *testing.T) {
	t.Parallel()
	var seen []any
	look := func(ctx context.Context) { seen = append(seen, ctx.Value(spanKey{})) }
	_, err := runFake(t, newFake(), pipeline.Config{
		Global: pipeline.Stages{Observers: []pipeline.Observer{spanObserver{look}}},
		Handler: pipeline.Stages{
			Guards: []pipeline.Guard{pipeline.GuardFunc(func(ctx context.Context, _ *pipeline.Invocation) (bool, error) {
				look(ctx)
				require.Equal(t, "guard", pipeline.StageOf(ctx))
				_, isRestate := ctx.(restate.Context)
				require.False(t, isRestate, "a guard has no means to journal")
				return true, nil
			})},
			Interceptors: []pipeline.Interceptor{pipeline.InterceptorFunc(
				func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					look(ctx)
					return next(ctx, inv)
				})},
			Filters: []pipeline.Filter{pipeline.FilterFunc(func(ctx context.Context, _ *pipeline.Invocation, _ error) error {
				look(ctx)
				require.Equal(t, "filter", pipeline.StageOf(ctx))
				return nil
			})},
		},
		Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) {
			look(ctx)
			require.Empty(t, pipeline.StageOf(ctx), "the handler may journal")
			return nil, errors.New("sold out")
		}),
	})
	require.Error(t, err)
	require.Equal(t, []any{"span", "span", "span", "span", "span"}, seen, "guard, interceptor, handler, filter, end")
}

type (
	spanKey      struct{}
	spanObserver struct{ look func(context.Context) }
)

func (spanObserver) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	return context.WithValue(ctx, spanKey{}, "span")
}
func (spanObserver) Panicked(context.Context, *pipeline.Invocation, *pipeline.PanicError) {}
func (o spanObserver) Ended(ctx context.Context, _ *pipeline.Invocation, _ pipeline.Ending) {
	o.look(ctx)
}

func TestAnEndingHasTheCauseThatTheFiltersSaw(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such order")
	var end pipeline.Ending
	_, err := runFake(t, newFake(), pipeline.Config{
		Handler: pipeline.Stages{
			Filters: []pipeline.Filter{pipeline.FilterFunc(func(context.Context, *pipeline.Invocation, error) error {
				return restate.TerminalErrorf("not found")
			})},
			Observers: []pipeline.Observer{pipeline.ObserverFunc(func(_ context.Context, _ *pipeline.Invocation, e pipeline.Ending) { end = e })},
		},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, cause }),
	})
	require.Equal(t, err, end.Err)
	require.Equal(t, cause, end.Cause)
	require.Equal(t, pipeline.Terminal, end.Outcome)
	require.Positive(t, end.Duration)
}

func TestAMappingOfTheServiceCountsBeforeTheGlobalOne(t *testing.T) {
	t.Parallel()
	to := func(code restate.Code, of error) func(error) restate.TerminalError {
		return func(err error) restate.TerminalError {
			if errors.Is(err, of) {
				return restate.ToTerminalError(err, restate.WithErrorCode(code))
			}
			return nil
		}
	}
	poor, gone, odd := errors.New("insufficient funds"), errors.New("gone"), errors.New("odd")
	for err, want := range map[error]restate.Code{poor: 402, gone: 410, odd: 0} {
		t.Run(err.Error(), func(t *testing.T) {
			_, got := runFake(t, newFake(), pipeline.Config{
				Global: pipeline.Stages{AsTerminalError: func(err error) restate.TerminalError {
					if errors.Is(err, poor) {
						return restate.ToTerminalError(err, restate.WithErrorCode(400))
					}
					return to(410, gone)(err)
				}},
				Service: pipeline.Stages{AsTerminalError: to(402, poor)},
				Method:  pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, err }),
			})
			if want == 0 {
				require.Equal(t, err, got)
				return
			}
			require.Equal(t, want, restate.AsTerminalError(got).Code())
		})
	}
}

func TestAChainDescribesItself(t *testing.T) {
	t.Parallel()
	chain, err := pipeline.Compile(pipeline.Config{
		Target: handler.Target{Service: "shop", Handler: "Buy", Kind: handler.Object, Mode: handler.Exclusive},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, nil }),
		Global: pipeline.Stages{
			Filters:         []pipeline.Filter{httperror.Filter()},
			AsTerminalError: restate.AsTerminalError,
			Guards:          []pipeline.Guard{pipeline.GuardFunc(openGuard)},
		},
		Handler: pipeline.Stages{
			Guards:     []pipeline.Guard{pipeline.Durable(pipeline.DurableGuardFunc(openDurably))},
			Filters:    []pipeline.Filter{pipeline.Catch(notFound)},
			DeadLetter: &pipeline.DeadLetter{Service: "dead", Handler: "Letters", Send: sendNothing},
		},
		Service: pipeline.Stages{
			Interceptors:     []pipeline.Interceptor{&fault.Injector{}},
			StepInterceptors: []pipeline.StepInterceptor{steptimeout.New(1000)},
		},
		Groups: []pipeline.Stages{
			{Guards: []pipeline.Guard{pipeline.GuardFunc(openGuard)}, Filters: []pipeline.Filter{httperror.Filter()}},
			{DeadLetter: &pipeline.DeadLetter{Service: "dead", Handler: "Others", Send: sendNothing}},
		},
	})
	require.NoError(t, err)
	require.Equal(t, `shop/Buy (virtual object, exclusive)
  guard             global   pipeline_test.openGuard
  guard             group    pipeline_test.openGuard
  guard             handler  durable pipeline_test.openDurably
  interceptor       service  *fault.Injector
  filter            handler  pipeline_test.notFound
  filter            group    httperror.Filter
  filter            global   httperror.Filter
  error mapping     global   sdk-go.AsTerminalError
  dead letter       handler  dead/Letters
  step interceptor  service  steptimeout.New(1µs)
`, chain.String())
	require.Equal(t, pipeline.Member{Stage: "guard", Level: "global", Name: "pipeline_test.openGuard"}, chain.Members()[0])
}

func openGuard(context.Context, *pipeline.Invocation) (bool, error)        { return true, nil }
func openDurably(restate.Context, *pipeline.Invocation) (bool, error)      { return true, nil }
func sendNothing(restate.Context, pipeline.Letter) error                   { return nil }
func notFound(context.Context, *pipeline.Invocation, *notFoundError) error { return nil }

type notFoundError struct{}

func (*notFoundError) Error() string { return "not found" }
