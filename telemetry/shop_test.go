package telemetry_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
	"github.com/fxrestate/go/telemetry"
)

// order is what to do.
type order struct {
	Fail string // "", "retry", "terminal" or "panic"
}

// shop calls the stock.
type shop struct {
	stock    rpc.Object[*stock]
	tracer   trace.Tracer
	attempts atomic.Int32
}

// Buy charges a card, takes what is bought from the stock, and writes a letter.
func (s *shop) Buy(ctx restate.Context, in order) (string, error) {
	if _, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		_, span := s.tracer.Start(ctx, "card API")
		span.End()
		return "charged", nil
	}, restate.WithName("charge")); err != nil {
		return "", err
	}
	if s.attempts.Add(1) == 1 && in.Fail == "retry" {
		return "", errors.New("no luck")
	}
	switch {
	case in.Fail == "terminal":
		return "", restate.ToTerminalError(errors.New("sold out"), restate.WithErrorCode(409))
	case in.Fail == "panic" && s.attempts.Load() == 1:
		panic("burst")
	}
	if _, err := rpc.Send0Void(ctx, s.stock.Key("b"), (*stock).Count); err != nil {
		return "", err
	}
	return rpc.Call0(ctx, s.stock.Key("a"), (*stock).Take)
}

// Flaky has a step that fails once.
func (s *shop) Flaky(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		if s.attempts.Add(1) == 1 {
			return errors.New("not yet")
		}
		return nil
	}, restate.WithName("flaky"))
}

// Twice has two steps side by side, and is retried once.
func (s *shop) Twice(ctx restate.Context) error {
	step := func(restate.RunContext) (int, error) { return 1, nil }
	a, b := restate.RunAsync(ctx, step), restate.RunAsync(ctx, step)
	if _, err := b.Result(); err != nil {
		return err
	}
	if _, err := a.Result(); err != nil {
		return err
	}
	if s.attempts.Add(1) == 1 {
		return errors.New("no luck")
	}
	return nil
}

// Abandon begins a step that it does not wait for in its second attempt.
func (s *shop) Abandon(ctx restate.Context) error {
	begun := restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 0, errors.New("no luck") }, restate.WithName("abandoned"))
	if s.attempts.Add(1) == 1 {
		_, err := begun.Result()
		return err
	}
	return nil
}

// Closed lets nobody in.
func (s *shop) Closed(restate.Context) error { return nil }

func nobody(context.Context, *pipeline.Invocation) (bool, error) { return false, nil }

type stock struct{}

func (*stock) Take(restate.ObjectContext) (string, error) { return "taken", nil }

func (*stock) Count(restate.ObjectContext) error { return nil }

// app is an application with telemetry, and what it observes.
type app struct {
	shop, stock string // the services' names
	client      *ingress.Client
	endpoint    *endpoint.Endpoint
	spans       *tracetest.InMemoryExporter
	provider    *sdktrace.TracerProvider
	metrics     *metric.ManualReader
}

func start(t *testing.T, opts ...restate.ServiceDefinitionOption) *app {
	t.Helper()
	return startOn(t, testkit.Server(), opts...)
}

// startOn starts it on a server.
func startOn(t *testing.T, on *devserver.Server, opts ...restate.ServiceDefinitionOption) *app {
	t.Helper()
	a := &app{
		shop: testkit.Unique("shop"), stock: testkit.Unique("stock"),
		spans: tracetest.NewInMemoryExporter(), metrics: metric.NewManualReader(),
	}
	a.provider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(a.spans))
	meters := metric.NewMeterProvider(metric.WithReader(a.metrics))
	cfg := testkit.Config()
	cfg.Ingress.URL, cfg.Admin.URL, cfg.Defaults = on.IngressURL(), on.AdminURL(), opts
	testkit.StartWith(t, cfg,
		fxrestate.Telemetry(telemetry.Config{TracerProvider: a.provider, MeterProvider: meters, Keys: true}),
		fxrestate.Service[*shop](func(s rpc.Object[*stock]) *shop {
			return &shop{stock: s, tracer: a.provider.Tracer("shop")}
		}, fxrestate.Name(a.shop), testkit.RetrySoon(), fxrestate.Handler((*shop).Closed, fxrestate.Guards(nobody))),
		fxrestate.Object[*stock](func() *stock { return &stock{} }, fxrestate.Name(a.stock)),
		fx.Populate(&a.client, &a.endpoint))
	return a
}

func (a *app) buy(ctx context.Context, in order) (string, error) {
	return ingress.Call(ctx, ingress.NewService[*shop](a.client), (*shop).Buy, in)
}

// named returns the spans of a name, as they ended.
func (a *app) named(name string) (spans tracetest.SpanStubs) {
	for _, s := range a.spans.GetSpans() {
		if s.Name == name {
			spans = append(spans, s)
		}
	}
	return spans
}

// ended waits until the spans of a name have ended.
func (a *app) ended(t *testing.T, name string, count int) (spans tracetest.SpanStubs) {
	t.Helper()
	testkit.Until(t, func() bool {
		spans = a.named(name)
		return len(spans) >= count
	}, "%d spans %s", count, name)
	require.Len(t, spans, count, name)
	return spans
}

func value(s tracetest.SpanStub, key string) string {
	for _, kv := range s.Attributes {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}
