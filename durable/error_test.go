package durable_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/handler"
)

func TestErrorsOfTheSDKAreKnownByWhatTheyHaveInCommon(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		code restate.Code // 0: it is none of the SDK's
	}{
		"a terminal one":          {restate.TerminalErrorf("no"), http.StatusInternalServerError},
		"a terminal one, wrapped": {fmt.Errorf("order: %w", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(http.StatusNotFound))), http.StatusNotFound},
		"a retryable one":         {restate.ToRetryableError(errors.New("busy"), restate.WithErrorCode(http.StatusServiceUnavailable)), http.StatusServiceUnavailable},
		"a timeout":               {durable.NewTimeoutError(""), http.StatusRequestTimeout},
		"a cancellation":          {durable.NewCancelledError(), http.StatusConflict},
		"a plain one":             {errors.New("plain"), 0},
		"none":                    {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.code != 0, durable.IsRestateError(tt.err))
			var own durable.Error
			require.Equal(t, tt.code != 0, errors.As(tt.err, &own))
			if own != nil {
				require.Equal(t, tt.code, own.Code())
				require.NotEmpty(t, own.Message())
			}
		})
	}
}

func TestErrorsOfWaitingAreWhatThePredicatesAskFor(t *testing.T) {
	t.Parallel()
	require.True(t, durable.IsTimeout(durable.NewTimeoutError("the bank timed out")))
	require.False(t, durable.IsTimeout(durable.NewCancelledError()))
	require.True(t, durable.IsCancelled(fmt.Errorf("order: %w", durable.NewCancelledError())))
	require.False(t, durable.IsCancelled(durable.NewTimeoutError("")))

	own := restate.AsTerminalError(durable.NewCancelledError())
	for whose, err := range map[string]struct {
		err                error
		cancelled, itsSelf bool
	}{
		"this invocation's":                    {own, true, true},
		"this invocation's, wrapped":           {fmt.Errorf("order: %w", own), true, true},
		"this invocation's, in a call":         {&handler.CallError{TerminalError: own, CallerCancelled: true}, true, true},
		"a callee's":                           {&handler.CallError{TerminalError: own}, true, false},
		"a callee's, wrapped":                  {fmt.Errorf("order: %w", &handler.CallError{TerminalError: own}), true, false},
		"a callee's that was compensated for":  {&durable.CompensationError{TerminalError: own, Cause: &handler.CallError{TerminalError: own}}, true, false},
		"of this one that was compensated for": {&durable.CompensationError{TerminalError: own, Cause: own}, true, true},
		"none":                                 {restate.TerminalErrorf("no"), false, false},
		"no error":                             {nil, false, false},
	} {
		require.Equal(t, err.cancelled, durable.IsCancelled(err.err), whose)
		require.Equal(t, err.itsSelf, durable.IsSelfCancelled(err.err), whose)
	}
	require.Equal(t, "the bank timed out", restate.AsTerminalError(durable.NewTimeoutError("the bank timed out")).Message())
	require.Equal(t, "timed out", restate.AsTerminalError(durable.NewTimeoutError("")).Message())
}
