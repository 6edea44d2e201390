package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"syscall"
	"time"
)

const (
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
	noLimit   = math.MaxInt64
)

// conn is a connection that one request at a time uses.
type conn struct {
	net.Conn
	address  string
	raw      syscall.RawConn // nil where connections have none
	limit    limitedReader
	r        *bufio.Reader
	w        *bufio.Writer
	reusable bool
	since    time.Time // idle since
}

func newConn(nc net.Conn, address string) *conn {
	c := &conn{Conn: nc, address: address, w: bufio.NewWriter(nc)}
	c.limit = limitedReader{nc, noLimit}
	c.r = bufio.NewReader(&c.limit)
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	return c
}

// watch interrupts reads and writes when ctx ends. The function it returns ends
// the watch, and tells whether that was in time.
func (c *conn) watch(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
}

// limitedReader fails when more is read than allowed.
type limitedReader struct {
	r         io.Reader
	remaining int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.remaining <= 0 {
		return 0, errors.New("http1: the header of the answer is too large")
	}
	n, err := l.r.Read(p)
	if l.remaining != noLimit {
		l.remaining -= int64(n)
	}
	return n, err
}
