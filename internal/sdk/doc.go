// Package sdk has all that this project knows of the SDK's unpublished parts. When the
// SDK is upgraded its contract test says which of these files to read:
//
//   - handler.go, definition.go: the handlers of a definition, and what is behind them
//   - seam.go, context.go, future.go, output.go, result.go: how its contexts, clients,
//     futures and iterators are built, and what they encode and decode
//   - attempt.go, gate.go, misuse.go: when its state machine may be used
//   - unwind.go, stdlib.go: what it panics with, and what its stack looks like
//   - replay.go: how it tells of replay
//   - exchange.go, response.go: what it writes when an attempt fails
//   - option.go, codec.go: its options and its JSON codec
//
// The frames of the service protocol are in package protocol.
package sdk
