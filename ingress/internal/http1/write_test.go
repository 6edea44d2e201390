package http1_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// late is a connection, and the body of a request on it, whose write is over long
// before the writer gets to know: until it is told to give up.
type late struct {
	*net.TCPConn
	gaveUp   chan struct{}
	giveUp   sync.Once
	bodyOver atomic.Bool
}

func (l *late) SetWriteDeadline(at time.Time) error {
	if !at.IsZero() && at.Before(time.Now()) {
		l.giveUp.Do(func() { close(l.gaveUp) })
	}
	return l.TCPConn.SetWriteDeadline(at)
}

// lateBody is the body; nothing of it is left to write when it is closed.
type lateBody struct {
	io.Reader
	conn *late
}

func (b lateBody) Close() error {
	<-b.conn.gaveUp
	b.conn.bodyOver.Store(true)
	return nil
}

func TestARequestThatWasWrittenIsNotRepeatedWhenTheWriterIsLate(t *testing.T) {
	t.Parallel()
	const length = 1 << 20
	var requests atomic.Int64
	url := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		requests.Add(1)
		if n == length {
			panic(http.ErrAbortHandler) // it has the whole, and goes away
		}
	})
	conn := &late{gaveUp: make(chan struct{})}
	c := newClient(t)
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c.opened.Add(1)
		dialed, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil || c.opened.Load() > 1 {
			return dialed, err
		}
		conn.TCPConn = dialed.(*net.TCPConn)
		return conn, nil
	}
	_, err := post(testContext(t), c, url, "hello") // from now on the connection was in use
	require.NoError(t, err)

	body := func() (io.ReadCloser, error) {
		return lateBody{strings.NewReader(strings.Repeat("x", length)), conn}, nil
	}
	req, err := http.NewRequestWithContext(testContext(t), http.MethodPost, url, nil)
	require.NoError(t, err)
	req.Body, _ = body()
	req.GetBody, req.ContentLength = body, length
	_, err = c.Do(req)
	require.ErrorContains(t, err, "the server closed the connection before it answered")
	require.True(t, conn.bodyOver.Load())
	require.EqualValues(t, 2, requests.Load(), "requests that arrived whole")
	require.EqualValues(t, 1, c.opened.Load(), "connections")
}
