// Package invocations has the commands that look at invocations and change them.
package invocations
