package runner

import (
	"github.com/fxrestate/go/internal/protocol"
)

// promise is a durable promise of a workflow.
type promise struct {
	result    *protocol.Result // nil until it is completed
	listeners []func(protocol.Result)
}

// promiseEffect returns what a command does with a promise.
func (r *Runner) promiseEffect(inv *invocation, m protocol.Message, done func(protocol.Result, uint32)) (func(), error) {
	if inv.method == nil || inv.method.service.kind != workflow {
		return nil, errNoPromises
	}
	o := r.instance(inv)
	return func() {
		switch m := m.(type) {
		case *protocol.GetPromise:
			p := o.promise(m.Key)
			if p.result != nil {
				done(*p.result, m.CompletionID)
				return
			}
			p.listeners = append(p.listeners, func(result protocol.Result) { done(result, m.CompletionID) })
		case *protocol.PeekPromise:
			if p := o.promise(m.Key); p.result != nil {
				done(*p.result, m.CompletionID)
				return
			}
			done(protocol.Void(), m.CompletionID)
		case *protocol.CompletePromise:
			p := o.promise(m.Key)
			if p.result != nil {
				done(failure(409, "promise was already completed"), m.CompletionID)
				return
			}
			done(protocol.Void(), m.CompletionID)
			p.complete(m.Completion)
		}
	}, nil
}

func (o *instance) promise(name string) *promise {
	p := o.promises[name]
	if p == nil {
		p = new(promise)
		o.promises[name] = p
	}
	return p
}

func (p *promise) complete(result protocol.Result) {
	listeners := p.listeners
	p.result, p.listeners = &result, nil
	for _, tell := range listeners {
		tell(result)
	}
}
