package pipeline

import restate "github.com/restatedev/sdk-go"

// Pipe transforms or checks the decoded input before the handler gets it.
//
// It returns the input to go on with, which must be of the type that the handler
// takes, or an error instead: a terminal one with code 400 for an input that is
// wrong. Package validate has a pipe that checks.
//
// A pipe runs in every attempt and has to come to the same result each time, as
// handler code has. It must not change what the input points to. One pipe serves
// all invocations and must be safe for concurrent use.
type Pipe interface {
	Transform(ctx restate.Context, inv *Invocation, input any) (any, error)
}

// PipeFunc is a [Pipe] made of a function.
type PipeFunc func(ctx restate.Context, inv *Invocation, input any) (any, error)

// Transform calls f.
func (f PipeFunc) Transform(ctx restate.Context, inv *Invocation, input any) (any, error) {
	return f(ctx, inv, input)
}

// PipeOf returns a pipe for inputs of type T. Inputs of other types pass through
// it untouched, so it can stand in front of handlers that take something else.
func PipeOf[T any](fn func(ctx restate.Context, inv *Invocation, input T) (T, error)) Pipe {
	return typedPipe[T](fn)
}

type typedPipe[T any] func(ctx restate.Context, inv *Invocation, input T) (T, error)

func (p typedPipe[T]) Transform(ctx restate.Context, inv *Invocation, input any) (any, error) {
	typed, ok := input.(T)
	if !ok {
		return input, nil
	}
	return p(ctx, inv, typed)
}
