package gather_test

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/gather"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// wrap returns inner as a connection that a gathering listener accepted.
func wrap(t testing.TB, inner net.Conn) net.Conn {
	t.Helper()
	c, err := gather.NewListener(&oneConn{conn: inner}).Accept()
	require.NoError(t, err)
	return c
}

// oneConn is a listener that accepts an existing connection.
type oneConn struct {
	net.Listener
	conn net.Conn
}

func (l *oneConn) Accept() (net.Conn, error) { return l.conn, nil }

// pipe returns a gathering connection and its peer. A send blocks until the peer has
// read it.
func pipe(t testing.TB) (c, peer net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	return wrap(t, near), far
}

// fakeConn is a connection on which a test sees, and releases, one write after the
// other.
type fakeConn struct {
	net.Conn
	writes chan []byte // receives each write
	result chan error  // lets it return

	mu     sync.Mutex
	closed int
}

func newFakeConn() *fakeConn {
	return &fakeConn{writes: make(chan []byte), result: make(chan error)}
}

func (f *fakeConn) Write(p []byte) (int, error) {
	f.writes <- bytes.Clone(p)
	if err := <-f.result; err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *fakeConn) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

func (f *fakeConn) closes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// tcpPair returns two ends of a TCP connection, the first of them gathering.
func tcpPair(t testing.TB) (c, peer net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l = gather.NewListener(l)
	defer func() { require.NoError(t, l.Close()) }()
	peer, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	c, err = l.Accept()
	require.NoError(t, err)
	return c, peer
}
