// Package jsontype describes how encoding/json treats a Go type: the properties of a
// struct, the types that encode and decode themselves, and the types that it rejects.
// It looks at types only, never at values.
//
// The rules are those of encoding/json in Go 1.26. That package does not export them,
// so the tests compare each rule with its output.
package jsontype
