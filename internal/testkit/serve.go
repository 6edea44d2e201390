package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Listen serves a handler on a free port until the test ends, and returns host and
// port for the package's server.
func Listen(t testing.TB, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	Serve(t, listener, handler)
	return fmt.Sprintf("%s:%d", Server().EndpointHost(), listener.Addr().(*net.TCPAddr).Port)
}

var stable struct {
	sync.Mutex
	ports map[int]bool
}

// StablePort returns a port for what is stopped and then started again at the same
// address. No other test of the process gets it, and no other process by chance: it is
// not one of those that the kernel hands out, for port 0 and for outgoing connections.
func StablePort(t testing.TB) int {
	t.Helper()
	stable.Lock()
	defer stable.Unlock()
	for range 1000 {
		port := 10_000 + rand.IntN(9_000)
		if stable.ports[port] {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, l.Close())
			if stable.ports == nil {
				stable.ports = map[int]bool{}
			}
			stable.ports[port] = true
			return port
		}
	}
	require.FailNow(t, "no free port")
	return 0
}

// StableAddr is a [StablePort] of this machine, as host:port.
func StableAddr(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", StablePort(t))
}

// Serve serves HTTP/1.1 and h2c until the test ends.
func Serve(t testing.TB, listener net.Listener, handler http.Handler, configure ...func(*http.Server)) {
	t.Cleanup(ServeHTTP(listener, handler, configure...))
}

// ServeHTTP serves HTTP/1.1 and h2c until it is stopped.
func ServeHTTP(listener net.Listener, handler http.Handler, configure ...func(*http.Server)) (stop func()) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: handler, Protocols: protocols}
	for _, set := range configure {
		set(srv)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(listener)
	}()
	return func() {
		_ = srv.Close()
		<-done
	}
}
