package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

// GODEBUG can bring back that recover returns nil for a panic.
func TestAPanicWithNilIsAPanicWhateverRecoverReturns(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	for where, place := range places {
		t.Run(where, func(t *testing.T) {
			a := try(t, func(cfg *pipeline.Config, inv *pipeline.Invocation) { place.configure(cfg, inv, panics(nil)) })
			require.Equal(t, 1, a.panics)
			require.Len(t, a.ends, 1)
			require.Equal(t, pipeline.Retryable, a.ends[0].Outcome)
			require.Contains(t, a.told(t), "panic: nil")
		})
	}
}

func TestAStepsErrorMappingCannotGetRoundThePipeline(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		do   func(error) restate.TerminalError
		want pipeline.Outcome
	}{
		"panics":                         {func(error) restate.TerminalError { panic(mute{}) }, pipeline.Retryable},
		"calls runtime.Goexit":           {func(error) restate.TerminalError { runtime.Goexit(); return nil }, pipeline.Retryable},
		"returns what poses as terminal": {func(error) restate.TerminalError { return posing{} }, pipeline.Retryable},
		"returns an enormous error": {func(error) restate.TerminalError {
			return restate.ToTerminalError(errors.New(huge))
		}, pipeline.Terminal},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			mapped := false
			a := try(t, func(cfg *pipeline.Config, inv *pipeline.Invocation) {
				step(cfg, inv, returns(errVague), nil)
				cfg.Handler.AsTerminalError = func(err error) restate.TerminalError {
					if mapped {
						return nil // the handler's
					}
					mapped = true
					return test.do(err)
				}
			})
			require.Len(t, a.ends, 1)
			require.Equal(t, test.want.String(), a.ends[0].Outcome.String())
			require.LessOrEqual(t, len(a.told(t)), maxErrorText)
			requireNothingInternal(t, a.told(t))
		})
	}
}

// unencodable has an error of the user's in what the SDK panics with.
type unencodable struct{}

func (unencodable) MarshalJSON() ([]byte, error) {
	e := &odd{text: func() string { return huge }}
	e.unwrap = func() error { return e }
	return nil, e
}

func TestAFailureOfTheSDKIsBoundedAndFoundInTheLog(t *testing.T) {
	t.Parallel()
	debug := newRecorder()
	a := serve(t, spec{
		configure: func(cfg *pipeline.Config) {
			cfg.Handler.Observers = []pipeline.Observer{pipeline.LogPanics(slog.New(verbose{debug}))}
		},
		method: method(func(ctx restate.Context, _ order) (string, error) {
			if !returnedOnce(ctx.Request().ID) {
				restate.ServiceSend(ctx, "nobody", "Nothing").Send(unencodable{})
			}
			return "done", nil
		}),
	})
	out := a.call(order{})
	require.Equal(t, http.StatusOK, out.status, out.body)
	require.Equal(t, []pipeline.Outcome{pipeline.Retryable, pipeline.Completed}, a.outcomes(out.id))
	require.LessOrEqual(t, len(a.watch.of(t, out.id)[0].Err.Error()), maxErrorText)
	require.Empty(t, a.log.panics(out.id), "it is not the user's")
	for _, line := range a.log.of(out.id) {
		require.LessOrEqual(t, len(line.attrs["err"]), maxErrorText)
	}

	lines := debug.of(out.id)
	require.Len(t, lines, 1)
	require.Equal(t, "where the SDK failed", lines[0].message)
	require.Equal(t, slog.LevelDebug, lines[0].level)
	require.Contains(t, lines[0].attrs["err"], "failed to marshal RequestFuture input: ")
	require.Contains(t, lines[0].attrs["stack"], "TestAFailureOfTheSDKIsBoundedAndFoundInTheLog")
	require.LessOrEqual(t, len(lines[0].attrs["stack"]), maxStack)
}

// verbose wants lines of all levels.
type verbose struct{ *recorder }

func (verbose) Enabled(context.Context, slog.Level) bool { return true }

// deep calls fn below many others.
func deep(n int, fn func()) {
	if n == 0 {
		fn()
		return
	}
	deep(n-1, fn)
}

func TestAPanicOfTheSDKIsSeenBelowADeepStack(t *testing.T) {
	t.Parallel()
	a := try(t, func(cfg *pipeline.Config, _ *pipeline.Invocation) {
		cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) {
			defer func() {
				deep(200, func() { panic("in its place") })
			}()
			sdkPanic()
			return nil, nil
		})
	})
	require.Equal(t, "in its place", a.raised, "it goes on as what it is now")
	require.Len(t, a.ends, 1)
	require.Equal(t, pipeline.Retryable, a.ends[0].Outcome)
}

func TestAMemberWhoseMethodsPanicHasANameAndFailsTheStart(t *testing.T) {
	t.Parallel()
	chain, err := pipeline.Compile(pipeline.Config{
		Handler: pipeline.Stages{Guards: []pipeline.Guard{muteGuard{}}},
		Method:  pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, nil }),
	})
	require.NoError(t, err)
	require.Equal(t, "pipeline_test.muteGuard", chain.Members()[0].Name)
	_, err = chain.Run(restate.WithMockContext(newFake()), new(pipeline.Invocation))
	require.EqualError(t, err, "pipeline: refused by pipeline_test.muteGuard")
	require.EqualValues(t, 403, restate.AsTerminalError(err).Code())

	for name, test := range map[string]struct {
		check func() error
		want  string
	}{
		"panics":                      {func() error { panic("check") }, "has a method Check that panics"},
		"returns what cannot be read": {returns((*needy)(nil)), "a nil *pipeline_test.needy was returned as an error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pipeline.Compile(pipeline.Config{
				Handler: pipeline.Stages{Guards: []pipeline.Guard{checkedGuard{check: test.check}}},
				Method:  pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, nil }),
			})
			require.ErrorContains(t, err, test.want)
		})
	}
}

// muteGuard refuses, and cannot say its name.
type muteGuard struct{ mute }

func (muteGuard) Allow(context.Context, *pipeline.Invocation) (bool, error) { return false, nil }

type checkedGuard struct {
	muteGuard
	check func() error
}

func (g checkedGuard) Check() error { return g.check() }

func TestGuardsOutsideOfAChainReturnSafeErrors(t *testing.T) {
	t.Parallel()
	for what, hazard := range hazards {
		if hazard.thrown {
			continue
		}
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			err := pipeline.Ask(t.Context(), pipeline.NewInvocation(pipeline.Details{}),
				pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) { return false, hazard.do() }))
			require.LessOrEqual(t, len(err.Error()), maxErrorText)
			if what != "returns an error whose Is and As panic" {
				require.NotErrorIs(t, err, pipeline.ErrDurable, "this comes back")
			}
		})
	}
}
