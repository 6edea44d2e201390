package runner

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/fxrestate/go/internal/manifest"
)

// kind is what a service is.
type kind uint8

const (
	plain kind = iota
	object
	workflow
)

func (k kind) keyed() bool { return k != plain }

// mode is how invocations of a handler run beside each other.
type mode uint8

const (
	shared    mode = iota // as they come
	exclusive             // one at a time for each key
	once                  // the run of a workflow
)

// service is a service of the application.
type service struct {
	name    string
	kind    kind
	methods map[string]*method
}

// method is a handler of a service, with what the server takes from discovery.
type method struct {
	service *service
	name    string
	mode    mode
	private bool
	lazy    bool // state comes when it is asked for
	input   inputRules
	output  outputRules
	retry   RetryPolicy
	// How long the result of a run or of a call with an idempotency key is kept, and
	// how long the journal of any is.
	resultRetention, journalRetention time.Duration
}

// What the server does by default.
const (
	defaultRetention        = 24 * time.Hour
	defaultJournalRetention = 24 * time.Hour
)

// discover asks an application for its services.
func discover(ctx context.Context, handler http.Handler, retry RetryPolicy) (map[string]*service, error) {
	raw, err := manifest.Of(ctx, handler)
	if err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	m, err := manifest.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	details, err := m.Details()
	if err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	services := make(map[string]*service, len(details))
	for _, d := range details {
		s := newService(d, retry)
		services[s.name] = s
	}
	return services, nil
}

func newService(d manifest.Service, retry RetryPolicy) *service {
	s := &service{name: d.Name, methods: make(map[string]*method, len(d.Handlers))}
	switch d.Type {
	case "VIRTUAL_OBJECT":
		s.kind = object
	case "WORKFLOW":
		s.kind = workflow
	}
	for _, h := range d.Handlers {
		m := &method{
			service: s, name: h.Name, mode: modeOf(s.kind, h.Type),
			input: newInputRules(h.Input), output: newOutputRules(h.Output),
			private:          last(false, d.IngressPrivate, h.IngressPrivate),
			lazy:             last(false, d.EnableLazyState, h.EnableLazyState),
			retry:            retry.with(d.Options).with(h.Options),
			journalRetention: milliseconds(defaultJournalRetention, d.JournalRetention, h.JournalRetention),
		}
		if m.mode == once {
			m.resultRetention = milliseconds(defaultRetention, h.WorkflowRetention)
		} else {
			m.resultRetention = milliseconds(defaultRetention, d.IdempotencyRetention, h.IdempotencyRetention)
		}
		s.methods[m.name] = m
	}
	return s
}

func modeOf(k kind, handler string) mode {
	switch {
	case k == plain || handler == "SHARED":
		return shared
	case k == workflow:
		return once
	default:
		return exclusive
	}
}

// last returns the last value that is set, or a default.
func last[T any](value T, set ...*T) T {
	for _, s := range slices.Backward(set) {
		if s != nil {
			return *s
		}
	}
	return value
}

func milliseconds(value time.Duration, set ...*int64) time.Duration {
	return time.Duration(last(value.Milliseconds(), set...)) * time.Millisecond
}
