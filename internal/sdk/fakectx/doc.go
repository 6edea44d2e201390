// Package fakectx makes a context of the SDK's type with nothing of the SDK behind it.
// Whoever plays an invocation without a server implements [Context] and [Operation], whose
// types all have names.
package fakectx
