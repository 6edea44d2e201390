package telemetry_test

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/telemetry"
)

// Greeter has a handler with a step.
type Greeter struct{}

func (*Greeter) Greet(ctx restate.Context, name string) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) {
		return "Hello " + name, nil
	}, restate.WithName("compose"))
}

// newTracerProvider is the application's. In earnest its exporter is one of OTLP, in batches,
// and the hook is provider.Shutdown.
func newTracerProvider(lc fx.Lifecycle, exporter *tracetest.InMemoryExporter) *sdktrace.TracerProvider {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	lc.Append(fx.StopHook(provider.ForceFlush))
	return provider
}

func Example() {
	exporter := tracetest.NewInMemoryExporter()
	// testkit.StartApp starts fx.New with fxrestate.Module on a restate-server.
	client, stop := testkit.StartApp(
		fx.Supply(exporter),
		fx.Provide(newTracerProvider),
		fxrestate.Telemetry(func(tp *sdktrace.TracerProvider) telemetry.Config {
			return telemetry.Config{TracerProvider: tp}
		}),
		fxrestate.Service[*Greeter](func() *Greeter { return &Greeter{} }),
	)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada"); err != nil {
		fmt.Println(err)
	}
	stop()
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.SpanKind, span.Name)
	}
	// Output:
	// internal compose
	// server Greeter/Greet
}
