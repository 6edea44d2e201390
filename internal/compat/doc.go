// Package compat has the versions of what this module stands on: the oldest that work, and
// those that the tests run with.
package compat
