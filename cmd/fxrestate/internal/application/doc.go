// Package application has the commands about a compiled application, or one that serves:
// manifest, plan, register and graph.
package application
