// Package restatetest tests applications.
//
// The smallest test is one of a method, without a server and without fx: see [NewContext].
package restatetest
