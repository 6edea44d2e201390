package handler_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

func TestTheCodeOfAnErrorIsThatOfItsTerminalError(t *testing.T) {
	t.Parallel()
	gone := restate.ToTerminalError(errors.New("gone"), restate.WithErrorCode(http.StatusGone))
	for name, tt := range map[string]struct {
		err  error
		want restate.Code
	}{
		"of a call":           {&handler.CallError{TerminalError: gone, Target: "shop/Find"}, http.StatusGone},
		"of a wrapped call":   {fmt.Errorf("find: %w", &handler.CallError{TerminalError: gone}), http.StatusGone},
		"of a terminal error": {gone, http.StatusGone},
		"of one without any":  {restate.TerminalErrorf("broken"), http.StatusInternalServerError},
		"of a retryable one":  {restate.ToRetryableError(errors.New("later"), restate.WithErrorCode(http.StatusGone)), 0},
		"of another":          {errors.New("other"), 0},
		"of nothing":          {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, handler.CodeOf(tt.err))
		})
	}
}
