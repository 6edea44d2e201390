package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
	noLimit   = math.MaxInt64
	// maxInlineBody is the largest body that is written before anybody reads.
	// The answer to a larger one may come before its end, and may have to be
	// read for the write to go on.
	maxInlineBody = 64 << 10
	// lastWords is how long an answer is waited for when the request could not
	// be written: a server may refuse it early, such as with 413, and close.
	lastWords = time.Second
	// writeGrace is how long a write may take to notice that it is done, when
	// the answer is complete.
	writeGrace = 50 * time.Millisecond
)

// conn is a connection that one request at a time uses.
type conn struct {
	net.Conn
	address  string
	raw      syscall.RawConn // nil where connections have none
	limit    limitedReader
	r        *bufio.Reader
	w        *bufio.Writer
	writing  chan error // the result of a write under way; nil when there is none
	writeErr error
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

// longAgo is a deadline that interrupts.
var longAgo = time.Unix(1, 0)

// watch interrupts reads and writes when ctx ends. The function it returns ends
// the watch, and tells whether that was in time.
func (c *conn) watch(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(longAgo) })
}

// startWrite writes a request, in the background if it is large.
func (c *conn) startWrite(req *http.Request) {
	c.writing, c.writeErr = nil, nil
	if req.ContentLength >= 0 && req.ContentLength <= maxInlineBody {
		c.writeErr = c.write(req)
		return
	}
	writing := make(chan error, 1)
	go func() { writing <- c.write(req) }()
	c.writing = writing
}

func (c *conn) write(req *http.Request) error {
	err := req.Write(c.w)
	if err == nil {
		err = c.w.Flush()
	}
	if err != nil {
		_ = c.SetReadDeadline(time.Now().Add(lastWords))
		if req.Context().Err() != nil {
			_ = c.SetReadDeadline(longAgo)
		}
	}
	return err
}

// finishWrite returns what became of the write, which it ends if it is still
// under way. A write that was over by then is none that failed: the request may
// be with the server.
func (c *conn) finishWrite() error {
	if c.writing == nil {
		return c.writeErr
	}
	grace := time.NewTimer(writeGrace)
	defer grace.Stop()
	select {
	case c.writeErr = <-c.writing:
	case <-grace.C:
		_ = c.SetWriteDeadline(longAgo)
		if c.writeErr = <-c.writing; c.writeErr == nil {
			_ = c.SetWriteDeadline(time.Time{}) // for the next request
		}
	}
	c.writing = nil
	return c.writeErr
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
