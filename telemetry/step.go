package telemetry

import (
	"cmp"
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// InterceptStep makes a span of an executed restate.Run closure and records its duration.
// The closure has the span in its context.
func (t *Telemetry) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (result any, err error) {
	outcome := pipeline.Aborted // unless next returns
	if t.meter != nil {
		began := time.Now()
		defer func() { t.meter.step(ctx, step.Invocation(), outcome, time.Since(began)) }()
	}
	inner := ctx
	if t.spans != nil {
		var span trace.Span
		inner, span = t.spans.step(ctx, step)
		defer func() {
			if span.IsRecording() {
				span.SetAttributes(outcomeKey.String(outcome.String()))
				fail(span, err)
			}
			span.End()
		}()
	}
	result, err = next(inner, step)
	outcome = stepOutcome(ctx, err)
	return result, err
}

// step begins the span of a step.
func (s *spans) step(ctx restate.RunContext, step *pipeline.Step) (restate.RunContext, trace.Span) {
	name := step.Name()
	inner, span := s.tracer.Start(ctx, cmp.Or(name, "run"))
	if span.IsRecording() && name != "" {
		span.SetAttributes(stepKey.String(name))
	}
	return pipeline.WithContext(ctx, inner), span
}

// stepOutcome is how a step ended, before filters and error mappings.
func stepOutcome(ctx context.Context, err error) pipeline.Outcome {
	switch {
	case err == nil:
		return pipeline.Completed
	case ctx.Err() != nil:
		return pipeline.Aborted
	case safeerr.Terminal(err) != nil:
		return pipeline.Terminal
	default:
		return pipeline.Retryable
	}
}
