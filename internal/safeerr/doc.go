// Package safeerr makes the errors and panics of user code safe to handle.
//
// An error has code: its methods Error, Unwrap, Is and As may panic, its chain may be
// endless, and its text may be of any length and need not be UTF-8. When user code
// returns an error, [Of] makes it safe once. Before an error is given to the SDK,
// [ForSDK] converts it to plain values, so that no method of user code runs afterwards.
// Code between those two reads errors with [Text], [Terminal], [Is] and [As].
//
// All of these survive a method that panics. They cannot survive a method that ends the
// goroutine or blocks: Go cannot stop either.
package safeerr

// The size limits, in bytes.
const (
	// MaxText limits the text of an error in logs, and of a retried error that is sent
	// to Restate.
	MaxText = 4 << 10
	// MaxMessage limits the message of a terminal error. It is larger than MaxText,
	// because the message is a deliberate result of the program.
	MaxMessage = 64 << 10
	// MaxStack limits the stack of a panic.
	MaxStack = 16 << 10
)

// The limits for the number and the depth of errors in one chain. A longer chain counts
// as endless.
const (
	maxErrors = 1000
	maxDepth  = 100
)
