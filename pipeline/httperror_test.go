package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

type (
	statusCode int
	httpStatus int
	getStatus  int
)

func (s statusCode) Error() string   { return fmt.Sprint("status ", int(s)) }
func (s statusCode) StatusCode() int { return int(s) }
func (s httpStatus) Error() string   { return fmt.Sprint("status ", int(s)) }
func (s httpStatus) HTTPStatus() int { return int(s) }
func (s getStatus) Error() string    { return fmt.Sprint("status ", int(s)) }
func (s getStatus) GetStatus() int   { return int(s) }

// httpAround and getAround are errors with a status around others.
type (
	httpAround struct {
		httpStatus
		cause error
	}
	getAround struct {
		getStatus
		cause error
	}
)

func (e httpAround) Unwrap() error { return e.cause }
func (e getAround) Unwrap() error  { return e.cause }

func TestTheFilterOfHTTPErrorsMakesClientErrorsTerminal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		code  restate.Code // 0: left alone
		again bool         // it is retried
	}{
		"StatusCode":                {err: statusCode(404), code: 404},
		"HTTPStatus":                {err: httpStatus(409), code: 409},
		"GetStatus":                 {err: getStatus(422), code: 422},
		"the outer of two methods":  {err: httpAround{503, statusCode(404)}, code: 503, again: true},
		"one that asks for a pause": {err: pipeline.Pause(statusCode(404)), code: 404, again: true},
		"an outer client error":     {err: httpAround{409, statusCode(503)}, code: 409},
		"an outer last method":      {err: getAround{422, httpAround{409, statusCode(404)}}, code: 422},
		"the first joined":          {err: errors.Join(errors.New("down"), httpStatus(409), statusCode(404)), code: 409},
		"wrapped":                   {err: fmt.Errorf("find: %w", statusCode(404)), code: 404},
		"the first of them":         {err: statusCode(400), code: 400},
		"the last of them":          {err: statusCode(499), code: 499},
		"a server error":            {err: statusCode(500), code: 500, again: true},
		"the last server error":     {err: statusCode(569), code: 569, again: true},
		"a code of Restate's":       {err: statusCode(570)},
		"a redirect":                {err: statusCode(399)},
		"no status":                 {err: errors.New("down")},
		"one that asks for a retry": {err: pipeline.RetryAfter(statusCode(429), time.Second), code: 429, again: true},
		"one that asks for nothing": {err: errors.Join(busy{0}, statusCode(429)), code: 429},
		"one with a code":           {err: restate.ToRetryableError(statusCode(503), restate.WithErrorCode(500))},
		"a panic with such a value": {err: &pipeline.PanicError{Value: statusCode(404)}},
		"already terminal":          {err: restate.TerminalErrorf("gone")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := httperror.Filter().Catch(context.Background(), pipeline.NewInvocation(pipeline.Details{}), tt.err)
			if tt.code == 0 {
				require.NoError(t, got)
				return
			}
			if tt.again {
				require.False(t, restate.IsTerminalError(got))
				require.Equal(t, tt.code, restate.AsRetryableError(got).Code())
				require.Equal(t, tt.err.Error(), restate.AsRetryableError(got).Message())
				require.ErrorIs(t, got, tt.err)
				return
			}
			require.Equal(t, tt.code, restate.AsTerminalError(got).Code())
			require.Equal(t, tt.err.Error(), got.Error())
		})
	}
}

func TestTheFilterOfHTTPErrorsWorksAlongsideAnErrorMapping(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		odd := errors.New("odd")
		errs := map[string]error{"missing": statusCode(404), "odd": odd, "down": statusCode(503)}
		var downs atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Global.Filters = []pipeline.Filter{httperror.Filter()}
				cfg.Global.AsTerminalError = func(err error) restate.TerminalError {
					if errors.Is(err, odd) {
						return restate.ToTerminalError(err, restate.WithErrorCode(400))
					}
					return nil
				}
			},
			method: method(func(_ restate.Context, in order) (string, error) {
				if in.Item == "down" && downs.Add(1) > 1 {
					return "up", nil
				}
				return "", errs[in.Item]
			}),
		})
		missing := a.call(order{Item: "missing"})
		require.Equal(t, http.StatusNotFound, missing.status)
		require.Equal(t, []pipeline.Outcome{pipeline.Terminal}, a.outcomes(missing.id))
		require.Equal(t, http.StatusBadRequest, a.call(order{Item: "odd"}).status)
		down := a.call(order{Item: "down"})
		require.Equal(t, http.StatusOK, down.status)
		require.Equal(t, []pipeline.Outcome{pipeline.Retryable, pipeline.Completed}, a.outcomes(down.id))
	})
}

