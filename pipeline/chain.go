package pipeline

import (
	"errors"
	"fmt"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
)

// Stages are what a program attaches at one level: globally, to a service, or to
// a handler. Each list runs in its order. The zero Stages are empty.
type Stages struct {
	// Guards decide who comes in: global, group, service, handler.
	Guards []Guard
	// Interceptors run around the handler, outside in: global, group, service, handler.
	Interceptors []Interceptor
	// Pipes transform and check the input: global, group, service, handler.
	Pipes []Pipe
	// Filters map errors: handler, service, group, global, the first that takes it.
	Filters []Filter
	// Observers are told starts and ends: global, group, service, handler.
	Observers []Observer
	// StepInterceptors run around executed restate.Run closures, outside in:
	// global, group, service, handler.
	StepInterceptors []StepInterceptor
	// CallInterceptors run around calls and sends to other handlers, outside in:
	// global, group, service, handler.
	CallInterceptors []CallInterceptor
	// AsTerminalError maps errors that the filters left retryable, and errors of
	// restate.Run closures. It returns nil for those that are to be retried. The
	// order is handler, service, group, global, the first that does not return nil.
	AsTerminalError func(err error) restate.TerminalError
	// DeadLetter is told terminal failures. The first one counts, in the order
	// handler, service, group, global.
	DeadLetter *DeadLetter
}

// Config is what [Compile] makes a chain of.
type Config struct {
	// Target says whose chain it is.
	Target handler.Target
	// Method is the handler. Required.
	Method Method
	// Global, Service and Handler are the stages of the three levels.
	Global, Service, Handler Stages
	// Groups are the stages of the groups that the service stands in, outermost
	// first. They are levels between Global and Service.
	Groups []Stages
	// WithoutGuards, WithoutInterceptors and WithoutFilters switch these stages
	// off, at all levels.
	WithoutGuards, WithoutInterceptors, WithoutFilters bool
}

// Chain runs attempts of one handler through its pipeline. It is safe for
// concurrent use.
type Chain struct {
	target handler.Target
	method Method
	body   BodyMethod // the method, if it decodes its body itself
	open   func(restate.MockableContext) (restate.MockableContext, *attempt)

	observers  []Observer
	guards     []Guard
	head       Next // the interceptors and what they stand around
	depth      int  // number of interceptors
	pipes      []Pipe
	filters    []Filter
	mappings   []func(error) restate.TerminalError
	steps      StepNext
	calls      CallNext // nil without interceptors
	deadLetter *DeadLetter

	members []Member
}

// Compile composes the chain of a handler, once, when the program starts. The
// error lists every member that [Check] finds something wrong with.
func Compile(cfg Config) (*Chain, error) {
	outIn := cfg.levels()
	inOut := slices.Clone(outIn)
	slices.Reverse(inOut)

	m := &members{target: &cfg.Target}
	c := &Chain{
		target:    cfg.Target,
		method:    cfg.Method,
		open:      sdk.Opener[attempt](),
		observers: gather(m, "observer", outIn, func(s *Stages) []Observer { return s.Observers }),
		guards:    gather(m, "guard", outIn, func(s *Stages) []Guard { return s.Guards }),
	}
	c.body, _ = c.method.(BodyMethod)
	interceptors := gather(m, "interceptor", outIn, func(s *Stages) []Interceptor { return s.Interceptors })
	c.pipes = gather(m, "pipe", outIn, func(s *Stages) []Pipe { return s.Pipes })
	c.filters = gather(m, "filter", inOut, func(s *Stages) []Filter { return s.Filters })
	for _, l := range inOut {
		if f := l.stages.AsTerminalError; f != nil {
			c.mappings = append(c.mappings, f)
			m.add("error mapping", l.name, funcName(f))
		}
	}
	for _, l := range inOut {
		if d := l.stages.DeadLetter; d != nil && c.deadLetter == nil {
			if d.Send == nil {
				m.missing = append(m.missing, fmt.Errorf("pipeline: %s: the %s dead letter has no Send", &c.target, l.name))
			}
			if c.target.Service == d.Service && c.target.Handler == d.Handler {
				break // its own failures would come back to it for ever
			}
			c.deadLetter = d
			m.add("dead letter", l.name, d.Service+"/"+d.Handler)
		}
	}
	steps := gather(m, "step interceptor", outIn, func(s *Stages) []StepInterceptor { return s.StepInterceptors })
	calls := gather(m, "call interceptor", outIn, func(s *Stages) []CallInterceptor { return s.CallInterceptors })

	if isNil(c.method) {
		m.missing = append(m.missing, fmt.Errorf("pipeline: %s: Method is nil", &c.target))
	}
	if len(m.missing) > 0 {
		return nil, errors.Join(m.missing...)
	}
	c.members = m.list

	c.depth = len(interceptors)
	c.head = c.middle
	for i, interceptor := range slices.Backward(interceptors) {
		c.head = around(interceptor, i+1, c.head)
	}
	c.steps = runStep(len(steps) + 1)
	for i, interceptor := range slices.Backward(steps) {
		c.steps = aroundStep(interceptor, i+1, c.steps)
	}
	if len(calls) > 0 {
		c.calls = makeCall(len(calls) + 1)
		for i, interceptor := range slices.Backward(calls) {
			c.calls = aroundCall(interceptor, i+1, c.calls)
		}
	}
	return c, nil
}

// levels returns the stages of all levels, outermost first, without those that are
// switched off.
func (cfg *Config) levels() []level {
	levels := []level{{"global", cfg.Global}}
	for _, g := range cfg.Groups {
		levels = append(levels, level{"group", g})
	}
	levels = append(levels, level{"service", cfg.Service}, level{"handler", cfg.Handler})
	for i := range levels {
		s := &levels[i].stages
		if cfg.WithoutGuards {
			s.Guards = nil
		}
		if cfg.WithoutInterceptors {
			s.Interceptors, s.StepInterceptors, s.CallInterceptors = nil, nil, nil
		}
		if cfg.WithoutFilters {
			s.Filters = nil
		}
	}
	return levels
}
