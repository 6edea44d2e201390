package telemetry_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/telemetry"
)

// point is a value of a metric for one handler. Of refusals the outcome is the reason.
type point struct{ handler, outcome string }

// read returns the values of the application's metrics by their names: of a histogram the
// count, and under its name with ".sum" the sum, of sizes only.
func (a *app) read(t *testing.T) map[string]map[point]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, a.metrics.Collect(t.Context(), &data))
	all := map[string]map[point]int64{}
	put := func(name string, set attribute.Set, v int64) {
		if all[name] == nil {
			all[name] = map[point]int64{}
		}
		method, _ := set.Value("rpc.method")
		outcome, ok := set.Value("restate.outcome")
		if !ok {
			outcome, _ = set.Value("restate.refusal.reason")
		}
		all[name][point{method.String(), outcome.String()}] = v
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, int64(p.Count))
				}
			case metricdata.Histogram[int64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, int64(p.Count))
					put(m.Name+".sum", p.Attributes, p.Sum)
				}
			}
		}
	}
	return all
}

func TestMetricsCountWhatHappened(t *testing.T) {
	t.Parallel()
	a := start(t)
	_, err := a.buy(t.Context(), order{Fail: "retry"})
	require.NoError(t, err)
	_, err = a.buy(t.Context(), order{Fail: "terminal"})
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(a.shop, "Closed"), nil).Status)
	a.ended(t, a.shop+"/Buy", 3)
	a.ended(t, a.shop+"/Closed", 1)
	a.ended(t, a.stock+"/Count", 2)
	a.ended(t, a.stock+"/Take", 2)

	got := a.read(t)
	require.Equal(t, map[point]int64{
		{"Buy", "retryable"}: 1, {"Buy", "completed"}: 1, {"Buy", "terminal"}: 1, {"Closed", "terminal"}: 1,
		{"Take", "completed"}: 1, {"Count", "completed"}: 1,
	}, got["restate.attempt.duration"])
	require.Equal(t, map[point]int64{{"Buy", ""}: 0, {"Closed", ""}: 0, {"Take", ""}: 0, {"Count", ""}: 0}, got["restate.attempt.active"])
	require.Equal(t, map[point]int64{{"Closed", "guard"}: 1}, got["restate.attempt.refused"])
	require.Equal(t, map[point]int64{
		{"Buy", "completed"}: 1, {"Buy", "terminal"}: 1, {"Closed", "terminal"}: 1,
		{"Take", "completed"}: 1, {"Count", "completed"}: 1,
	}, got["restate.invocation.completed"])
	require.Equal(t, map[point]int64{{"Buy", "completed"}: 2}, got["restate.step.duration"])
	require.Equal(t, map[point]int64{{"Buy", ""}: 1}, got["restate.step.replayed"])
	require.Equal(t, map[point]int64{
		{"Buy", ""}: int64(len(`{"Fail":"retry"}`) + len(`{"Fail":"terminal"}`)), {"Closed", ""}: 0, {"Take", ""}: 0, {"Count", ""}: 0,
	}, got["restate.invocation.input.size.sum"])
	require.Equal(t, map[point]int64{{"Buy", ""}: int64(len(`"taken"`)), {"Take", ""}: int64(len(`"taken"`)), {"Count", ""}: 0}, got["restate.invocation.output.size.sum"])
	require.Equal(t, map[point]int64{{"", ""}: 1}, got["restate.application.ready"])
}

func TestWhatTheEndpointRefusesIsCountedByReason(t *testing.T) {
	t.Parallel()
	a := start(t)
	held := point{"", "held"}
	a.endpoint.Hold("for the test")
	id := testkit.Submit(t, testkit.Path(a.shop, "Buy"), order{})
	testkit.Until(t, func() bool { return a.read(t)["restate.attempt.refused"][held] > 0 }, "no refusal is counted")
	a.endpoint.Release()
	require.Equal(t, http.StatusOK, testkit.Attach(t, id).Status)
	a.ended(t, a.shop+"/Buy", 1)
	require.EqualValues(t, 1, a.read(t)["restate.attempt.duration"][point{"Buy", "completed"}], "a refusal is no attempt that ran")
}

func TestEachCauseOfARefusalIsAReason(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	tel, err := telemetry.New(telemetry.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	tel.Observe(t.Context(), event.Refused{Cause: event.OtherVersion, Requests: 2})
	tel.Observe(t.Context(), event.Refused{Cause: event.Overloaded, Requests: 1})
	tel.Observe(t.Context(), event.Refused{Cause: event.OtherVersion, Requests: 3})
	tel.Observe(t.Context(), event.Draining{Attempts: 1})
	require.Equal(t, map[point]int64{{"", "other_version"}: 5, {"", "overloaded"}: 1}, (&app{metrics: reader}).read(t)["restate.attempt.refused"])
	new(telemetry.Telemetry).Observe(t.Context(), event.Refused{Cause: event.Overloaded, Requests: 1})
}

func TestRetriesOfAStepAreCountedByTheirOutcome(t *testing.T) {
	t.Parallel()
	a := start(t)
	testkit.Post(t, testkit.Path(a.shop, "Flaky"), nil)
	a.ended(t, a.shop+"/Flaky", 2)
	got := a.read(t)
	require.Equal(t, map[point]int64{{"Flaky", "retryable"}: 1, {"Flaky", "completed"}: 1}, got["restate.step.duration"])
	require.NotContains(t, got, "restate.step.replayed", "the second attempt executed the step that the first had begun")
	require.Equal(t, map[point]int64{{"Flaky", ""}: 1}, got["restate.step.retried"])
}

func TestAStepThatNobodyWaitsForIsNotCountedAsReplayed(t *testing.T) {
	t.Parallel()
	a := start(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(a.shop, "Abandon"), nil).Status)
	a.ended(t, a.shop+"/Abandon", 2)
	got := a.read(t)
	require.Equal(t, map[point]int64{{"Abandon", "retryable"}: 1}, got["restate.step.duration"])
	require.NotContains(t, got, "restate.step.replayed", "the journal has no result of it")
}

