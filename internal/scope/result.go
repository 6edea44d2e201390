package scope

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/sdkoption"
)

// result is what a Run closure returned, encoded. The SDK encodes on a goroutine
// of its own, where a value that does not encode is a panic that ends the process.
type result struct{ encoded []byte }

// encodeResult encodes with the codec of the step's options.
func encodeResult(value any, opts []restate.RunOption) (*result, error) {
	o := sdkoption.Collect(restate.RunOption.BeforeRun, opts)
	codec := o.Codec
	if codec == nil {
		codec = encoding.JSONCodec
	}
	encoded, err := encoding.Marshal(codec, value)
	if err != nil {
		return nil, fmt.Errorf("fxrestate: the result of step %q, a %T, does not encode: %w", o.Name, value, safeerr.Of(err))
	}
	return &result{encoded}, nil
}

// encoded encodes what a closure returns.
func encoded(fn func(restate.RunContext) (any, error), encode func(any) (any, error)) func(restate.RunContext) (any, error) {
	return func(rc restate.RunContext) (any, error) {
		out, err := fn(rc)
		if err != nil {
			return nil, safeerr.ForSDK(err)
		}
		return encode(out)
	}
}

// RestateMarshal implements encoding.RestateMarshaler.
func (r *result) RestateMarshal(encoding.Codec) ([]byte, error) { return r.encoded, nil }

// OutputPayload is for discovery, where no step appears.
func (*result) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}
