//go:build !unix

package http1

// Available tells whether this package is of use on this system.
const Available = false

// alive takes no idle connection for open where there is no way to look without
// waiting: what is left of another answer must not be taken for the next one.
func (c *conn) alive() bool { return false }
