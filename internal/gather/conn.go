package gather

import (
	"bufio"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// readAhead holds a few dozen frames of the size that Restate sends. It is
	// kept for as long as the connection lives, so it is no larger than the
	// buffer of net/http for HTTP/1.
	readAhead = 4 << 10
	// maxGathered limits the bytes that a connection buffers, without the batch that
	// is being sent.
	maxGathered = 64 << 10
	// drainTimeout limits how long Close waits for a peer that does not read.
	drainTimeout = time.Second
)

// conn is a net.Conn with a buffer in each direction.
type conn struct {
	net.Conn

	reading sync.Mutex // held by Read: a bufio.Reader is for one goroutine
	in      *bufio.Reader

	closed atomic.Bool // Close was called

	writing sync.Mutex // held by Write, so that the bytes of one write stay together

	mu       sync.Mutex
	changed  *sync.Cond // signalled when a field below changes for a waiter
	out      *buffer    // the bytes of the next send, nil if there are none
	sending  bool       // a goroutine is in send
	finished bool       // Close or CloseWrite was called
	deadline time.Time  // for writers that wait for space
	err      error      // why sending ended
}

// Read reads what has arrived, with at most one read of the wrapped connection.
func (c *conn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	return c.in.Read(p)
}

// Write appends p to the next send. It waits only while the buffer is full.
func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()

	n := 0
	for {
		if err := c.refuse(); err != nil {
			return n, err
		}
		n += c.accept(p[n:])
		if n == len(p) {
			return n, nil
		}
		c.waitForRoom()
	}
}

// refuse returns why nothing can be written now, or nil.
func (c *conn) refuse() error {
	switch {
	case c.err != nil:
		return c.err
	case c.finished:
		return net.ErrClosed
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// accept buffers as much of p as there is space for, and makes sure that it is sent.
func (c *conn) accept(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	if c.out == nil {
		c.out = newBuffer()
	}
	p = p[:min(len(p), maxGathered-len(c.out.bytes))]
	c.out.bytes = append(c.out.bytes, p...)
	if !c.sending {
		c.sending = true
		go c.send()
	}
	return len(p)
}

// waitForRoom waits until something has changed, which may be only the deadline.
func (c *conn) waitForRoom() {
	if !c.deadline.IsZero() {
		// The lock makes sure that the deadline is not signalled before Wait starts.
		timer := time.AfterFunc(time.Until(c.deadline), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.changed.Broadcast()
		})
		defer timer.Stop()
	}
	c.changed.Wait()
}

// send runs in its own goroutine until everything is sent or sending fails.
func (c *conn) send() {
	for {
		// Let other goroutines add their bytes first: without this, up to 50 % more
		// sends are needed.
		runtime.Gosched()

		c.mu.Lock()
		batch := c.out
		c.out = nil
		c.changed.Broadcast()
		c.mu.Unlock()

		_, err := c.Conn.Write(batch.bytes)
		batch.release()
		if err != nil {
			// The peer waits for bytes that will never arrive: close, so that it and our
			// reader notice.
			_ = c.Conn.Close()
		}
		if c.idle(err) {
			return
		}
	}
}

// idle reports whether there is nothing more to send. If so, it records the end of
// the sending, and err as its reason.
func (c *conn) idle(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && c.out != nil {
		return false
	}
	c.sending = false
	c.err = err
	if c.out != nil {
		c.out.release()
		c.out = nil
	}
	c.changed.Broadcast()
	return true
}

// drain rejects further writes and waits until the accepted ones are sent. After
// drainTimeout it gives up and closes the wrapped connection.
func (c *conn) drain() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	c.changed.Broadcast()
	if c.sending {
		timer := time.AfterFunc(drainTimeout, func() { _ = c.Conn.Close() })
		defer timer.Stop()
	}
	for c.sending {
		c.changed.Wait()
	}
	return c.err
}

// Close sends what was written before, for at most a second, and closes the
// connection. It returns the error of a failed send.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	err := c.drain()
	if closeErr := c.Conn.Close(); err == nil {
		err = closeErr
	}
	return err
}

// CloseWrite sends what was written before, for at most a second, and then closes
// the direction to the peer. net/http calls it before it closes a connection on which
// a request is still arriving.
func (c *conn) CloseWrite() error {
	if err := c.drain(); err != nil {
		return err
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetDeadline sets the deadlines of Read and Write.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetWriteDeadline sets the deadline for writers that wait for space in the buffer.
// It does not affect a running send, because crypto/tls sets a deadline in the past
// right after its last record.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.changed.Broadcast()
	return nil
}
