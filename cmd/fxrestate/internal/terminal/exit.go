package terminal

import (
	"errors"
	"fmt"
)

// The exit codes of all commands.
const (
	CodeOK     = 0
	CodeFailed = 1 // something could not be done
	CodeUsage  = 2 // the command line is wrong
	CodeFound  = 3 // all was done, and something was found that needs somebody
)

// Exit is an error with the exit code that it ends the command with.
type Exit struct {
	Code int
	Err  error // nil: all was said
}

// Error returns the text of the error.
func (e *Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the error.
func (e *Exit) Unwrap() error { return e.Err }

// ErrFound ends a command that has found, and shown, what needs somebody.
var ErrFound error = &Exit{Code: CodeFound}

// Usagef is the error of a command line that is wrong.
func Usagef(format string, args ...any) error {
	return &Exit{CodeUsage, fmt.Errorf(format, args...)}
}

// Code returns the exit code of an error.
func Code(err error) int {
	if err == nil {
		return CodeOK
	}
	if exit, ok := errors.AsType[*Exit](err); ok {
		return exit.Code
	}
	return CodeFailed
}
