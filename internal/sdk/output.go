package sdk

import (
	"fmt"
	"log/slog"
	"reflect"
	"sync"

	"github.com/restatedev/sdk-go/encoding"
)

// Decode decodes what another handler encoded into what output points to. Zero
// bytes, as a handler in TypeScript encodes undefined, are nil for pointers, maps,
// slices and interfaces, where the codec does not know what to make of them.
func Decode(codec encoding.Codec, data []byte, output any) error {
	err := encoding.Unmarshal(codec, data, output)
	if err == nil || len(data) > 0 {
		return err
	}
	to := reflect.ValueOf(output)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return err
	}
	switch to = to.Elem(); to.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		to.SetZero()
		return nil
	default:
		return err
	}
}

// output is what an operation that is under way decodes into.
type output struct {
	attempt *Attempt
	op      operation
	of      *callee
	target  any

	outside bool  // the value comes from outside the program
	wrong   error // such a value does not decode
}

// output returns target for the SDK to decode into. It lies in the attempt, where one
// operation at a time is under way.
func (a *Attempt) output(o operation, of *callee, target any) *output {
	a.out = output{attempt: a, op: o, of: of, target: target}
	return &a.out
}

// RestateUnmarshal implements encoding.RestateUnmarshaler. The SDK panics with its
// error, and the invocation is retried.
func (o *output) RestateUnmarshal(codec encoding.Codec, data []byte) error {
	target := o.target
	o.target = nil
	err := Decode(codec, data, target)
	switch {
	case err == nil:
	case o.outside:
		o.wrong = err
		return nil
	default:
		from := o.op.String()
		if o.of != nil {
			from = o.of.service + "/" + o.of.handler
		}
		into := reflect.TypeOf(target)
		if into.Kind() == reflect.Pointer {
			into = into.Elem()
		}
		o.attempt.Undecodable(from, into, err)
	}
	return err
}

// InputPayload is for discovery, where no output appears.
func (*output) InputPayload(encoding.Codec) *encoding.InputPayload { return &encoding.InputPayload{} }

// Undecodable logs at ERROR that a result, or something else that was encoded by
// others, does not decode into a type: the first time that a handler of this process
// meets it, since the attempts that follow fail in the same way. from says whose
// result it is.
func (a *Attempt) Undecodable(from string, into reflect.Type, err error) {
	if !a.undecodable.first(into) {
		return
	}
	a.log("a value does not decode into its type; the invocation is retried, and goes on when a version of the program is deployed "+
		"whose types fit; cancel it if it cannot",
		slog.String("from", from), slog.String("type", into.String()), slog.String("err", fmt.Sprint(err)))
}

// once remembers types.
type once struct{ seen sync.Map }

// first reports whether a type is seen for the first time.
func (o *once) first(t reflect.Type) bool {
	_, seen := o.seen.LoadOrStore(t, true)
	return !seen
}
