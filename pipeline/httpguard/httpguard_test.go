package httpguard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httpguard"
)

func TestMiddleware(t *testing.T) {
	t.Parallel()
	decide := func(ok bool, err error) pipeline.Guard {
		return pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) { return ok, err })
	}
	var seen *pipeline.Invocation
	look := pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
		seen = inv
		return true, nil
	})
	durable := pipeline.Durable(pipeline.DurableGuardFunc(func(restate.Context, *pipeline.Invocation) (bool, error) {
		t.Error("must not be asked")
		return true, nil
	}))
	tests := map[string]struct {
		guards []pipeline.Guard
		status int
		body   string
	}{
		"no guards":           {nil, 200, "paid"},
		"all allow":           {[]pipeline.Guard{decide(true, nil), look}, 200, "paid"},
		"one refuses":         {[]pipeline.Guard{decide(true, nil), decide(false, nil)}, 403, `{"code":403,"message":"Forbidden"}` + "\n"},
		"a terminal error":    {[]pipeline.Guard{decide(false, restate.ToTerminalError(errors.New("pay first"), restate.WithErrorCode(402)))}, 402, `{"code":402,"message":"pay first"}` + "\n"},
		"a code that is none": {[]pipeline.Guard{decide(false, restate.ToTerminalError(errors.New("odd"), restate.WithErrorCode(7)))}, 500, `{"code":500,"message":"odd"}` + "\n"},
		"another error":       {[]pipeline.Guard{decide(false, errors.New("secret"))}, 500, `{"code":500,"message":"Internal Server Error"}` + "\n"},
		"a durable guard":     {[]pipeline.Guard{durable}, 500, `{"code":500,"message":"Internal Server Error"}` + "\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			router := chi.NewRouter()
			var lines bytes.Buffer
			router.With(httpguard.Middleware(slog.New(slog.NewTextHandler(&lines, nil)), tt.guards...)).Post("/pay/{id}", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "paid")
			})
			request := httptest.NewRequest(http.MethodPost, "/pay/1", nil)
			request.Header.Set("X-Tenant", "acme")
			response := httptest.NewRecorder()
			router.ServeHTTP(response, request)
			require.Equal(t, tt.status, response.Code)
			require.Equal(t, tt.body, response.Body.String())
			hidden := tt.status == 500 && name != "a code that is none"
			require.Equal(t, hidden, strings.Contains(lines.String(), `level=ERROR msg="guard failed" request="POST /pay/1" err=`), lines.String())
		})
	}
	require.Equal(t, pipeline.TypeHTTP, seen.Type())
	require.Equal(t, "POST /pay/1", seen.String())
	require.Equal(t, "acme", seen.Header("x-tenant"))
	require.Empty(t, seen.Kind())
	in, err := seen.Input()
	require.NoError(t, err)
	require.Nil(t, in)
}

func ExampleMiddleware() {
	// The same guard for handlers of Restate and for a route.
	tenants := pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
		return inv.Header("x-tenant") == "acme", nil
	})

	router := chi.NewRouter()
	router.With(httpguard.Middleware(slog.Default(), tenants)).Get("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "welcome")
	})

	for _, tenant := range []string{"acme", "other"} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("X-Tenant", tenant)
		response := httptest.NewRecorder()
		router.ServeHTTP(response, request)
		fmt.Print(response.Code, " ", response.Body)
	}
	// Output:
	// 200 welcome
	// 403 {"code":403,"message":"Forbidden"}
}
