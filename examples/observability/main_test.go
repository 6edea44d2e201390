package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/fx"

	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) { restatetest.Main(m) }

func TestDemoWritesTheMetricsAndTheSpansOfAnOrder(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, demo(&out))
	require.Contains(t, out.String(), "\n  tea is paid\n")
	require.Contains(t, out.String(), "\n  restate_invocation_completed_total{restate_outcome=completed,rpc_method=Place,rpc_service=Orders,rpc_system=restate} 1\n")
	require.Regexp(t, `(?m)^  POST /orders/\{item\}, .*\n(.*\n)*    Orders/Place, .*\n(.*\n)*    +charge, `, out.String())
}

// start runs the shop, and returns the URL of its API.
func start(t *testing.T, backend restatetest.Option) string {
	t.Helper()
	var api *httpserver.Server
	restatetest.Start(t, backend, shop, fx.Populate(&api),
		fx.Provide(func() sdktrace.SpanExporter { return tracetest.NewNoopExporter() }))
	return api.URL()
}

func do(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

func TestAScrapeHasTheNumbersOfTheDashboard(t *testing.T) {
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) { scrapeHasTheNumbers(t, start(t, backend)) })
}

func scrapeHasTheNumbers(t *testing.T, url string) {
	t.Helper()
	for i := range delivered + 1 {
		status, body := do(t, http.MethodPost, url+"/orders/tea")
		if i == delivered {
			require.Equal(t, http.StatusBadGateway, status, body)
		} else {
			require.Equal(t, http.StatusOK, status, body)
		}
	}
	_, scrape := do(t, http.MethodGet, url+"/metrics")
	value := func(name string, labels ...string) string {
	lines:
		for line := range strings.Lines(scrape) {
			if !strings.HasPrefix(line, name+"{") {
				continue
			}
			for _, l := range labels {
				if !strings.Contains(line, l) {
					continue lines
				}
			}
			return strings.TrimSpace(line[strings.LastIndex(line, " "):])
		}
		return ""
	}
	place := `rpc_method="Place"`
	require.Equal(t, fmt.Sprint(delivered), value("restate_invocation_completed_total", place, `restate_outcome="completed"`), scrape)
	require.Equal(t, "1", value("restate_invocation_completed_total", place, `restate_outcome="terminal"`), scrape)
	require.Equal(t, fmt.Sprint(delivered), value("restate_step_duration_seconds_count", place), scrape)
	require.Equal(t, "0", value("restate_attempt_active", place), scrape)
	require.Equal(t, "1", value("restate_application_ready"), scrape)

	// Each metric that the dashboard asks for is there, or comes with the first event.
	rare := map[string]bool{"restate_step_replayed_total": true, "restate_step_retried_total": true, "restate_attempt_refused_total": true}
	for _, name := range queried(t) {
		if !rare[name] {
			require.Contains(t, scrape, "\n"+name+"{", "the dashboard asks for it")
		}
	}
}

// queried are the application's metrics that the dashboard asks for.
func queried(t *testing.T) (names []string) {
	t.Helper()
	b, err := os.ReadFile("grafana/shop.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(b, &dashboard))
	metric := regexp.MustCompile(`restate_(attempt|step|invocation|application)_[a-z_]+`)
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			found := metric.FindAllString(target.Expr, -1)
			require.NotEmpty(t, found, target.Expr)
			names = append(names, found...)
		}
	}
	require.NotEmpty(t, names)
	return names
}