func TestReplayedStepsThatRunSideBySideAreCounted(t *testing.T) {
	t.Parallel()
	a := start(t)
	testkit.Post(t, testkit.Path(a.shop, "Twice"), nil)
	a.ended(t, a.shop+"/Twice", 2)
	got := a.read(t)
	require.Equal(t, map[point]int64{{"Twice", "completed"}: 2}, got["restate.step.duration"])
	require.Equal(t, map[point]int64{{"Twice", ""}: 2}, got["restate.step.replayed"])
	require.NotContains(t, got, "restate.step.retried")
}

func TestNoMetricSaysWhatUsersSent(t *testing.T) {
	t.Parallel()
	a := start(t)
	_, err := a.buy(t.Context(), order{})
	require.NoError(t, err)
	a.ended(t, a.shop+"/Buy", 1)
	var data metricdata.ResourceMetrics
	require.NoError(t, a.metrics.Collect(t.Context(), &data))
	require.NotEmpty(t, data.ScopeMetrics)
	known := []attribute.Key{"rpc.system", "rpc.service", "rpc.method", "restate.outcome", "restate.refusal.reason"}
	kinds := map[string]bool{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			var sets []attribute.Set
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					sets = append(sets, p.Attributes)
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					sets = append(sets, p.Attributes)
				}
			case metricdata.Histogram[int64]:
				for _, p := range d.DataPoints {
					sets = append(sets, p.Attributes)
				}
			case metricdata.Histogram[float64]:
				require.Equal(t, "s", m.Unit)
				for _, p := range d.DataPoints {
					sets = append(sets, p.Attributes)
				}
			default:
				require.Failf(t, "a metric of another kind", "%s: %T", m.Name, m.Data)
			}
			require.NotEmpty(t, sets, m.Name)
			kinds[fmt.Sprintf("%T", m.Data)] = true
			for _, set := range sets {
				for _, kv := range set.ToSlice() {
					require.Contains(t, known, kv.Key, m.Name)
				}
			}
		}
	}
	require.Subset(t, slices.Collect(maps.Keys(kinds)), []string{"metricdata.Sum[int64]", "metricdata.Histogram[int64]", "metricdata.Histogram[float64]"})
}

func TestReadinessFollowsTheRegistration(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	tel, err := telemetry.New(telemetry.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	a := &app{metrics: reader}
	var reason error = errors.New("not registered yet")
	stop, err := tel.ObserveReady(func() error { return reason })
	require.NoError(t, err)
	require.EqualValues(t, 0, a.read(t)["restate.application.ready"][point{}])
	reason = nil
	require.EqualValues(t, 1, a.read(t)["restate.application.ready"][point{}])
	require.NoError(t, stop())
	require.NotContains(t, a.read(t), "restate.application.ready")
}

// broken makes no instrument.
type broken struct{ metric.MeterProvider }

func (b broken) Meter(string, ...metric.MeterOption) metric.Meter {
	return brokenMeter{b.MeterProvider.Meter("")}
}

type brokenMeter struct{ metric.Meter }

func (brokenMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errors.New("no counter " + name)
}

func TestAnInstrumentThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	cfg := telemetry.Config{MeterProvider: broken{sdkmetric.NewMeterProvider()}}
	_, err := telemetry.New(cfg)
	require.ErrorContains(t, err, "telemetry: no counter restate.attempt.refused")
	err = testkit.NewError(t, fxrestate.Telemetry(cfg))
	require.ErrorContains(t, err, "no counter restate.attempt.refused")
}

func TestMetricsAloneMakeNoSpan(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	tel, err := telemetry.New(telemetry.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	stages := tel.Stages()
	require.Len(t, stages.Observers, 1)
	require.Len(t, stages.StepInterceptors, 1)
	require.Empty(t, stages.CallInterceptors)
	base := &http.Transport{}
	require.Equal(t, http.RoundTripper(base), tel.Transport(base))
}

func TestAttemptsAreActiveWhileTheyRun(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	cfg := telemetry.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))}
	active := func() (n []int64) {
		var data metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &data))
		for _, scope := range data.ScopeMetrics {
			for _, m := range scope.Metrics {
				if m.Name == "restate.attempt.active" {
					sum := m.Data.(metricdata.Sum[int64])
					require.False(t, sum.IsMonotonic)
					require.Equal(t, metricdata.CumulativeTemporality, sum.Temporality)
					for _, p := range sum.DataPoints {
						n = append(n, p.Value)
					}
				}
			}
		}
		return n
	}
	require.Empty(t, active())
	innermost := attempt(t, cfg, func(restate.Context) { require.Equal(t, []int64{2}, active(), "of all with one MeterProvider") })
	attempt(t, cfg, func(restate.Context) {
		require.Equal(t, []int64{1}, active())
		innermost()
		require.Equal(t, []int64{1}, active())
	})()
	require.Equal(t, []int64{0}, active())
}
