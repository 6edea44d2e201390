package httpclient

import (
	"net"
	"sync"
	"time"
)

// lastWords is how long an answer may take to arrive after a write failed.
const lastWords = time.Second

// patientConn is a connection whose failed writes wait for the answer. A server may
// refuse a request before it has read the whole, with 413, say, and close. Then the
// write fails although the answer is there, and net/http returns what it sees first.
type patientConn struct {
	net.Conn
	closing sync.Once
	closed  chan struct{}
}

// Write waits when it fails, until the answer was read, which net/http closes the
// connection after, or a while.
func (c *patientConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-c.closed:
		case <-timer.C:
		}
	}
	return n, err
}

// Close ends the wait.
func (c *patientConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
