package restatetest

import (
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// onAwakeable sets the function that is called with each new awakeable.
func (f *fake) onAwakeable(complete func(Awakeable)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = complete
}

// NewAwakeable implements fakectx.Context.
func (f *fake) NewAwakeable(opts []restate.AwakeableOption) fakectx.Operation {
	id := f.newAwakeableID()
	o := &operation{
		fake: f, what: "awakeable " + id, hint: "complete it with Context.OnAwakeable, or with Context.Awakeable in what gets its id",
		id: id, codec: codecOr(sdk.Options(restate.AwakeableOption.BeforeAwakeable, opts).Codec),
	}
	f.log.add(Operation{Type: OperationAwakeable, Name: id})
	f.mu.Lock()
	f.awakeables[id] = o
	hook := f.hook
	f.mu.Unlock()
	if hook != nil {
		hook(Awakeable{ID: id, of: o})
	}
	return o
}

func (f *fake) awakeable(id string) Awakeable {
	f.t.Helper()
	f.mu.Lock()
	o := f.awakeables[id]
	f.mu.Unlock()
	if o == nil {
		f.t.Fatalf("restatetest: %s made no awakeable %q", f.name(), id)
	}
	return Awakeable{ID: id, of: o}
}

// ResolveAwakeable implements fakectx.Context.
func (f *fake) ResolveAwakeable(id string, value any, opts ...restate.ResolveAwakeableOption) {
	encoded := mustMarshal("awakeable "+id, sdk.Options(restate.ResolveAwakeableOption.BeforeResolveAwakeable, opts).Codec, value)
	f.log.add(Operation{Type: OperationCompleteAwakeable, Name: id, Value: encoded})
	f.completeOwn(id, raw(encoded))
}

// RejectAwakeable implements fakectx.Context.
func (f *fake) RejectAwakeable(id string, reason error) {
	failure := failedWith(reason)
	f.log.add(Operation{Type: OperationCompleteAwakeable, Name: id, Err: failure.failure})
	f.completeOwn(id, failure)
}

// completeOwn completes an awakeable if the invocation has made it.
func (f *fake) completeOwn(id string, with completion) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.awakeables[id]; o != nil {
		f.completeLocked(o, with)
	}
}

// mustMarshal panics as the SDK does.
func mustMarshal(what string, codec encoding.Codec, value any) []byte {
	encoded, err := encoding.Marshal(codecOr(codec), value)
	if err != nil {
		panic(fmt.Errorf("restatetest: %s: encode the value: %w", what, err))
	}
	return encoded
}

// signal has the named signals that nobody waits for yet, or those who wait for one.
type signal struct {
	sent    []completion
	waiting []*operation
}

func (f *fake) signal(name string) *signal {
	if f.signals[name] == nil {
		f.signals[name] = new(signal)
	}
	return f.signals[name]
}

// deliver gives a named signal to who waits for it.
func (f *fake) deliver(name string, with completion) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.signal(name)
	if len(s.waiting) == 0 {
		s.sent = append(s.sent, with)
		return
	}
	f.completeLocked(s.waiting[0], with)
	s.waiting = s.waiting[1:]
}

// NamedSignal implements fakectx.Context.
func (f *fake) NamedSignal(name string, opts []restate.SignalOption) fakectx.Operation {
	o := &operation{
		fake: f, what: fmt.Sprintf("signal %q", name), hint: "send it with Context.ResolveSignal",
		codec: codecOr(sdk.Options(restate.SignalOption.BeforeSignal, opts).Codec),
	}
	f.log.add(Operation{Type: OperationSignal, Name: name})
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.signal(name)
	if len(s.sent) == 0 {
		s.waiting = append(s.waiting, o)
		return o
	}
	f.completeLocked(o, s.sent[0])
	s.sent = s.sent[1:]
	return o
}

