package gather_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// countedConn counts what reaches the connection below.
type countedConn struct {
	net.Conn
	reads, writes *atomic.Int64
}

func (c countedConn) Read(p []byte) (int, error)  { c.reads.Add(1); return c.Conn.Read(p) }
func (c countedConn) Write(p []byte) (int, error) { c.writes.Add(1); return c.Conn.Write(p) }

func TestWhatHasArrivedIsReadAtOnce(t *testing.T) {
	t.Parallel()
	near, peer := net.Pipe()
	var reads, writes atomic.Int64
	c := wrap(t, countedConn{near, &reads, &writes})
	frames := strings.Repeat("0123456789", 30)
	go func() { _, _ = peer.Write([]byte(frames)) }()
	var got strings.Builder
	for range 30 {
		p := make([]byte, 10)
		_, err := io.ReadFull(c, p)
		require.NoError(t, err)
		got.Write(p)
	}
	require.Equal(t, frames, got.String())
	require.Equal(t, int64(1), reads.Load())
	require.NoError(t, c.Close())
	require.NoError(t, peer.Close())
}

func TestALargeReadIsNotCopied(t *testing.T) {
	t.Parallel()
	near, peer := net.Pipe()
	var reads, writes atomic.Int64
	c := wrap(t, countedConn{near, &reads, &writes})
	go func() { _, _ = peer.Write(make([]byte, 100<<10)) }()
	n, err := io.ReadFull(c, make([]byte, 100<<10))
	require.NoError(t, err)
	require.Equal(t, 100<<10, n)
	require.Equal(t, int64(1), reads.Load())
	require.NoError(t, c.Close())
	require.NoError(t, peer.Close())
}
