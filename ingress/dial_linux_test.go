package ingress_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// deaf listens, and the kernel answers nobody: its queue is full. To connect takes for
// ever.
func deaf(t testing.TB) (url string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	bound, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return "http://" + address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue takes all connections")
	return ""
}

func TestADeadlineDuringTheDialIsTheContexts(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{URL: deaf(t), Logger: newLogger(new(logged))})
	greeter := ingress.NewService[*Greeter](client)
	for range 20 { // whoever notices first
		ctx, cancel := context.WithTimeout(testkit.Context(t), 20*time.Millisecond)
		_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada", restate.WithIdempotencyKey("x"))
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, http.StatusGatewayTimeout, ingress.ProblemOf(err).Status, "%v", err)
		var broken *ingress.ConnectionError
		require.ErrorAs(t, err, &broken)
	}
	t.Run("also when it has a cause", func(t *testing.T) {
		t.Parallel()
		cause := errors.New("no time left")
		ctx, cancel := context.WithTimeoutCause(testkit.Context(t), 20*time.Millisecond, cause)
		defer cancel()
		_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, http.StatusGatewayTimeout, ingress.ProblemOf(err).Status)
	})
	t.Run("through a route", func(t *testing.T) {
		t.Parallel()
		r := chi.NewRouter()
		r.Get("/", ingress.Handler0(greeter, (*Greeter).Ping, nil))
		r2 := http.HandlerFunc(func(w http.ResponseWriter, r2 *http.Request) {
			ctx, cancel := context.WithTimeout(r2.Context(), 20*time.Millisecond)
			defer cancel()
			r.ServeHTTP(w, r2.WithContext(ctx))
		})
		require.Equal(t, http.StatusGatewayTimeout, problemOf(t, request(t, r2, http.MethodGet, "/", "")).Status)
	})
	t.Run("also when it is cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(testkit.Context(t))
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 499, ingress.ProblemOf(err).Status)
	})
}

// That nobody answers in the time of the transport's own is no deadline of the caller's.

// That nobody answers in the time that the transport gives is no deadline of the caller's.
func TestADialThatTakesTooLongIsRepeatedAndUnavailable(t *testing.T) {
	t.Parallel()
	transport := ingress.NewTransport()
	dials := make(chan struct{}, 10)
	dialer := &net.Dialer{Timeout: 20 * time.Millisecond}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials <- struct{}{}
		return dialer.DialContext(ctx, network, address)
	}
	client := newClient(t, ingress.Config{
		URL: deaf(t), Retry: ingress.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond}, HTTPClient: &http.Client{Transport: transport},
	})
	_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada", restate.WithIdempotencyKey("x"))
	require.Equal(t, http.StatusServiceUnavailable, ingress.ProblemOf(err).Status, "%v", err)
	require.Len(t, dials, 3)
}
