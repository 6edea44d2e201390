// Package drain has the commands that look at deployments, empty them and remove them.
package drain
