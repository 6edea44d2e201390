package pipeline

import (
	"context"

	restate "github.com/restatedev/sdk-go"
)

// HTTPErrors returns a filter for errors that know an HTTP status: those with a
// method StatusCode, HTTPStatus or GetStatus that returns an int, themselves or in
// their chain. The outermost that has one of them counts.
//
// A status from 400 to 499 makes a terminal error with that code and the error's
// text. It leaves alone, to be retried unless another filter or the error mapping
// decides otherwise, all other statuses and errors that know none, and errors
// that ask for another attempt with [RetryAfter].
func HTTPErrors() Filter { return httpErrors{} }

type httpErrors struct{}

func (httpErrors) String() string { return "pipeline.HTTPErrors" }

func (httpErrors) Catch(_ context.Context, _ *Invocation, err error) error {
	if restate.IsTerminalError(err) {
		return nil
	}
	if _, ok := RetryDelay(err); ok {
		return nil
	}
	status, _ := httpStatus(err)
	if status < 400 || status > 499 {
		return nil
	}
	return restate.ToTerminalError(err, restate.WithErrorCode(restate.Code(status)))
}

// httpStatus finds the outermost status in an error's chain, in the order in
// which [errors.As] goes through it.
func httpStatus(err error) (status int, ok bool) {
	switch e := err.(type) {
	case interface{ StatusCode() int }:
		return e.StatusCode(), true
	case interface{ HTTPStatus() int }:
		return e.HTTPStatus(), true
	case interface{ GetStatus() int }:
		return e.GetStatus(), true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return httpStatus(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, joined := range e.Unwrap() {
			if status, ok = httpStatus(joined); ok {
				return status, true
			}
		}
	}
	return 0, false
}
