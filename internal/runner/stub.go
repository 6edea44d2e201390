package runner

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fxrestate/go/internal/protocol"
)

// Stub answers calls of a handler that the application does not have. Its result is that
// of the invocation. An [*Error] is a terminal error; any other is retried as the
// runner's policy says. It runs on a goroutine of its own, and ctx ends when the
// invocation is killed or the runner is closed. One that ends its goroutine, as
// testing.T.FailNow does, has failed with the code 500.
type Stub func(ctx context.Context, call Request) ([]byte, error)

// stub returns what stands for a handler, or nil.
func (r *Runner) stub(service, handler string) Stub {
	if s := r.cfg.Stubs[service+"/"+handler]; s != nil {
		return s
	}
	return r.cfg.Stubs[service]
}

// callStub makes an attempt that is a call of a stub.
func (r *Runner) callStub(inv *invocation) {
	ctx, cancel := context.WithCancel(r.ctx)
	inv.stopStub = cancel
	r.wg.Go(func() {
		defer cancel()
		var value []byte
		var err error = &Error{Code: 500, Message: "the stub of " + inv.request.target() +
			" has ended its goroutine, as a failed assertion does; let it return an error instead"}
		defer func() { r.answered(ctx, inv, value, err) }()
		value, err = inv.stub(ctx, inv.request)
	})
}

// answered takes what a stub came to.
func (r *Runner) answered(ctx context.Context, inv *invocation, value []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return // it was cut
	}
	r.cut(inv)
	var terminal *Error
	switch {
	case err == nil:
		r.outputStub(inv, protocol.Succeeded(value))
	case errors.As(err, &terminal):
		result := failure(terminal.Code, terminal.Message)
		for _, key := range slices.Sorted(maps.Keys(terminal.Metadata)) {
			result.Failure.Metadata = append(result.Failure.Metadata, protocol.Metadata{Key: key, Value: terminal.Metadata[key]})
		}
		r.outputStub(inv, result)
	default:
		r.failed(inv, transient("%v", err))
	}
	r.poke()
}

func (r *Runner) outputStub(inv *invocation, result protocol.Result) {
	r.store(inv, protocol.Encode(&protocol.Output{Result: result}))
	r.complete(inv, result)
}
