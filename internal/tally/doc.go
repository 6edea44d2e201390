// Package tally writes few lines about what anybody can make happen any number of times.
package tally
