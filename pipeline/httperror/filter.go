// Package httperror has a filter for errors that know an HTTP status.
package httperror

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// Filter returns a filter for errors that know an HTTP status: those with a
// method StatusCode, HTTPStatus or GetStatus that returns an int, themselves or in
// their chain. The outermost that has one of them counts.
//
// A status from 400 to 499 makes a terminal error with that code and the error's
// text. It leaves alone, to be retried unless another filter or the error mapping
// decides otherwise, all other statuses and errors that know none, and errors
// that ask for another attempt with [pipeline.RetryAfter].
func Filter() pipeline.Filter { return filter{} }

type filter struct{}

func (filter) String() string { return "httperror.Filter" }

func (filter) Catch(_ context.Context, _ *pipeline.Invocation, err error) error {
	if safeerr.Terminal(err) != nil {
		return nil
	}
	if _, ok := pipeline.RetryDelay(err); ok {
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
	ok = safeerr.Chain(err, func(err error) bool {
		switch e := err.(type) {
		case interface{ StatusCode() int }:
			status = e.StatusCode()
		case interface{ HTTPStatus() int }:
			status = e.HTTPStatus()
		case interface{ GetStatus() int }:
			status = e.GetStatus()
		default:
			return false
		}
		return true
	})
	return status, ok
}
