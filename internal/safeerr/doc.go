// Package safeerr makes the errors and panics of user code safe to handle.
//
// An error is code: its methods Error, Unwrap, Is and As may panic, its chain may
// have no end, and its text may be of any length and need not be UTF-8. Where user
// code returns an error, [Of] is asked once. Where an error leaves for the SDK,
// [ForSDK] makes one of plain values, on which nothing runs but code of ours and of
// the SDK's. What is between those two reads errors with [Text], [Terminal], [Is]
// and [As].
//
// All of these survive a method that panics. A method that ends the goroutine ends
// it, and one that blocks blocks: neither can be stopped in Go.
package safeerr

// The bounds, in bytes.
const (
	// MaxText bounds the text of an error: what goes to logs, and to Restate with
	// an error that is retried.
	MaxText = 4 << 10
	// MaxMessage bounds the message of a terminal error. It is more than MaxText,
	// since it is an answer that a program gives on purpose.
	MaxMessage = 64 << 10
	// MaxStack bounds the stack of a panic.
	MaxStack = 16 << 10
)

// How many errors are looked at in one chain, and how deep. A chain that has more
// counts as endless.
const (
	maxErrors = 1000
	maxDepth  = 100
)
