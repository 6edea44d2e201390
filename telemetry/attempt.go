package telemetry

import (
	"context"

	"github.com/fxrestate/go/pipeline"
)

// Started begins the span of an attempt and counts it as active.
func (t *Telemetry) Started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	if t.meter != nil {
		t.meter.started(inv)
	}
	if t.spans != nil {
		ctx = t.spans.started(ctx, inv)
	}
	return ctx
}

// Panicked adds a panic to the span of its attempt.
func (t *Telemetry) Panicked(ctx context.Context, _ *pipeline.Invocation, err *pipeline.PanicError) {
	if t.spans != nil {
		t.spans.panicked(ctx, err)
	}
}

// Ended ends the span of an attempt and records its metrics.
func (t *Telemetry) Ended(ctx context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	if t.meter != nil {
		t.meter.ended(ctx, inv, end)
	}
	if t.spans != nil {
		t.spans.ended(ctx, end)
	}
}
