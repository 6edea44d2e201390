package runner

import (
	"context"
	"errors"

	"github.com/fxrestate/go/internal/protocol"
)

// Stub answers calls of a handler that the application does not have. Its result is that
// of the invocation. An [*Error] is a terminal error; any other is retried as the
// runner's policy says. It runs on a goroutine of its own, and ctx ends when the
// invocation is killed or the runner is closed.
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
		value, err := inv.stub(ctx, inv.request)
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
			for key, value := range terminal.Metadata {
				result.Failure.Metadata = append(result.Failure.Metadata, protocol.Metadata{Key: key, Value: value})
			}
			r.outputStub(inv, result)
		default:
			r.failed(inv, transient("%v", err))
		}
		r.poke()
	})
}

func (r *Runner) outputStub(inv *invocation, result protocol.Result) {
	r.store(inv, protocol.Encode(&protocol.Output{Result: result}))
	r.complete(inv, result)
}
