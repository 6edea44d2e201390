package pipeline

import (
	"errors"
	"reflect"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/sdk"
)

// sdkPanic is what the SDK panicked with.
type sdkPanic struct {
	value any
	stack []byte // nil for a suspension
}

// failure is the error of an attempt or a step that the SDK's panic ended.
func (p *sdkPanic) failure() error {
	err, ok := p.value.(error)
	if !ok {
		err = errors.New(safeerr.TextOf(p.value))
	}
	return &sdkError{error: safeerr.Of(err), stack: p.stack}
}

// forSDK is what the panic goes on with to the SDK, which writes its text to
// Restate. of is the panic of a closure that is the reason, or nil.
func (p *sdkPanic) forSDK(of *PanicError) any {
	if sdk.IsSuspension(p.value) {
		return p.value
	}
	if err, ok := p.value.(error); ok {
		return forSDK(err, of)
	}
	return safeerr.TextOf(p.value)
}

// same reports whether two panics have the same value.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	return x.Type() == y.Type() && (!x.Comparable() || x.Equal(y))
}

// sdkError is a failure of the SDK's own.
type sdkError struct {
	error
	stack []byte
}

func (e *sdkError) Unwrap() error { return e.error }
