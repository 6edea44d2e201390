package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		err  error
		code restate.Code // 0: left alone
	}{
		"StatusCode":                {statusCode(404), 404},
		"HTTPStatus":                {httpStatus(409), 409},
		"GetStatus":                 {getStatus(422), 422},
		"the outer of two methods":  {httpAround{503, statusCode(404)}, 0},
		"an outer client error":     {httpAround{409, statusCode(503)}, 409},
		"an outer last method":      {getAround{422, httpAround{409, statusCode(404)}}, 422},
		"the first joined":          {errors.Join(errors.New("down"), httpStatus(409), statusCode(404)), 409},
		"wrapped":                   {fmt.Errorf("find: %w", statusCode(404)), 404},
		"the first of them":         {statusCode(400), 400},
		"the last of them":          {statusCode(499), 499},
		"a server error":            {statusCode(500), 0},
		"a redirect":                {statusCode(399), 0},
		"no status":                 {errors.New("down"), 0},
		"one that asks for a retry": {pipeline.RetryAfter(statusCode(429), time.Second), 0},
		"a panic with such a value": {&pipeline.PanicError{Value: statusCode(404)}, 0},
		"already terminal":          {restate.TerminalErrorf("gone"), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := httperror.Filter().Catch(context.Background(), pipeline.NewInvocation(pipeline.Details{}), tt.err)
			if tt.code == 0 {
				require.NoError(t, got)
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
