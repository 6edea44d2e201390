// Package invocationid knows what the id of an invocation looks like.
package invocationid
