package gather

import (
	"bufio"
	"net"
	"sync"
)

// NewListener returns a listener whose connections batch writes and read ahead.
// Closing it closes inner, but not the accepted connections.
func NewListener(inner net.Listener) net.Listener {
	return listener{inner}
}

type listener struct {
	net.Listener
}

func (l listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(inner), nil
}

func newConn(inner net.Conn) *conn {
	c := &conn{Conn: inner, in: bufio.NewReaderSize(inner, readAhead)}
	c.changed = sync.NewCond(&c.mu)
	return c
}