func TestTheFilterOfHTTPErrorsWorksInSteps(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		for name, tt := range map[string]struct {
			err  error
			opts []restate.RunOption
			code int
			runs int32
		}{
			"a client error ends the step":                  {statusCode(404), nil, 404, 1},
			"one with a long text too":                      {fmt.Errorf("%s: %w", strings.Repeat("long ", 2000), statusCode(404)), nil, 404, 1},
			"a zero Retry-After is none":                    {errors.Join(busy{0}, statusCode(403)), nil, 403, 1},
			"the status stays when the retries end":         {statusCode(503), limited, 503, 3},
			"the status of one that may be repeated, too":   {errors.Join(busy{time.Millisecond}, statusCode(429)), limited, 429, 3},
			"an error without a status is what it would be": {errors.New("down"), limited, 500, 3},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var runs atomic.Int32
				a := serve(t, spec{
					always:    always,
					configure: func(cfg *pipeline.Config) { cfg.Global.Filters = []pipeline.Filter{httperror.Filter()} },
					method: method(func(ctx restate.Context, _ order) (string, error) {
						return restate.Run(ctx, func(restate.RunContext) (string, error) {
							runs.Add(1)
							return "", tt.err
						}, tt.opts...)
					}),
				})
				out := a.call(order{})
				require.Equal(t, tt.code, out.status, out.body)
				require.Equal(t, tt.runs, runs.Load())
			})
		}
	})
}

// limited retries a step twice.
var limited = []restate.RunOption{restate.WithMaxRetryAttempts(3), restate.WithInitialRetryInterval(time.Millisecond)}

func TestFiltersSeeTheErrorsOfStepsFromTheInsideOut(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var mu sync.Mutex
		var seen []string
		sees := func(level string, takes func(error) error) []pipeline.Filter {
			return []pipeline.Filter{pipeline.FilterFunc(func(ctx context.Context, inv *pipeline.Invocation, err error) error {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, fmt.Sprintf("%s %s %s: %v", level, pipeline.StageOf(ctx), inv.Handler(), err))
				return takes(err)
			})}
		}
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Handler.Filters = sees("handler", func(error) error { return nil })
				cfg.Global.Filters = sees("global", func(err error) error {
					if restate.IsTerminalError(err) {
						return nil
					}
					return restate.ToTerminalError(fmt.Errorf("mapped: %w", err), restate.WithErrorCode(418))
				})
			},
			method: method(func(ctx restate.Context, _ order) (string, error) {
				got, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "", errors.New("no tea") })
				if failure := restate.AsTerminalError(err); failure != nil {
					return fmt.Sprint(failure.Code(), " ", failure.Message()), nil
				}
				return got, err
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.Contains(t, out.body, "418 mapped: no tea")
		require.Equal(t, []string{"handler filter Do: no tea", "global filter Do: no tea"}, seen)
	})
}

func TestAFilterOfAStepThatPanicsFailsTheStep(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	a := serve(t, spec{
		configure: func(cfg *pipeline.Config) {
			cfg.Handler.Filters = []pipeline.Filter{pipeline.FilterFunc(func(context.Context, *pipeline.Invocation, error) error {
				panic("filter")
			})}
		},
		method: method(func(ctx restate.Context, _ order) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) {
				if runs.Add(1) > 1 {
					return "done", nil
				}
				return "", errors.New("down")
			})
		}),
	})
	out := a.call(order{})
	require.Equal(t, http.StatusOK, out.status, out.body)
	require.EqualValues(t, 2, runs.Load())
}

func TestCatchFindsErrorsByType(t *testing.T) {
	t.Parallel()
	catch := pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *notFoundError) error {
		return restate.ToTerminalError(err, restate.WithErrorCode(404))
	})
	terminal := pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err restate.TerminalError) error {
		return fmt.Errorf("again: %s", err.Message())
	})
	inv := pipeline.NewInvocation(pipeline.Details{})
	require.NoError(t, catch.Catch(context.Background(), inv, errors.New("other")))
	require.Error(t, catch.Catch(context.Background(), inv, fmt.Errorf("find: %w", &notFoundError{})))
	require.EqualError(t, terminal.Catch(context.Background(), inv, restate.TerminalErrorf("gone")), "again: gone")
}