// ResolveSignal implements fakectx.Context.
func (f *fake) ResolveSignal(invocationID, name string, value any, opts ...restate.ResolveSignalOption) {
	encoded := mustMarshal("signal "+name, sdk.Options(restate.ResolveSignalOption.BeforeResolveSignal, opts).Codec, value)
	f.log.add(Operation{Type: OperationSendSignal, Name: name, Value: encoded, Call: Call{InvocationID: invocationID}})
	if invocationID == f.request.ID {
		f.deliver(name, raw(encoded))
	}
}

// RejectSignal implements fakectx.Context.
func (f *fake) RejectSignal(invocationID, name string, reason error) {
	failure := failedWith(reason)
	f.log.add(Operation{Type: OperationSendSignal, Name: name, Err: failure.failure, Call: Call{InvocationID: invocationID}})
	if invocationID == f.request.ID {
		f.deliver(name, failure)
	}
}

// promise is a promise of a workflow.
type promise struct {
	done    bool
	result  completion
	futures []*operation
}

func (f *fake) promise(name string) *promise {
	if f.promises[name] == nil {
		f.promises[name] = new(promise)
	}
	return f.promises[name]
}

// tryPromise completes a promise, unless it is completed.
func (f *fake) tryPromise(name string, with completion) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.promise(name)
	if p.done {
		return false
	}
	p.done, p.result = true, with
	for _, o := range p.futures {
		f.completeLocked(o, with)
	}
	return true
}

func (f *fake) completePromise(name string, with completion) {
	f.t.Helper()
	if !f.tryPromise(name, with) {
		f.t.Errorf("restatetest: promise %q is completed already", name)
	}
}

// promised is a future of a promise.
type promised struct {
	*operation
	name string
}

// NamedPromise implements fakectx.Context.
func (f *fake) NamedPromise(name string, opts []restate.PromiseOption) fakectx.Operation {
	o := &operation{
		fake: f, what: fmt.Sprintf("promise %q", name), hint: "resolve it with Context.ResolvePromise, or with its durable.PromiseKey",
		codec: codecOr(sdk.Options(restate.PromiseOption.BeforePromise, opts).Codec),
	}
	f.log.add(Operation{Type: OperationGetPromise, Name: name})
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.promise(name); p.done {
		f.completeLocked(o, p.result)
	} else {
		p.futures = append(p.futures, o)
	}
	return promised{o, name}
}

// Peek implements fakectx.Operation.
func (p promised) Peek(output any) (bool, restate.TerminalError) {
	f := p.fake
	f.log.add(Operation{Type: OperationPeekPromise, Name: p.name})
	f.mu.Lock()
	done := p.operation.done > 0
	f.mu.Unlock()
	if !done {
		return false, nil
	}
	failure := p.decode(output)
	return failure == nil, failure
}

// Resolve implements fakectx.Operation.
func (p promised) Resolve(value any) restate.TerminalError {
	encoded := mustMarshal(p.what, p.codec, value)
	p.fake.log.add(Operation{Type: OperationCompletePromise, Name: p.name, Value: encoded})
	return p.complete(raw(encoded))
}

// Reject implements fakectx.Operation.
func (p promised) Reject(reason error) restate.TerminalError {
	failure := failedWith(reason)
	p.fake.log.add(Operation{Type: OperationCompletePromise, Name: p.name, Err: failure.failure})
	return p.complete(failure)
}

func (p promised) complete(with completion) restate.TerminalError {
	if p.fake.tryPromise(p.name, with) {
		return nil
	}
	return restate.ToTerminalError(errors.New("promise was already completed"), restate.WithErrorCode(http.StatusConflict))
}

// Peek implements fakectx.Operation. Only a promise has it, and Resolve and Reject.
func (o *operation) Peek(any) (bool, restate.TerminalError) { panic(o.what + " is no promise") }

// Resolve implements fakectx.Operation.
func (o *operation) Resolve(any) restate.TerminalError { panic(o.what + " is no promise") }

// Reject implements fakectx.Operation.
func (o *operation) Reject(error) restate.TerminalError { panic(o.what + " is no promise") }
