package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

type busy struct{ wait time.Duration }

func (busy) Error() string               { return "busy" }
func (b busy) RetryAfter() time.Duration { return b.wait }

func TestRetryDelayIsFoundInAnErrorsChain(t *testing.T) {
	t.Parallel()
	cause := errors.New("down")
	require.NoError(t, pipeline.RetryAfter(nil, time.Second))
	hinted := pipeline.RetryAfter(cause, 3*time.Second)
	require.Equal(t, "down", hinted.Error())
	require.ErrorIs(t, hinted, cause)

	tests := map[string]struct {
		err   error
		delay time.Duration
		ok    bool
	}{
		"nil":                        {nil, 0, false},
		"none":                       {cause, 0, false},
		"its own":                    {hinted, 3 * time.Second, true},
		"wrapped":                    {fmt.Errorf("charge: %w", hinted), 3 * time.Second, true},
		"of another type":            {busy{time.Minute}, time.Minute, true},
		"the outermost counts":       {pipeline.RetryAfter(busy{time.Minute}, time.Second), time.Second, true},
		"joined":                     {errors.Join(cause, hinted), 3 * time.Second, true},
		"zero":                       {pipeline.RetryAfter(cause, 0), 0, false},
		"a time that lies behind":    {pipeline.RetryAfter(cause, -time.Second), 0, false},
		"zero of another type":       {busy{0}, 0, false},
		"less of another type":       {busy{-time.Second}, 0, false},
		"zero around a wish":         {pipeline.RetryAfter(hinted, 0), 3 * time.Second, true},
		"zero beside a wish":         {errors.Join(busy{0}, hinted), 3 * time.Second, true},
		"in an error of many words":  {fmt.Errorf("%s: %w", strings.Repeat("words ", 1000), errors.Join(busy{0}, hinted)), 3 * time.Second, true},
		"inside of the SDK's own":    {restate.ToRetryableError(hinted), 3 * time.Second, true},
		"not inside a terminal copy": {restate.ToTerminalError(hinted), 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			delay, ok := pipeline.RetryDelay(tt.err)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.delay, delay)
		})
	}
}

func TestAPauseIsFoundInAnErrorsChain(t *testing.T) {
	t.Parallel()
	cause := errors.New("down")
	require.NoError(t, pipeline.Pause(nil))
	paused := pipeline.Pause(cause)
	require.Equal(t, "down", paused.Error())
	require.ErrorIs(t, paused, cause)
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"none", cause, false},
		{"its own", paused, true},
		{"wrapped", fmt.Errorf("charge: %w", paused), true},
		{"joined", errors.Join(cause, paused), true},
		{"with a delay", pipeline.RetryAfter(paused, time.Second), true},
		{"inside of the SDK's own", restate.ToRetryableError(paused), true},
		{"not inside a terminal copy", restate.ToTerminalError(paused), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, pipeline.Pauses(tt.err))
		})
	}
}

func TestAnInvocationKnowsThatItsErrorAskedForAPause(t *testing.T) {
	t.Parallel()
	paused := pipeline.Pause(errors.New("odd"))
	aborted, abort := context.WithCancel(t.Context())
	abort()
	for _, tt := range []struct {
		name   string
		stages pipeline.Stages
		ctx    context.Context
		err    error
		want   bool
	}{
		{"none", pipeline.Stages{}, t.Context(), errors.New("down"), false},
		{"the handler's", pipeline.Stages{}, t.Context(), paused, true},
		{"the filter's", pipeline.Stages{Filters: []pipeline.Filter{pipeline.FilterFunc(
			func(_ context.Context, _ *pipeline.Invocation, err error) error { return pipeline.Pause(err) },
		)}}, t.Context(), errors.New("down"), true},
		{"none of a terminal error", pipeline.Stages{AsTerminalError: func(err error) restate.TerminalError { return restate.ToTerminalError(err) }}, t.Context(), paused, false},
		{"none of an attempt that is aborted", pipeline.Stages{}, aborted, paused, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, inv := newFake(), new(pipeline.Invocation)
			f.Context = tt.ctx
			_, err := compile(t, func(cfg *pipeline.Config) { cfg.Handler = tt.stages },
				func(restate.Context, any) (any, error) { return nil, tt.err }).Run(restate.WithMockContext(f), inv)
			require.Error(t, err)
			require.Equal(t, tt.want, inv.Pauses())
		})
	}
}

