package ingress

import (
	"cmp"
	"errors"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	sdkingress "github.com/restatedev/sdk-go/ingress"

	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/sdk"
)

// The SDK's options, as they are. The options themselves are functions of the
// SDK whose names begin with With.
type (
	// RequestOption is an option of calls and lookups: restate.WithIdempotencyKey,
	// WithHeaders, WithLimitKey, WithCodec, WithInputCodec and WithOutputCodec,
	// and [WithResponse].
	RequestOption = sdkingress.RequestOption
	// SendOption is an option of sends: restate.WithIdempotencyKey, WithHeaders,
	// WithLimitKey, WithCodec and WithDelay.
	SendOption = sdkingress.SendOption
)

// clientOptions are what [Service.With] and [Keyed.With] collected.
type clientOptions struct {
	scope         string
	input, output encoding.Codec
}

func (o clientOptions) with(opts []restate.ClientOption) clientOptions {
	more := sdk.Options(restate.ClientOption.BeforeClient, opts)
	o.scope = cmp.Or(more.Scope, o.scope)
	o.input = codecOr(more.InputCodec, o.input)
	o.output = codecOr(more.OutputCodec, o.output)
	return o
}

func (o clientOptions) inputOr(codec encoding.Codec) encoding.Codec { return codecOr(o.input, codec) }

func (o clientOptions) outputOr(codec encoding.Codec) encoding.Codec { return codecOr(o.output, codec) }

func codecOr(codec, otherwise encoding.Codec) encoding.Codec {
	if codec == nil {
		return otherwise
	}
	return codec
}

// requestOptions are the options of one call or send.
type requestOptions struct {
	idempotencyKey string
	limitKey       string
	headers        map[string]string
	delay          time.Duration
	input, output  encoding.Codec
	response       *Response
}

func collectRequest(opts []RequestOption) (requestOptions, error) {
	if len(opts) == 0 {
		return requestOptions{}, nil
	}
	o := sdk.Options(RequestOption.BeforeIngressRequest, opts)
	r := requestOptions{
		idempotencyKey: o.IdempotencyKey,
		limitKey:       o.LimitKey,
		input:          o.InputCodec,
		output:         o.OutputCodec,
	}
	if o.Headers != nil {
		r.headers = o.Headers.ToMap()
	}
	for _, opt := range opts {
		if w, ok := opt.(responseWriter); ok {
			r.response = w.response()
		}
	}
	return r, r.check()
}

func collectSend(opts []SendOption) (requestOptions, error) {
	if len(opts) == 0 {
		return requestOptions{}, nil
	}
	o := sdk.Options(SendOption.BeforeIngressSend, opts)
	r := requestOptions{
		idempotencyKey: o.IdempotencyKey,
		limitKey:       o.LimitKey,
		delay:          o.Delay,
		input:          o.Codec,
		output:         o.Codec,
	}
	if o.Headers != nil {
		r.headers = o.Headers.ToMap()
	}
	return r, r.check()
}

// optionHeaders are headers that options of their own stand for.
var optionHeaders = map[string]string{idempotencyKeyHeader: "is the idempotency key's: use restate.WithIdempotencyKey"}

func (r requestOptions) check() error {
	if err := httpclient.CheckHeader(limitKeyHeader, r.limitKey); err != nil {
		return err
	}
	if err := errors.Join(httpclient.CheckHeaders(r.headers, optionHeaders)...); err != nil {
		return err
	}
	return checkIdempotencyKey(r.idempotencyKey)
}

// Response is what the server says about the invocation of a call: see [WithResponse].
type Response struct {
	// InvocationID of the invocation, or empty when there was none.
	InvocationID string
	// Deduplicated says that the result is that of an earlier call with the same
	// idempotency key, which had completed. The server does not mark a call that
	// joined one that was still running.
	Deduplicated bool
}

// WithResponse is an option of calls. It stores what the response says about the
// invocation in *into, also when the call fails.
func WithResponse(into *Response) RequestOption {
	return newResponseOption(RequestOption.BeforeIngressRequest, into)
}

// responseOption is a RequestOption, which takes a method with a parameter of a
// type without a public name.
type responseOption[Options any] struct{ into *Response }

func newResponseOption[Options any](_ func(RequestOption, *Options), into *Response) responseOption[Options] {
	return responseOption[Options]{into}
}

func (responseOption[Options]) BeforeIngressRequest(*Options) {}
func (o responseOption[Options]) response() *Response         { return o.into }

type responseWriter interface{ response() *Response }
