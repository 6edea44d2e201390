package telemetry

import (
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/pipeline"
)

// scopeName is the instrumentation scope of the spans and metrics.
const scopeName = "github.com/fxrestate/go/telemetry"

// Config says what is observed. The zero value observes nothing and costs nothing.
type Config struct {
	// TracerProvider makes the spans. Default: nil, no spans. For the global one of
	// OpenTelemetry pass otel.GetTracerProvider().
	TracerProvider trace.TracerProvider
	// MeterProvider makes the instruments. Default: nil, no metrics. For the global one
	// of OpenTelemetry pass otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// Keys puts the keys of virtual objects and the ids of workflows on spans. Default:
	// false, since they may be personal data.
	Keys bool
}

// Telemetry makes spans and metrics of attempts. It serves all handlers of an application
// and is safe for concurrent use. Make one with [New].
type Telemetry struct {
	spans *spans // nil: none
	meter *meter // nil: none
}

// New returns what cfg says. The error is that of a MeterProvider that does not make an
// instrument.
func New(cfg Config) (*Telemetry, error) {
	t := &Telemetry{}
	if cfg.TracerProvider != nil {
		t.spans = &spans{tracer: cfg.TracerProvider.Tracer(scopeName), keys: cfg.Keys}
	}
	if cfg.MeterProvider != nil {
		m, err := newMeter(cfg.MeterProvider.Meter(scopeName))
		if err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
		t.meter = m
	}
	return t, nil
}

// Stages returns the members to attach to all handlers: an observer for attempts, a step
// interceptor and a call interceptor. They should stand before all others, so that these
// see the span in their contexts. Stages of a zero [Config] are empty.
func (t *Telemetry) Stages() pipeline.Stages {
	var s pipeline.Stages
	if t.spans == nil && t.meter == nil {
		return s
	}
	s.Observers = []pipeline.Observer{t}
	s.StepInterceptors = []pipeline.StepInterceptor{t}
	if t.spans != nil {
		s.CallInterceptors = []pipeline.CallInterceptor{t}
	}
	return s
}

// String names the member in the text of a chain.
func (t *Telemetry) String() string { return "telemetry" }

var (
	_ pipeline.Observer        = (*Telemetry)(nil)
	_ pipeline.StepInterceptor = (*Telemetry)(nil)
	_ pipeline.CallInterceptor = (*Telemetry)(nil)
	_ event.Observer           = (*Telemetry)(nil)
)
