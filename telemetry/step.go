package telemetry

import (
	"cmp"
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// InterceptStep makes a span of an executed restate.Run closure and records its duration.
// The closure has the span in its context.
func (t *Telemetry) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (result any, err error) {
	outcome := pipeline.Aborted // unless next returns
	if t.meter != nil {
		began := time.Now()
		defer func() { t.meter.step(ctx, step, outcome, time.Since(began)) }()
	}
	inner := ctx
	if t.spans != nil {
		name := step.Name()
		started, span := t.spans.tracer.Start(ctx, cmp.Or(name, "run"))
		inner = pipeline.WithContext(ctx, started)
		defer func() {
			if span.IsRecording() {
				span.SetAttributes(stepKey.String(name), outcomeKey.String(outcome.String()))
				if step.Again() {
					span.SetAttributes(retryKey.Bool(true))
				}
				fail(span, err)
			}
			span.End()
		}()
	}
	result, err = next(inner, step)
	outcome = stepOutcome(ctx, err)
	return result, err
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
