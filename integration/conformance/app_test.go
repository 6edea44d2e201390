package conformance_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// program is what a handler does in a scenario. Handlers of all kinds run programs, so the
// ctx has all methods, and a program can also do what its kind of handler may not.
type program func(x *run) (any, error)

// run is an attempt of a program.
type run struct {
	ctx  restate.WorkflowContext
	in   In
	seen *counts
}

// With is the argument of the program.
func (x *run) With() string { return x.in.With }

// Nth counts how often an invocation has come to a place, from 1 on, whatever its attempt.
func (x *run) Nth(place string) int { return x.seen.next(x.ctx.Request().ID, place) }

// Part is the input that runs another program of the scenario.
func (x *run) Part(name, with string) In {
	scenario, _, _ := strings.Cut(x.in.Do, "/")
	return In{scenario + "/" + name, with}
}

// Key is a key of the scenario's own.
func (x *run) Key() string {
	scenario, _, _ := strings.Cut(x.in.Do, "/")
	return scenario
}

// counts count what happens outside of journals.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) next(id, place string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := id + place
	c.n[at]++
	return c.n[at]
}

// In is the input of most handlers: a program, as "scenario/part", and its argument.
type In struct{ Do, With string }

// base is what services of all kinds have.
type base struct {
	programs map[string]program
	seen     *counts
}

func (b base) run(ctx restate.Context, in In) (any, error) {
	p := b.programs[in.Do]
	if p == nil {
		return nil, restate.TerminalErrorf("there is no program %s", in.Do)
	}
	return p(&run{ctx.(restate.WorkflowContext), in, b.seen})
}

// Plain is a service.
type Plain struct{ base }

func (p *Plain) Do(ctx restate.Context, in In) (any, error) { return p.run(ctx, in) }

// Thrice is killed after three attempts, and Once pauses after one. Slow has long intervals.
func (p *Plain) Thrice(ctx restate.Context, in In) (any, error) { return p.run(ctx, in) }
func (p *Plain) Once(ctx restate.Context, in In) (any, error)   { return p.run(ctx, in) }
func (p *Plain) Slow(ctx restate.Context, in In) (any, error)   { return p.run(ctx, in) }

// Hidden cannot be called from outside. Unwritten keeps no journal, and Forgotten nothing.
func (p *Plain) Hidden(ctx restate.Context, in In) (any, error)    { return p.run(ctx, in) }
func (p *Plain) Unwritten(ctx restate.Context, in In) (any, error) { return p.run(ctx, in) }
func (p *Plain) Forgotten(ctx restate.Context, in In) (any, error) { return p.run(ctx, in) }

// NoInput, NoOutput and Nothing have other shapes.
func (*Plain) NoInput(restate.Context) (string, error) { return "out", nil }
func (*Plain) NoOutput(restate.Context, string) error  { return nil }
func (*Plain) Nothing(restate.Context) error           { return nil }

// Object is a virtual object.
type Object struct{ base }

func (o *Object) Do(ctx restate.ObjectContext, in In) (any, error)         { return o.run(ctx, in) }
func (o *Object) Look(ctx restate.ObjectSharedContext, in In) (any, error) { return o.run(ctx, in) }

// Lazy is a virtual object whose state comes when it is asked for.
type Lazy struct{ base }

func (o *Lazy) Do(ctx restate.ObjectContext, in In) (any, error)         { return o.run(ctx, in) }
func (o *Lazy) Look(ctx restate.ObjectSharedContext, in In) (any, error) { return o.run(ctx, in) }

// Flow is a workflow.
type Flow struct{ base }

func (f *Flow) Run(ctx restate.WorkflowContext, in In) (any, error)        { return f.run(ctx, in) }
func (f *Flow) Look(ctx restate.WorkflowSharedContext, in In) (any, error) { return f.run(ctx, in) }

// Private is a service that cannot be called from outside.
type Private struct{ base }

func (p *Private) Do(ctx restate.Context, in In) (any, error) { return p.run(ctx, in) }

// bytesService takes and gives bytes.
func bytesService() restate.ServiceDefinition {
	echo := func(_ restate.Context, in []byte) ([]byte, error) { return in, nil }
	return restate.NewService("Bytes").
		Handler("raw", restate.NewServiceHandler(echo, restate.WithBinary)).
		Handler("json", restate.NewServiceHandler(echo, restate.WithJSON)).
		Handler("swallow", restate.NewServiceHandler(func(restate.Context, []byte) (restate.Void, error) { return restate.Void{}, nil }, restate.WithBinary))
}

// retryPolicy has short intervals.
func retryPolicy(opts ...restate.InvocationRetryPolicyOption) interface {
	restate.HandlerOption
	restate.ServiceDefinitionOption
} {
	return restate.WithInvocationRetryPolicy(append([]restate.InvocationRetryPolicyOption{
		restate.WithInitialRetryInterval(10 * time.Millisecond), restate.WithMaxRetryInterval(20 * time.Millisecond),
	}, opts...)...)
}

// application has the services, which run the programs of all scenarios.
func application() fx.Option {
	programs := map[string]program{}
	for name, s := range scenarios() {
		for part, p := range s.programs {
			programs[name+"/"+part] = p
		}
	}
	b := base{programs, &counts{n: map[string]int{}}}
	return fx.Options(fxrestate.Module,
		fxrestate.Service[*Plain](func() *Plain { return &Plain{b} }, fxrestate.Name("Plain"), retryPolicy(),
			fxrestate.Handler((*Plain).Thrice, retryPolicy(restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())),
			fxrestate.Handler((*Plain).Once, retryPolicy(restate.WithMaxRetryAttempts(1), restate.PauseOnMaxAttempts())),
			fxrestate.Handler((*Plain).Slow, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour))),
			fxrestate.Handler((*Plain).Hidden, restate.WithIngressPrivate(true)),
			fxrestate.Handler((*Plain).Unwritten, restate.WithJournalRetention(0)),
			fxrestate.Handler((*Plain).Forgotten, restate.WithIdempotencyRetention(0)),
		),
		fxrestate.Object[*Object](func() *Object { return &Object{b} }, fxrestate.Name("Object"), retryPolicy()),
		fxrestate.Object[*Lazy](func() *Lazy { return &Lazy{b} }, fxrestate.Name("Lazy"), retryPolicy(), restate.WithEnableLazyState(true)),
		fxrestate.Workflow[*Flow](func() *Flow { return &Flow{b} }, fxrestate.Name("Flow"), retryPolicy(),
			fxrestate.Handler((*Flow).Look, retryPolicy(restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())),
		),
		fxrestate.Service[*Private](func() *Private { return &Private{b} }, fxrestate.Name("Private"), restate.WithIngressPrivate(true)),
		fxrestate.Definition(bytesService()),
	)
}

// failure describes what an operation failed with.
func failure(err error) string {
	if err == nil {
		return ""
	}
	terminal := restate.AsTerminalError(err)
	if terminal == nil {
		return "not terminal: " + err.Error()
	}
	return fmt.Sprintf("%d %s %v", terminal.Code(), terminal.Error(), terminal.Metadata().ToMap())
}
