//go:build unix

package http1

import (
	"errors"
	"syscall"
)

// Available tells whether this package is of use on this system.
const Available = true

// alive tells whether an idle connection is still open, as far as this side
// knows: the server may have closed it since, and nobody was reading.
func (c *conn) alive() bool {
	if c.raw == nil {
		return true
	}
	// No answer is under way: what can be read is an end, an error, or
	// something nobody asked for.
	var failure error
	err := c.raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, failure = syscall.Read(int(fd), one[:])
		return true // do not wait
	})
	return err == nil && (errors.Is(failure, syscall.EAGAIN) || errors.Is(failure, syscall.EINTR))
}
