package testkit

import (
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/stableport"
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

var stable stableport.Ports

// StablePort returns a port for what is stopped and then started again at the same
// address. No other test of the process gets it, and no other process that takes such ports.
func StablePort(t testing.TB) int {
	t.Helper()
	port, err := stable.Take()
	require.NoError(t, err)
	return port
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
