// Package jsontype says what encoding/json makes of a Go type: which properties a
// struct has, which types encode and decode themselves, and which it refuses. It
// looks at types alone, never at values.
//
// The rules are those of encoding/json in Go 1.26. That package does not publish
// them, so the tests of this one compare each with what it writes.
package jsontype
