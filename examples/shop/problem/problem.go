// Package problem has the errors that no retry mends. They are errors as any other: neither
// a store nor a partner knows of Restate. The application maps them in one place.
package problem

import (
	"fmt"
	"net/http"
)

// Error is an error of the caller's.
type Error struct {
	status int
	text   string
}

// NotFound reports that there is no such thing.
func NotFound(what, id string) error {
	return &Error{http.StatusNotFound, fmt.Sprintf("there is no %s %q", what, id)}
}

// Conflict reports that something cannot be done as things are.
func Conflict(format string, args ...any) error {
	return &Error{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// Invalid reports an input that is never right.
func Invalid(format string, args ...any) error {
	return &Error{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// Error returns what the caller is told.
func (e *Error) Error() string { return e.text }

// StatusCode is what the filter of package httperror asks for: from 400 to 499 the error is
// terminal.
func (e *Error) StatusCode() int { return e.status }
