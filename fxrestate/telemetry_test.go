package fxrestate_test

import (
	"context"
	"fmt"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/telemetry"
)

func TestMistakesWithTelemetryAreErrorsOfNew(t *testing.T) {
	t.Parallel()
	cfg := telemetry.Config{}
	tests := map[string]struct {
		opts []fx.Option
		want string
	}{
		"no constructor": {
			[]fx.Option{fxrestate.Telemetry(nil)},
			"the constructor is nil; pass the function that returns telemetry.Config",
		},
		"a pointer to a Config": {
			[]fx.Option{fxrestate.Telemetry(&cfg)},
			"the constructor is a *telemetry.Config; pass the function that returns telemetry.Config",
		},
		"a constructor of something else": {
			[]fx.Option{fxrestate.Telemetry(func() *trace.TracerProvider { return nil })},
			"the constructor func() *trace.TracerProvider does not return telemetry.Config; pass the function that does",
		},
		"a constructor that takes what is made of the services": {
			[]fx.Option{fxrestate.Telemetry(func(*fxrestate.Health) telemetry.Config { return cfg })},
			"takes a *fxrestate.Health, which is made after the services",
		},
		"twice": {
			[]fx.Option{fxrestate.Telemetry(cfg), fxrestate.Telemetry(cfg)},
			"fxrestate: Telemetry is listed 2 times (telemetry_test.go:",
		},
		"a provider that is not provided": {
			[]fx.Option{fxrestate.Telemetry(func(metric.MeterProvider) telemetry.Config { return cfg })},
			"missing type: metric.MeterProvider",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, testkit.NewError(t, tt.opts...), tt.want)
		})
	}
	t.Run("without Module", func(t *testing.T) {
		t.Parallel()
		err := fx.New(fx.NopLogger, fxrestate.Telemetry(cfg)).Err()
		require.ErrorContains(t, err, "is listed without fxrestate.Module")
	})
}

// idler has a handler to observe.
type idler struct{}

func (*idler) Idle(restate.Context) error { return nil }

func passStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	return next(ctx, step)
}

func passCall(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
	return next(ctx, call)
}

func watch(context.Context, *pipeline.Invocation, pipeline.Ending) {}

func TestTelemetryStandsOutsideAllOtherMembers(t *testing.T) {
	t.Parallel()
	var e *endpoint.Endpoint
	members := func(cfg telemetry.Config) (list []string) {
		app := fx.New(fxrestate.Module, fx.NopLogger, fx.Supply(zap.NewNop()), fx.Populate(&e),
			fxrestate.Use(
				fxrestate.StepInterceptors(passStep), fxrestate.CallInterceptors(passCall), fxrestate.Observers(watch)),
			fxrestate.Telemetry(func() (telemetry.Config, error) { return cfg, nil }),
			fxrestate.Service[*idler](func() *idler { return &idler{} }))
		require.NoError(t, app.Err())
		for _, m := range e.Chains()[0].Members() {
			list = append(list, fmt.Sprint(m.Stage, " ", m.Name))
		}
		return list
	}
	require.Equal(t, []string{
		"observer telemetry", "observer pipeline.panicLog", "observer fxrestate_test.watch",
		"step interceptor telemetry", "step interceptor fxrestate_test.passStep",
		"call interceptor telemetry", "call interceptor fxrestate_test.passCall",
	}, members(telemetry.Config{TracerProvider: trace.NewTracerProvider()}))
	require.Equal(t, []string{
		"observer pipeline.panicLog", "observer fxrestate_test.watch",
		"step interceptor fxrestate_test.passStep", "call interceptor fxrestate_test.passCall",
	}, members(telemetry.Config{}), "a zero Config attaches nothing")
}

// Porter works until it is let go.
type Porter struct{ works, done chan struct{} }

func (p *Porter) Work(restate.Context) error {
	p.works <- struct{}{}
	<-p.done
	return nil
}

// An alarm on 0 must not find nothing while attempts end.
func TestReadinessIsReportedUntilTheEndOfTheStop(t *testing.T) {
	t.Parallel()
	name, porter, reader := testkit.Unique("porter"), &Porter{make(chan struct{}, 10), make(chan struct{})}, sdkmetric.NewManualReader()
	a := testkit.Build(t, fx.Supply(testkit.Config()),
		fxrestate.Service[*Porter](testkit.Made(porter), fxrestate.Name(name)),
		fxrestate.Telemetry(telemetry.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))}))
	ready := func() (values []int64) {
		var data metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &data))
		for _, scope := range data.ScopeMetrics {
			for _, m := range scope.Metrics {
				if m.Name == "restate.application.ready" {
					values = append(values, m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value)
				}
			}
		}
		return values
	}
	require.Equal(t, []int64{0}, ready())
	a.RequireStart()
	require.Equal(t, []int64{1}, ready())
	id := testkit.Submit(t, testkit.Path(name, "Work"), nil)
	testkit.Receive(t, porter.works, "the attempt")
	stopped := make(chan error, 1)
	go func() { stopped <- a.Stop(context.Background()) }()
	testkit.Until(t, func() bool { return len(a.Lines("draining")) == 1 }, "it does not drain")
	require.Equal(t, []int64{0}, ready())
	close(porter.done)
	require.NoError(t, testkit.Receive(t, stopped, "the stop"))
	require.Empty(t, ready())
	require.Equal(t, 200, testkit.Attach(t, id).Status)
}
