package sdk

import (
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/safeerr"
)

// result is what a Run closure returned, encoded. The SDK encodes on a goroutine
// of its own, where a value that does not encode is a panic that ends the process.
type result struct{ encoded []byte }

// RestateMarshal implements encoding.RestateMarshaler.
func (r *result) RestateMarshal(encoding.Codec) ([]byte, error) { return r.encoded, nil }

// OutputPayload is for discovery, where no step appears.
func (*result) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}

// encoder encodes the result of a step.
type encoder struct {
	codec encoding.Codec
	step  string
}

// resultOf reads the options of a step. It returns options with no negative times,
// of which the SDK would make waits that never end.
func resultOf(opts []restate.RunOption) (encoder, []restate.RunOption) {
	if len(opts) == 0 {
		return encoder{codec: encoding.JSONCodec}, opts
	}
	o := Options(restate.RunOption.BeforeRun, opts)
	if o.Codec == nil {
		o.Codec = encoding.JSONCodec
	}
	negative := func(d *time.Duration) bool { return d != nil && *d < 0 }
	corrected := opts[:len(opts):len(opts)]
	if negative(o.InitialRetryInterval) {
		corrected = append(corrected, restate.WithInitialRetryInterval(0))
	}
	if negative(o.MaxRetryInterval) {
		corrected = append(corrected, restate.WithMaxRetryInterval(0))
	}
	if negative(o.MaxRetryDuration) {
		corrected = append(corrected, restate.WithMaxRetryDuration(0))
	}
	return encoder{o.Codec, o.Name}, corrected
}

// encode encodes with the codec of the step's options.
func (e encoder) encode(value any) (any, error) {
	encoded, err := encoding.Marshal(e.codec, value)
	if err != nil {
		return nil, fmt.Errorf("durable: the result of step %q, a %T, does not encode: %w", e.step, value, safeerr.Of(err))
	}
	return &result{encoded}, nil
}
