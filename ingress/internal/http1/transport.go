// Package http1 is an http.RoundTripper for many callers of few servers over
// plain HTTP/1.1.
//
// net/http serves each connection with two goroutines, so a request passes
// through three and wakes each of them. That is most of what a small call costs
// the caller's process. Here the calling goroutine writes and reads itself, with
// net/http's own code for messages. What it gives up for that is whatever needs
// somebody to listen while nobody calls: HTTP/2 and upgrades. It has no proxies
// and no httptrace either.
package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Transport is the http.RoundTripper. It takes http URLs only. Its fields must
// not change once it is in use; it is safe for concurrent use.
type Transport struct {
	// DialContext opens connections. Default: that of a zero net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// MaxIdle bounds the connections per server that are kept for later.
	// Default: none is kept.
	MaxIdle int
	// IdleTimeout is how long they are kept. Default: for ever.
	IdleTimeout time.Duration

	pool pool
}

// maxInterim bounds the 1xx answers before the answer.
const maxInterim = 5

// RoundTrip does one request. It tries a second connection only when the first
// had been in use before and broke while the request was being written: no
// server acts on a part of a request.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "http" {
		closeBody(req)
		return nil, fmt.Errorf("http1: %q is not an http URL", req.URL.Redacted())
	}
	address := req.URL.Host
	if req.URL.Port() == "" {
		address = net.JoinHostPort(req.URL.Hostname(), "80")
	}
	for c := t.pool.get(address); c != nil; c = t.pool.get(address) {
		res, err := t.roundTrip(c, req)
		var unwritten *writeError
		if !errors.As(err, &unwritten) {
			return res, err
		}
		if req, err = rewind(req); err != nil {
			return nil, unwritten
		}
	}
	c, err := t.dial(req.Context(), address)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	return t.roundTrip(c, req)
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() { t.pool.closeAll() }

func (t *Transport) dial(ctx context.Context, address string) (*conn, error) {
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return newConn(nc, address), nil
}

// roundTrip does one request on a connection, which it keeps or closes.
func (t *Transport) roundTrip(c *conn, req *http.Request) (*http.Response, error) {
	stop := c.watch(req.Context())
	c.startWrite(req)
	res, err := c.read(req)
	if err != nil {
		stop()
		c.Close()
		if unwritten := c.finishWrite(); unwritten != nil {
			err = &writeError{unwritten}
		}
		if cause := req.Context().Err(); cause != nil {
			err = cause
		}
		return nil, err
	}
	b := &body{transport: t, conn: c, stop: stop, ctx: req.Context(), inner: res.Body}
	b.keep = !res.Close && !req.Close && !perhapsUnread(req, res)
	if res.Body == http.NoBody {
		b.finish()
	} else {
		res.Body = b
	}
	return res, nil
}

// perhapsUnread tells whether the server may have refused a request before it had
// read the whole of it. Some then close the connection without saying so, under
// the next request. A small body arrives together with the header.
func perhapsUnread(req *http.Request, res *http.Response) bool {
	return res.StatusCode >= 400 && (req.ContentLength < 0 || req.ContentLength > 1024)
}

func (c *conn) read(req *http.Request) (*http.Response, error) {
	for range maxInterim + 1 {
		c.limit.remaining = maxHeader
		res, err := http.ReadResponse(c.r, req)
		c.limit.remaining = noLimit
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			return nil, errClosed
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("http1: the server switched protocols unasked")
		case res.StatusCode >= 200:
			return res, nil
		}
	}
	return nil, fmt.Errorf("http1: more than %d interim answers", maxInterim)
}

var errClosed = errors.New("http1: the server closed the connection before it answered")

// writeError is a request that was not written whole.
type writeError struct{ err error }

func (e *writeError) Error() string { return "http1: write the request: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// rewind returns the request with its body from the start.
func rewind(req *http.Request) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("http1: the body cannot be read again")
	}
	fresh, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := *req
	again.Body = fresh
	return &again, nil
}

// closeBody does what a RoundTripper must also when it fails.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// body is the body of an answer. Reading it to its end frees the connection for
// the next request.
type body struct {
	transport *Transport
	conn      *conn
	stop      func() bool
	ctx       context.Context
	inner     io.ReadCloser
	keep      bool
	done      bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.done {
		return b.inner.Read(p) // io.EOF, or an error if it was closed
	}
	n, err := b.inner.Read(p)
	switch {
	case err == io.EOF:
		b.finish()
	case err != nil:
		b.keep = false
		b.finish()
		if cause := b.ctx.Err(); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (b *body) Close() error {
	if !b.done {
		b.keep = false // there is more to read
		b.finish()
	}
	return nil
}

// finish hands the connection back, or closes it. The context may end at the same
// moment: then the connection is spoiled.
func (b *body) finish() {
	b.done = true
	wrote := b.conn.finishWrite() == nil
	if b.stop() && b.keep && wrote && b.conn.r.Buffered() == 0 {
		b.transport.pool.put(b.conn, b.transport.MaxIdle, b.transport.IdleTimeout)
		return
	}
	b.conn.Close()
}