func TestAnInvocationKnowsTheDelayThatItsErrorAskedFor(t *testing.T) {
	t.Parallel()
	terminal := pipeline.Stages{AsTerminalError: func(err error) restate.TerminalError { return restate.ToTerminalError(err) }}
	slower := pipeline.Stages{Filters: []pipeline.Filter{pipeline.FilterFunc(
		func(_ context.Context, _ *pipeline.Invocation, err error) error {
			return pipeline.RetryAfter(err, time.Hour)
		})}}
	tests := map[string]struct {
		stages pipeline.Stages
		err    error
		want   time.Duration
		ok     bool
	}{
		"none":                     {err: errors.New("down")},
		"the handler's":            {err: busy{time.Minute}, want: time.Minute, ok: true},
		"the filter's":             {stages: slower, err: busy{time.Minute}, want: time.Hour, ok: true},
		"none of a terminal error": {stages: terminal, err: busy{time.Minute}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := new(pipeline.Invocation)
			_, err := compile(t, func(cfg *pipeline.Config) { cfg.Handler = tt.stages },
				func(restate.Context, any) (any, error) { return nil, tt.err }).Run(restate.WithMockContext(newFake()), inv)
			require.Error(t, err)
			delay, ok := inv.RetryDelay()
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, delay)
		})
	}
}

func TestTheDelayThatAClosureAskedForIsKnownWhenTheAttemptFails(t *testing.T) {
	t.Parallel()
	delays := make(chan time.Duration, 100)
	tries := make(chan bool, 100)
	a := serve(t, spec{
		configure: func(cfg *pipeline.Config) {
			cfg.Handler.Observers = []pipeline.Observer{pipeline.ObserverFunc(
				func(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
					if delay, ok := inv.RetryDelay(); ok && end.Outcome == pipeline.Retryable {
						delays <- delay
					}
				})}
		},
		method: method(func(ctx restate.Context, _ order) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) {
				select {
				case tries <- true:
					if len(tries) == 1 {
						return "", busy{time.Minute}
					}
				default:
				}
				return "done", nil
			})
		}),
	})
	require.Equal(t, 200, a.call(order{}).status)
	require.Equal(t, time.Minute, <-delays)
}

func TestAFailureOfTheSDKIsThatOfAClosureIfItRepeatsItsText(t *testing.T) {
	t.Parallel()
	// The SDK fails with "service definition with the same name exists".
	exists := pipeline.RetryAfter(errors.New("name exists"), time.Minute)
	for name, tt := range map[string]struct {
		closures []error
		want     error
	}{
		"none failed":                {nil, nil},
		"the one that failed":        {[]error{exists}, exists},
		"the first of two":           {[]error{exists, busy{time.Hour}}, exists},
		"the longer text":            {[]error{exists, errors.New("exists")}, exists},
		"before a terminal one":      {[]error{exists, restate.TerminalErrorf("same name")}, exists},
		"not of another text":        {[]error{errors.New("down")}, nil},
		"not of no text":             {[]error{errors.New("")}, nil},
		"not of a terminal error":    {[]error{restate.TerminalErrorf("name exists")}, nil},
		"not of one before too many": {append([]error{exists}, slices.Repeat([]error{busy{time.Hour}}, 16)...), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, inv := newFake(), new(pipeline.Invocation)
			chain := compile(t, func(*pipeline.Config) {}, func(restate.Context, any) (any, error) {
				for _, err := range tt.closures {
					_, _ = inv.WrapStep(func(restate.RunContext) (any, error) { return nil, err }, nil)(f)
				}
				sdkPanic()
				return nil, nil
			})
			require.Panics(t, func() { _, _ = chain.Run(restate.WithMockContext(f), inv) })
			require.Equal(t, tt.want, inv.FailedStep())
			delay, ok := inv.RetryDelay()
			require.Equal(t, tt.want != nil, ok)
			require.Equal(t, tt.want != nil, delay == time.Minute)
		})
	}
}
