package rpc

import (
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// callee is the handler that a call goes to.
type callee struct {
	*handler.Target
	key     string
	input   encoding.Codec
	output  encoding.Codec
	options []restate.ClientOption
}

// with adds options. Of each kind the last one counts.
func (c callee) with(opts []restate.ClientOption) callee {
	if len(opts) == 0 {
		return c
	}
	c.options = append(c.options[:len(c.options):len(c.options)], opts...)
	o := sdk.Options(restate.ClientOption.BeforeClient, c.options)
	if o.InputCodec != nil {
		c.input = o.InputCodec
	}
	if o.OutputCodec != nil {
		c.output = o.OutputCodec
	}
	return c
}

// checkKey reports a key that no call can carry. Keys come with the data, so the error is
// terminal.
func (c callee) checkKey() error {
	switch {
	case !c.Kind.Keyed():
		return nil
	case c.key == "":
		return badRequest(fmt.Errorf("rpc: %s: %w", c.Target, ErrEmptyKey))
	case !utf8.ValidString(c.key):
		return badRequest(fmt.Errorf("rpc: call of %s with a key that is not valid UTF-8", c.Target))
	default:
		return nil
	}
}

// sender makes the SDK's client of a handler whose result is not waited for.
func sender(ctx restate.Context, to callee) restate.SendClient[any] {
	switch to.Kind {
	case handler.Object:
		return restate.ObjectSend(ctx, to.Service, to.key, to.Handler, to.options...)
	case handler.Workflow:
		return restate.WorkflowSend(ctx, to.Service, to.key, to.Handler, to.options...)
	default:
		return restate.ServiceSend(ctx, to.Service, to.Handler, to.options...)
	}
}

// encode encodes an input. A value that does not encode is a mistake of the
// program: the error is not terminal.
func (c callee) encode(in any) (payload.Encoded, error) {
	bytes, err := encoding.Marshal(c.input, in)
	if err != nil {
		return payload.Encoded{}, fmt.Errorf("rpc: %s: encode the input: %w", c.Target, err)
	}
	return payload.Encoded{Bytes: bytes}, nil
}

// decode returns a result. One that does not decode is a mistake of the program, for
// instance a contract that is out of date. The error is not terminal: the
// invocation continues when the mistake is fixed and deployed.
func decode[O any](in *scope.Scope, from *handler.Target, p payload.Payload[O]) (O, error) {
	if p.Err != nil {
		var none O
		in.Undecodable(from.String(), reflect.TypeFor[O](), p.Err)
		return none, fmt.Errorf("rpc: %s: the result does not decode into %s: %w", from, reflect.TypeFor[O](), p.Err)
	}
	return p.Value, nil
}

// checkRequest reports options that no message to the server can carry.
func (c callee) checkRequest(opts []restate.RequestOption) error {
	if len(opts) == 0 {
		return nil
	}
	o := sdk.Options(restate.RequestOption.BeforeRequest, opts)
	texts := []string{"idempotency key", o.IdempotencyKey, "limit key", o.LimitKey}
	if o.Headers != nil {
		texts = appendHeaders(texts, o.Headers.ToMap())
	}
	return c.checkTexts(texts)
}

// checkSend is checkRequest for sends. It returns options without a negative delay: see
// [Send].
func (c callee) checkSend(opts []restate.SendOption) ([]restate.SendOption, error) {
	if len(opts) == 0 {
		return opts, nil
	}
	o := sdk.Options(restate.SendOption.BeforeSend, opts)
	if o.Delay < 0 {
		opts = append(slices.Clip(opts), restate.WithDelay(0))
	}
	texts := []string{"idempotency key", o.IdempotencyKey, "limit key", o.LimitKey}
	if o.Headers != nil {
		texts = appendHeaders(texts, o.Headers.ToMap())
	}
	return opts, c.checkTexts(texts)
}

func appendHeaders(texts []string, headers map[string]string) []string {
	for name, value := range headers {
		texts = append(texts, "name of a header", name, "header "+name, value)
	}
	return texts
}

// checkTexts reports the first of some named texts that is not valid UTF-8.
func (c callee) checkTexts(texts []string) error {
	for i := 0; i < len(texts); i += 2 {
		if !utf8.ValidString(texts[i+1]) {
			return badRequest(fmt.Errorf("rpc: call of %s: the %s is not valid UTF-8", c.Target, texts[i]))
		}
	}
	return nil
}
