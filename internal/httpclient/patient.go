package httpclient

import (
	"net"
	"sync"
	"time"
)

// lastWords is how long a response may take to arrive after a write failed.
const lastWords = time.Second

// patientConn is a connection whose failed writes wait for the response. A server may
// reject a request before it has read all of it, for example with 413, and close. Then
// the write fails although the response has arrived, and net/http returns whichever it
// sees first.
type patientConn struct {
	net.Conn
	closing sync.Once
	closed  chan struct{}
}

// Write waits after a failure until the response was read, because net/http then closes
// the connection. It waits for at most lastWords.
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
