package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// serving is an endpoint that serves carts under many names.
func serving(t testing.TB, cfg endpoint.Config, names ...string) *endpoint.Endpoint {
	t.Helper()
	var definitions []restate.ServiceDefinition
	for _, name := range names {
		d, err := handler.Spec{Type: reflect.TypeFor[*Cart](), Name: name, Kind: handler.Object}.Describe()
		require.NoError(t, err)
		definitions = append(definitions, endpoint.Definition(d, new(Cart)))
	}
	e, err := endpoint.New(cfg, slog.DiscardHandler, definitions...)
	require.NoError(t, err)
	return e
}

func many(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("Carts%04d", i))
	}
	return names
}

func TestAPageOfManyServicesShowsSomeOfThem(t *testing.T) {
	t.Parallel()
	page := dashboard.New(dashboard.Config{Endpoint: serving(t, endpoint.Config{Mode: endpoint.Mounted}, many(1500)...)})
	shown := load(t, page, "")
	services := shown.html(t).section(t, "services")
	require.Len(t, services.all("article"), 100)
	require.Contains(t, services.text(), "and 1 400 more services: find them by name")
	require.Contains(t, shown.html(t).section(t, "overview").text(), "1 500 services, 3 000 handlers")
	require.Less(t, shown.Body.Len(), 4<<20)
	found := load(t, page, "?find=carts1499/v").html(t).section(t, "services")
	require.Len(t, found.all("article"), 1)
	require.Len(t, found.all("details"), 1)
	require.NotEmpty(t, found.all("pre"))
}

func TestAPageInModeLambdaNamesHandlers(t *testing.T) {
	t.Parallel()
	shown := load(t, dashboard.New(dashboard.Config{Endpoint: serving(t, endpoint.Config{Mode: endpoint.Lambda}, "Carts")}), "").html(t)
	require.Len(t, shown.section(t, "services").all("details"), 2)
	require.Contains(t, shown.section(t, "services").text(), "a Lambda function answers discovery itself")
}

func TestALongListOfStuckInvocationsIsCut(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("orders")
	var page *dashboard.Page
	testkit.Start(t, fx.Populate(&page), fxrestate.Service[*Orders](testkit.Made(&Orders{text: "no paper"}), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryAttempts(1))))
	const all = 23
	var ids []string
	for range all {
		ids = append(ids, testkit.Submit(t, testkit.Path(name, "Print"), Item{}))
	}
	for _, id := range ids {
		testkit.AwaitStatus(t, id, "paused")
	}
	t.Cleanup(func() {
		for _, id := range ids {
			require.NoError(t, testkit.Admin().KillInvocation(context.WithoutCancel(t.Context()), id))
		}
	})
	testkit.Eventually(t, func() error { // an answer is good for a second
		stuck := load(t, page, "").html(t).section(t, "stuck")
		if rows := len(stuck.rows()); rows != 21 || !strings.HasSuffix(stuck.text(), "and 3 more") {
			return fmt.Errorf("%d rows: %s", rows, stuck.text())
		}
		return nil
	})
}

func TestThePageShowsDrift(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("carts")
	var page *dashboard.Page
	testkit.Start(t, fx.Populate(&page), fxrestate.Object[*Cart](testkit.Made(new(Cart)), fxrestate.Name(name)))
	theirs := testkit.Start(t, fxrestate.Object[*Cart](testkit.Made(new(Cart)), fxrestate.Name(name), fxrestate.Exclude((*Cart).View)))
	other := testkit.ServiceOf(t, name).DeploymentID
	testkit.Eventually(t, func() error {
		drift := load(t, page, "").html(t).section(t, "drift")
		for _, want := range []string{
			fmt.Sprintf("%q is served by %s at %s/", name, other, theirs.URL()),
			name + "/View is served here, and the server does not know it",
		} {
			if !strings.Contains(drift.text(), want) {
				return errors.New(drift.text())
			}
		}
		return nil
	})
}

func TestTheLastFailuresAreBounded(t *testing.T) {
	t.Parallel()
	var failures dashboard.Failures
	require.Empty(t, failures.Last())
	inv := pipeline.NewInvocation(pipeline.Details{Target: handler.Target{Service: "A", Handler: "Do"}, ID: "inv_1"})
	end := func(outcome pipeline.Outcome, err error) {
		failures.Ended(t.Context(), inv, pipeline.Ending{Outcome: outcome, Err: err, Cause: err})
	}
	end(pipeline.Completed, nil)
	end(pipeline.Suspended, nil)
	end(pipeline.Aborted, errors.New("cut"))
	end(pipeline.Retryable, fmt.Errorf("wrapped: %w", &pipeline.PanicError{Value: "told by Panicked"}))
	require.Empty(t, failures.Last())
	for i := range 120 {
		end(pipeline.Terminal, fmt.Errorf("failure %d %s", i, strings.Repeat("long ", 5000)))
	}
	failures.Panicked(t.Context(), inv, &pipeline.PanicError{Value: "bug"})
	last := failures.Last()
	require.Len(t, last, 50)
	require.Equal(t, "panic: bug", last[0].Text)
	require.Equal(t, "panic", last[0].Kind)
	for i, f := range last[1:] {
		require.True(t, strings.HasPrefix(f.Text, fmt.Sprintf("failure %d ", 119-i)), f.Text[:20])
		require.Equal(t, []string{"A/Do", "inv_1", "terminal"}, []string{f.Target, f.InvocationID, f.Kind})
		require.LessOrEqual(t, len(f.Text), 4<<10)
	}
}

// Not parallel: it counts allocations.
func TestAnAttemptThatDoesNotFailCostsNothing(t *testing.T) {
	var failures dashboard.Failures
	inv := pipeline.NewInvocation(pipeline.Details{})
	require.Zero(t, testing.AllocsPerRun(100, func() {
		failures.Ended(t.Context(), inv, pipeline.Ending{Outcome: pipeline.Completed})
	}))
}

func FuzzAnyRequestGetsAPage(f *testing.F) {
	page := dashboard.New(dashboard.Config{Endpoint: serving(f, endpoint.Config{Mode: endpoint.Mounted}, many(3)...)})
	f.Add("find=carts&refresh=5", "text/html")
	f.Add("find=%1b%00<script>&format=json", "application/json")
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		shown := answer{w}
		require.Equal(t, http.StatusOK, w.Code)
		require.NotContains(t, w.Body.String(), "\x1b")
		if w.Header().Get("Content-Type") == "application/json" {
			shown.json(t)
			return
		}
		require.Empty(t, shown.html(t).all("script"))
		require.Len(t, shown.html(t).all("h1"), 1)
	})
}
