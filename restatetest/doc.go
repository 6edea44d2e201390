// Package restatetest tests applications on a real restate-server.
package restatetest
