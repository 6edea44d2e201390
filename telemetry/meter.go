package telemetry

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// meter records metrics.
type meter struct {
	metric metric.Meter

	attemptDuration metric.Float64Histogram
	attemptsRefused metric.Int64Counter
	completed       metric.Int64Counter
	inputSize       metric.Int64Histogram
	outputSize      metric.Int64Histogram
	stepDuration    metric.Float64Histogram
	stepsReplayed   metric.Int64Counter
	stepsRetried    metric.Int64Counter

	labels sync.Map // of *handler.Target: its *labels
}

// Boundaries of the histograms. Those of durations are the ones of the semantic
// conventions for requests, and more for steps and attempts that take longer.
var (
	seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300}
	sizes   = []float64{0, 1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24}
)

func newMeter(m metric.Meter) (*meter, error) {
	made := &meter{metric: m}
	var errs []error
	duration := func(to *metric.Float64Histogram, name, description string) {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(seconds...))
		*to, errs = h, append(errs, err)
	}
	size := func(to *metric.Int64Histogram, name, description string) {
		h, err := m.Int64Histogram(name, metric.WithUnit("By"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(sizes...))
		*to, errs = h, append(errs, err)
	}
	counter := func(to *metric.Int64Counter, name, unit, description string) {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		*to, errs = c, append(errs, err)
	}
	duration(&made.attemptDuration, "restate.attempt.duration", "Duration of attempts of invocations.")
	duration(&made.stepDuration, "restate.step.duration", "Duration of executions of restate.Run closures.")
	size(&made.inputSize, "restate.invocation.input.size", "Size of the inputs of completed invocations.")
	size(&made.outputSize, "restate.invocation.output.size", "Size of the results of completed invocations.")
	counter(&made.attemptsRefused, "restate.attempt.refused", "{attempt}", "Attempts that a guard or the endpoint refused.")
	counter(&made.completed, "restate.invocation.completed", "{invocation}", "Invocations that ended, with a result or a terminal error.")
	counter(&made.stepsReplayed, "restate.step.replayed", "{step}", "Steps that were not executed because the journal had their results.")
	counter(&made.stepsRetried, "restate.step.retried", "{execution}", "Executions of steps that an earlier attempt had begun and not finished.")
	errs = append(errs, made.observeActive())
	return made, errors.Join(errs...)
}

// observeActive reports the attempts that run, when somebody reads the metrics. To record
// each start and each end took a third of the time of an attempt's metrics.
func (m *meter) observeActive() error {
	active, err := m.metric.Int64ObservableUpDownCounter("restate.attempt.active", metric.WithUnit("{attempt}"), metric.WithDescription("Attempts that run."))
	if err != nil {
		return err
	}
	_, err = m.metric.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, l := range m.labels.Range {
			o.ObserveInt64(active, l.(*labels).active.Load(), l.(*labels).observe...)
		}
		return nil
	}, active)
	return err
}

// labels are the attributes of a handler's metrics, as options: making them anew costs
// more than recording a value.
type labels struct {
	active  atomic.Int64 // attempts
	observe []metric.ObserveOption
	record  []metric.RecordOption // without an outcome
	add     []metric.AddOption
	byGuard []metric.AddOption
	outcome [pipeline.Aborted + 1]struct {
		record []metric.RecordOption
		add    []metric.AddOption
	}
}

func (m *meter) of(target *handler.Target) *labels {
	if l, ok := m.labels.Load(target); ok {
		return l.(*labels)
	}
	attributes := []attribute.KeyValue{systemKey.String("restate"), serviceKey.String(target.Service), methodKey.String(target.Handler)}
	option := metric.WithAttributeSet(attribute.NewSet(attributes...))
	l := &labels{observe: []metric.ObserveOption{option}, record: []metric.RecordOption{option}, add: []metric.AddOption{option}}
	l.byGuard = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(append(attributes, refusalKey.String("guard"))...))}
	for o := range l.outcome {
		option := metric.WithAttributeSet(attribute.NewSet(append(attributes, outcomeKey.String(pipeline.Outcome(o).String()))...))
		l.outcome[o].record, l.outcome[o].add = []metric.RecordOption{option}, []metric.AddOption{option}
	}
	made, _ := m.labels.LoadOrStore(target, l)
	return made.(*labels)
}

// unsampled is a context without a span: an exemplar of a trace costs as much as the value,
// and the durations have one.
var unsampled = context.Background()

func (m *meter) started(inv *pipeline.Invocation) {
	m.of(inv.Target()).active.Add(1)
}

func (m *meter) ended(ctx context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	l := m.of(inv.Target())
	l.active.Add(-1)
	m.attemptDuration.Record(ctx, end.Duration.Seconds(), l.outcome[end.Outcome].record...)
	if end.ReplayedSteps > 0 {
		m.stepsReplayed.Add(unsampled, int64(end.ReplayedSteps), l.add...)
	}
	if end.Cause != nil {
		if _, refused := safeerr.As[*pipeline.RefusedError](end.Cause); refused {
			m.attemptsRefused.Add(unsampled, 1, l.byGuard...)
		}
	}
	if end.Outcome != pipeline.Completed && end.Outcome != pipeline.Terminal {
		return
	}
	m.completed.Add(unsampled, 1, l.outcome[end.Outcome].add...)
	m.inputSize.Record(unsampled, int64(len(inv.Body())), l.record...)
	if end.Outcome == pipeline.Completed {
		m.outputSize.Record(unsampled, int64(end.OutputSize), l.record...)
	}
}

func (m *meter) step(ctx context.Context, step *pipeline.Step, outcome pipeline.Outcome, d time.Duration) {
	l := m.of(step.Invocation().Target())
	m.stepDuration.Record(ctx, d.Seconds(), l.outcome[outcome].record...)
	if step.Again() {
		m.stepsRetried.Add(unsampled, 1, l.add...)
	}
}

// Observe counts what the endpoint refuses, of which it tells [event.Refused]. It makes
// [Telemetry] an event.Observer. Without a MeterProvider it does nothing.
func (t *Telemetry) Observe(_ context.Context, e event.Event) {
	if refused, ok := e.(event.Refused); ok && t.meter != nil {
		reason := strings.ReplaceAll(string(refused.Cause), " ", "_")
		t.meter.attemptsRefused.Add(unsampled, int64(refused.Requests), metric.WithAttributes(systemKey.String("restate"), refusalKey.String(reason)))
	}
}

// ObserveReady reports what ready returns as the gauge restate.application.ready: 1 for
// nil, and 0 for an error. Stop ends that. Without a MeterProvider it does nothing.
func (t *Telemetry) ObserveReady(ready func() error) (stop func() error, err error) {
	if t.meter == nil {
		return func() error { return nil }, nil
	}
	gauge, err := t.meter.metric.Int64ObservableGauge("restate.application.ready",
		metric.WithUnit("{application}"), metric.WithDescription("1 while the application is registered and serves, else 0."))
	if err != nil {
		return nil, err
	}
	registered, err := t.meter.metric.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		value := int64(1)
		if ready() != nil {
			value = 0
		}
		o.ObserveInt64(gauge, value)
		return nil
	}, gauge)
	if err != nil {
		return nil, err
	}
	return registered.Unregister, nil
}
