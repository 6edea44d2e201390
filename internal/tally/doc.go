// Package tally writes few lines about what happens any number of times.
package tally
