// Package state has the commands that read and write the state of objects and workflows.
package state
