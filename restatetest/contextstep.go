package restatetest

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// runContext is the context of the function of a step.
type runContext struct {
	context.Context
	fake *fake
}

func (c runContext) Log() *slog.Logger         { return c.fake.logger }
func (c runContext) Request() *restate.Request { return c.fake.request }

// Run implements fakectx.Context.
func (f *fake) Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) restate.TerminalError {
	return f.Step(fn, opts).Result(output)
}

// Step implements fakectx.Context.
func (f *fake) Step(fn func(restate.RunContext) (any, error), opts []restate.RunOption) fakectx.Operation {
	o := sdk.Options(restate.RunOption.BeforeRun, opts)
	step := &operation{fake: f, what: fmt.Sprintf("step %q", o.Name), codec: codecOr(o.Codec)}
	step.start = func() completion {
		value, err := f.runStep(o.Name, fn)
		var encoded []byte
		if err == nil {
			encoded, err = encoding.Marshal(step.codec, value)
		}
		if err != nil {
			failure := failedWith(err)
			f.log.add(Operation{Type: OperationRun, Name: o.Name, Err: failure.failure})
			return failure
		}
		f.log.add(Operation{Type: OperationRun, Name: o.Name, Value: encoded})
		return raw(encoded)
	}
	return step
}

func (f *fake) runStep(name string, fn func(restate.RunContext) (any, error)) (any, error) {
	f.mu.Lock()
	stub := f.steps[name]
	f.mu.Unlock()
	if stub != nil {
		return stub()
	}
	return fn(runContext{f, f})
}

func (f *fake) stubStep(name string, answer func() (any, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps[name] = answer
}

// Sleep implements fakectx.Context.
func (f *fake) Sleep(d time.Duration, opts ...restate.SleepOption) restate.TerminalError {
	return f.Timer(d, opts).Result(restate.Void{})
}

// Timer implements fakectx.Context.
func (f *fake) Timer(d time.Duration, opts []restate.SleepOption) fakectx.Operation {
	name := sdk.Options(restate.SleepOption.BeforeSleep, opts).Name
	f.log.add(Operation{Type: OperationSleep, Name: name, Duration: d})
	timer := &operation{fake: f, what: fmt.Sprintf("timer %q", name), codec: encoding.JSONCodec}
	f.mu.Lock()
	defer f.mu.Unlock()
	timer.due = f.clock.Add(max(d, 0))
	f.timers = append(f.timers, timer)
	f.advanceTo(f.clock) // it may be due
	return timer
}
