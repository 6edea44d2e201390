// Package description is what a compiled application says of itself to the fxrestate
// command: a JSON document that package fxrestate writes and the command reads.
package description
