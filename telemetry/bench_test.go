package telemetry_test

import (
	"context"
	"log/slog"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk/sdktest"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/telemetry"
)

// fresh is the SDK of an attempt that does not replay.
type fresh struct {
	sdktest.SDK
	log     *slog.Logger
	request *restate.Request
}

func (f *fresh) Log() *slog.Logger         { return f.log }
func (f *fresh) Request() *restate.Request { return f.request }

// enabled is a log handler that writes nothing, and is not silent on replay.
type enabled struct{ slog.Handler }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }

func newFresh() *fresh {
	return &fresh{
		SDK: sdktest.New(context.Background()), log: slog.New(enabled{slog.DiscardHandler}),
		request: &restate.Request{ID: "inv_1"},
	}
}

// attempt returns an attempt of a handler with what cfg observes.
func attempt(t testing.TB, cfg telemetry.Config, body func(ctx restate.Context)) func() {
	t.Helper()
	tel, err := telemetry.New(cfg)
	require.NoError(t, err)
	return attemptOf(t, tel.Stages(), body)
}

func attemptOf(t testing.TB, stages pipeline.Stages, body func(ctx restate.Context)) func() {
	t.Helper()
	result := any("done")
	encoded := []byte(`"done"`)
	chain, err := pipeline.Compile(pipeline.Config{
		Target: handler.Target{Service: "shop", Handler: "Buy", Kind: handler.Service}, Global: stages,
		Method: method{func(ctx restate.Context) any { body(ctx); return result }, encoded},
	})
	require.NoError(t, err)
	ctx := newFresh()
	return func() {
		if _, err := chain.Call(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
}

type method struct {
	call    func(restate.Context) any
	encoded []byte
}

func (m method) Decode(handler.Source) (any, error)           { return nil, nil }
func (m method) Call(ctx restate.Context, _ any) (any, error) { return m.call(ctx), nil }
func (m method) Encode(any) ([]byte, error)                   { return m.encoded, nil }

func nothing(restate.Context) {}

func runStep(ctx restate.Context) {
	_, _ = restate.Run(ctx, func(restate.RunContext) (int, error) { return 0, nil }, restate.WithName("charge"))
}

// observing has a sampler that takes all spans and an exporter that drops them.
func observing() telemetry.Config {
	return telemetry.Config{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(tracetest.NewNoopExporter()), sdktrace.WithSampler(sdktrace.AlwaysSample())),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
	}
}

// BenchmarkTelemetry measures attempts of a handler that does nothing, and executed steps
// inside of one attempt. The pipeline's own share is in off and in step-off.
func BenchmarkTelemetry(b *testing.B) {
	for name, cfg := range map[string]telemetry.Config{"off": {}, "on": observing()} {
		b.Run(name, func(b *testing.B) {
			once := attempt(b, cfg, nothing)
			b.ReportAllocs()
			for b.Loop() {
				once()
			}
		})
	}
	for name, cfg := range map[string]telemetry.Config{"step-off": {}, "step": observing()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			attempt(b, cfg, func(ctx restate.Context) {
				for b.Loop() {
					runStep(ctx)
				}
			})()
		})
	}
}

// Telemetry that is off is not there: an attempt goes the same way as without it.
func TestTelemetryThatIsOffAttachesNothing(t *testing.T) {
	off, err := telemetry.New(telemetry.Config{})
	require.NoError(t, err)
	require.Equal(t, pipeline.Stages{}, off.Stages())
	on, err := telemetry.New(observing())
	require.NoError(t, err)
	require.NotEqual(t, pipeline.Stages{}, on.Stages())
}
