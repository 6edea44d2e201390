package cron

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
)

// Task is the call that a job makes. [Call] and [Named] make one.
type Task struct {
	method any // a method expression; nil: named
	named  Target
	input  any
}

// Call is a call of the handler that a method expression names, with an input, which the
// compiler checks:
//
//	cron.Call((*Reports).Nightly, Report{To: "ada"})
//
// Go has no overloading, so each shape of method has a name:
//
//	(ctx, I) (O, error)   Call
//	(ctx, I) error        CallVoid
//	(ctx) (O, error)      Call0
//	(ctx) error           Call0Void
//
// A handler of a virtual object needs a key: see [Task.Key]. The main handler of a workflow
// needs none, since each run is a workflow of its own.
func Call[T any, C restate.Context, I, O any](method func(T, C, I) (O, error), in I) Task {
	return Task{method: method, input: in}
}

// CallVoid is [Call] for methods without a result.
func CallVoid[T any, C restate.Context, I any](method func(T, C, I) error, in I) Task {
	return Task{method: method, input: in}
}

// Call0 is [Call] for methods without input.
func Call0[T any, C restate.Context, O any](method func(T, C) (O, error)) Task {
	return Task{method: method, input: restate.Void{}}
}

// Call0Void is [Call] for methods without input and result.
func Call0Void[T any, C restate.Context](method func(T, C) error) Task {
	return Task{method: method, input: restate.Void{}}
}

// Named is a call of a handler by name, such as one in another language. The input is sent as
// JSON, and restate.Void stands for none. Nothing checks the names: a run of a handler that
// the server does not know waits until it does.
func Named(service, name string, in any) Task {
	return Task{named: Target{Service: service, Handler: name}, input: in}
}

// Key returns the call of the virtual object with a key, or of the workflow with an id.
func (t Task) Key(key string) Task {
	t.named.Key = key
	return t
}

// target resolves the call.
func (t Task) target(registry *handler.Registry) (Target, error) {
	to, codec := t.named, encoding.Codec(encoding.JSONCodec)
	switch {
	case t.method != nil:
		ref, err := registry.Resolve(t.method)
		if err != nil {
			return to, fmt.Errorf("cron: %w", err)
		}
		if !registry.Registered(ref.Service.Type) {
			return to, fmt.Errorf("cron: %s is not registered; register it with fxrestate.%s, or declare it with fxrestate.Remote%[2]s if another application serves it", ref.Service.Type, title(ref.Service.Kind))
		}
		found := ref.Target()
		to.Service, to.Handler, codec = found.Service, found.Handler, ref.Method.InputCodec
		switch {
		case found.Kind.Keyed() && to.Key == "" && found.Mode == handler.Run:
			to.KeyPerRun = true
		case found.Kind.Keyed() && to.Key == "":
			return to, fmt.Errorf("cron: %s is a handler of a %s; say of which one, with the method Key of the task", found, found.Kind)
		case !found.Kind.Keyed() && to.Key != "":
			return to, fmt.Errorf("cron: %s is a handler of a service, which has no key; leave out the method Key of the task", found)
		}
	case to.Service == "":
		return to, errors.New("cron: the task is empty; make it with cron.Call or cron.Named")
	}
	body, err := encoding.Marshal(codec, t.input)
	if err != nil {
		return to, fmt.Errorf("cron: %s: encode the input: %w", to, err)
	}
	if json.Valid(body) {
		to.Payload = body
	} else {
		to.Raw = body
	}
	return to, nil
}

// title is a kind as functions of package fxrestate name it.
func title(k handler.Kind) string {
	switch k {
	case handler.Object:
		return "Object"
	case handler.Workflow:
		return "Workflow"
	default:
		return "Service"
	}
}

// Option changes a job: [Name], an [Overlap], a [Missed], a [Jitter].
type Option interface{ apply(*Declared) }

// Name is the name of a job. Default: that of the handler, as "Service/Handler", with the key
// between them.
type Name string

// Jitter delays each run at random by less than it, so that jobs of the same time do not all
// run at once. At most a day, and less than the time between two runs: later ones are missed.
type Jitter time.Duration

func (n Name) apply(d *Declared)    { d.name = string(n) }
func (o Overlap) apply(d *Declared) { d.overlap = o }
func (m Missed) apply(d *Declared)  { d.missed = m }
func (j Jitter) apply(d *Declared)  { d.jitter = time.Duration(j) }

// Declared is a job as a program declares it: a schedule, a task and options.
type Declared struct {
	schedule string
	task     Task
	name     string
	overlap  Overlap
	missed   Missed
	jitter   time.Duration
}

// Declare returns a job. Nothing is checked before [Declared.Resolve].
func Declare(schedule string, task Task, opts ...Option) Declared {
	d := Declared{schedule: schedule, task: task}
	for _, o := range opts {
		if o != nil {
			o.apply(&d)
		}
	}
	return d
}

// Resolve returns the name and the definition of the job. The registry knows the names of
// services. The error says all that is wrong with the job.
func (d Declared) Resolve(registry *handler.Registry) (name string, def Definition, err error) {
	target, err := d.task.target(registry)
	def = Definition{Schedule: d.schedule, Target: target, Overlap: d.overlap, Missed: d.missed}
	if d.jitter != 0 {
		def.Jitter = d.jitter.String()
	}
	if err != nil {
		_, wrong := Parse(d.schedule)
		return d.name, def, errors.Join(err, wrong)
	}
	if name = d.name; name == "" {
		name = target.String()
	}
	_, err = def.check()
	return name, def, errors.Join(checkName(name), err)
}
