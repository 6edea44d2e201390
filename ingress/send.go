package ingress

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/httpclient"
)

// Send returns as soon as the server has the call. The server runs it now or, with
// restate.WithDelay, later. A negative delay counts as zero. To submit a workflow, send
// to its main handler. See [Call] for the errors and
// what the compiler says. Other shapes: [SendVoid], [Send0], [Send0Void].
func Send[T any, C restate.Context, I, O any](ctx context.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...SendOption) (Handle[O], error) {
	return send[O](ctx, to, method, in, opts)
}

// SendVoid is [Send] for methods without a result. Other shapes: [Send], [Send0],
// [Send0Void].
func SendVoid[T any, C restate.Context, I any](ctx context.Context, to Target[T], method func(T, C, I) error, in I, opts ...SendOption) (Handle[restate.Void], error) {
	return send[restate.Void](ctx, to, method, in, opts)
}

// Send0 is [Send] for methods without input. Other shapes: [Send], [SendVoid],
// [Send0Void].
func Send0[T any, C restate.Context, O any](ctx context.Context, to Target[T], method func(T, C) (O, error), opts ...SendOption) (Handle[O], error) {
	return send[O](ctx, to, method, restate.Void{}, opts)
}

// Send0Void is [Send] for methods without input and result. Other shapes: [Send], [SendVoid],
// [Send0].
func Send0Void[T any, C restate.Context](ctx context.Context, to Target[T], method func(T, C) error, opts ...SendOption) (Handle[restate.Void], error) {
	return send[restate.Void](ctx, to, method, restate.Void{}, opts)
}

func send[O, T any](ctx context.Context, to Target[T], method, in any, opts []SendOption) (Handle[O], error) {
	c, err := resolve(to, method)
	if err != nil {
		return Handle[O]{}, err
	}
	return sendTo[O](ctx, c, in, opts)
}

func sendTo[O any](ctx context.Context, c callee, in any, opts []SendOption) (Handle[O], error) {
	o, err := collectSend(opts)
	if err != nil {
		return Handle[O]{}, fmt.Errorf("ingress: %s: %w", c.name(), err)
	}
	input, err := c.encode(in, o)
	if err != nil {
		return Handle[O]{}, err
	}
	accepted, err := c.send(ctx, input, o)
	if err != nil {
		return Handle[O]{}, err
	}
	return Handle[O]{
		client: c.client,
		name:   c.name(),
		ref:    byID(accepted.InvocationID),
		codec:  codecOr(o.output, c.output),
		status: accepted.Status,
	}, nil
}

// statusWord is the form of a [Status]. One of a later server is passed on.
var statusWord = regexp.MustCompile(`^[A-Za-z]{0,40}$`)

// accepted is the server's answer to a send.
type accepted struct {
	InvocationID string `json:"invocationId"`
	Status       Status `json:"status"`
}

func (c callee) send(ctx context.Context, in payload, o requestOptions) (accepted, error) {
	var out accepted
	r, err := c.newRequest(verbSend, in, o)
	if err != nil {
		return out, err
	}
	a, err := c.client.do(ctx, r)
	if err != nil {
		return out, err
	}
	if json.Unmarshal(a.body, &out) != nil || !invocationID.MatchString(out.InvocationID) || !statusWord.MatchString(string(out.Status)) {
		return accepted{}, fmt.Errorf("ingress: %s: the answer to a send names no invocation (is %s an ingress?): %q",
			c.name(), c.client.URL(), httpclient.OneLine(c.client.all.Redact.Replace(string(a.body)), maxExcerpt))
	}
	return out, nil
}
