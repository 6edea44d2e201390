package endpoint_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// stopTime returns how long a stop takes while an attempt of a handler is in flight, if
// one is named, to the tick: the time of a bubble stands while anything runs, so that a
// busy machine does not matter. There is no network in a bubble.
func stopTime(t *testing.T, w *Worker, handler string, cfg endpoint.Config, stop func(*endpoint.Endpoint)) (time.Duration, *observer.ObservedLogs) {
	t.Helper()
	require.NoError(t, testkit.CompileCore())
	var took time.Duration
	var lines *observer.ObservedLogs
	synctest.Test(t, func(t *testing.T) {
		cfg.Mode, cfg.RequestResponse = endpoint.Mounted, true
		w.begun, w.release = make(chan struct{}, 1), make(chan struct{})
		var e *endpoint.Endpoint
		e, lines = newEndpoint(t, cfg, define(t, "worker", w))
		require.NoError(t, e.Start(t.Context()))
		if handler != "" {
			r := httptest.NewRequest(http.MethodPost, "/invoke/worker/"+handler, bytes.NewReader(invocationOf("1", "")))
			r.Header.Set("Content-Type", invocationV5)
			go e.ServeHTTP(httptest.NewRecorder(), r)
			<-w.begun
		}
		began := time.Now()
		stop(e)
		took = time.Since(began)
		close(w.release)
	})
	return took, lines
}

func TestAStopTakesTheTimeThatItNeeds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler string
		cfg     endpoint.Config
		limit   time.Duration // of the context
		want    time.Duration
		fails   bool
	}{
		"none with nothing in flight": {limit: time.Hour},
		"the drain timeout with a handler that ends with its context": {
			handler: "Polite", cfg: endpoint.Config{DrainTimeout: 3 * time.Second}, limit: time.Hour, want: 3 * time.Second,
		},
		"nine tenths of its context's with a longer drain timeout": {
			handler: "Polite", cfg: endpoint.Config{DrainTimeout: time.Hour}, limit: 5 * time.Second, want: 4500 * time.Millisecond,
		},
		"a little less than its context's with a handler that ignores its context": {
			handler: "Compute", cfg: endpoint.Config{DrainTimeout: time.Second}, limit: 5 * time.Second, want: 4900 * time.Millisecond, fails: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			took, lines := stopTime(t, newWorker(), tt.handler, tt.cfg, func(e *endpoint.Endpoint) {
				ctx, cancel := context.WithTimeout(context.Background(), tt.limit)
				defer cancel()
				err = e.Stop(ctx)
			})
			require.Equal(t, tt.want, took)
			if !tt.fails {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "endpoint: stop: 1 attempts do not return")
			require.ErrorContains(t, err, "worker/Compute")
			require.Len(t, messages(lines, "handlers do not return; they must end when their context does"), 1)
		})
	}
}
