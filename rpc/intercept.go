package rpc

import (
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/pipeline"
)

// intercepting returns the invocation that ctx belongs to if its calls meet
// interceptors, else nil.
func intercepting(ctx restate.Context) *pipeline.Invocation {
	s, err := scope.Find(ctx)
	if err != nil {
		return nil
	}
	owner, ok := s.Owner().(interface{ Invocation() *pipeline.Invocation })
	if !ok || !owner.Invocation().InterceptsCalls() {
		return nil
	}
	return owner.Invocation()
}

// newCall describes a call to its interceptors.
func newCall(to callee, verb pipeline.Verb, in, out any, opts []restate.RequestOption) *pipeline.Call {
	o := sdk.Options(restate.RequestOption.BeforeRequest, opts)
	c := &pipeline.Call{
		Verb: verb, Service: to.service, Key: to.key, Handler: to.handler,
		Input: in, Output: out, IdempotencyKey: o.IdempotencyKey,
	}
	if o.Headers != nil {
		setHeaders(c, o.Headers.ToMap())
	}
	return c
}

// newSend describes a send to its interceptors.
func newSend(to callee, in any, opts []restate.SendOption) *pipeline.Call {
	o := sdk.Options(restate.SendOption.BeforeSend, opts)
	c := &pipeline.Call{
		Verb: pipeline.VerbSend, Service: to.service, Key: to.key, Handler: to.handler,
		Input: in, IdempotencyKey: o.IdempotencyKey, Delay: max(o.Delay, 0),
	}
	if o.Headers != nil {
		setHeaders(c, o.Headers.ToMap())
	}
	return c
}

func setHeaders(c *pipeline.Call, headers map[string]string) {
	for name, value := range headers {
		c.SetHeader(name, value)
	}
}

// withHeaders adds the headers that interceptors left to a call's options.
func withHeaders(opts []restate.RequestOption, c *pipeline.Call) []restate.RequestOption {
	return append(slices.Clip(opts), restate.WithHeaders(c.Headers()))
}
