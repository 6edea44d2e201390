package endpoint_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
)

func TestBodiesThatAreNoJournalAreRefused(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{MaxMessageBytes: 1 << 10}, define(t, name(t), &Waiter{}))
	whole := invocationOf(fmt.Sprintf("%024d", 1), "")
	before := lines.FilterMessage("refused messages of invocations").Len()
	quiet := lines.Len()
	for _, tt := range []struct {
		name string
		body []byte
		want int
	}{
		{"nothing", nil, http.StatusBadRequest},
		{"half a header", whole[:5], http.StatusBadRequest},
		{"half a message", whole[:20], http.StatusBadRequest},
		{"a Start message without the input that it announces", whole[:len(whole)-1], http.StatusBadRequest},
		{"another message than Start", header(protocol.TypeInput, 0), http.StatusBadRequest},
		{"a Start message that is none", append(header(protocol.TypeStart, 1), 0xff), http.StatusBadRequest},
		{"text", []byte("POST / HTTP/1.1"), http.StatusRequestEntityTooLarge},
		{"a Start message of 4 GiB", header(protocol.TypeStart, 1<<32-1), http.StatusRequestEntityTooLarge},
		{"an input of a byte too many", append(protocol.AppendMessage(nil, &protocol.Start{KnownEntries: 1}), header(protocol.TypeInput, 1<<10+1)...), http.StatusRequestEntityTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, invoke(t, e, "Ping", tt.body).Status)
		})
	}
	require.Zero(t, e.InFlight())
	require.Zero(t, endpoint.Bytes(e))
	stop(t, e)
	said, others := 0, 0
	for _, l := range lines.All()[quiet:] {
		if l.Message == "refused messages of invocations" {
			said += int(l.ContextMap()["requests"].(int64))
			require.Contains(t, l.ContextMap()["reason"], "larger than MaxMessageBytes, which is 1024")
		} else {
			others++
		}
	}
	require.Equal(t, 3, said+before)
	require.Zero(t, others, "lines that anybody can cause: %v", lines.All()[quiet:])
}

// What announces much and sends little takes little. Others would take memory beside
// it, so it does not run beside them.
func TestAnnouncedBytesAreNotBelieved(t *testing.T) {
	e := serveIn(t, time.Minute, time.Minute, endpoint.Config{MaxInFlight: 1000}, define(t, name(t), &Waiter{}))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 50 {
		c := dial(t, e)
		_, err := fmt.Fprintf(c, "POST /invoke/%s/Ping HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 33554440\r\n\r\n", name(t), invocationV5)
		require.NoError(t, err)
		_, err = c.Write(header(protocol.TypeStart, 32<<20))
		require.NoError(t, err)
	}
	testkit.Until(t, func() bool { return endpoint.Arriving(e) == 50 }, "they do not arrive")
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(16<<20))
}

func TestHalfSentInvocationsTakeNoPlace(t *testing.T) {
	t.Parallel()
	for _, sent := range []int{0, 5, 20} {
		t.Run(fmt.Sprintf("%d bytes", sent), func(t *testing.T) {
			t.Parallel()
			e := serveIn(t, testkit.Within, 5*time.Second, endpoint.Config{MaxInFlight: 1}, define(t, name(t), &Waiter{}))
			body := invocationOf(fmt.Sprintf("%024d", 1), "")
			var conns []net.Conn
			for range 5 {
				c := dial(t, e)
				_, err := fmt.Fprintf(c, "POST /invoke/%s/Ping HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", name(t), invocationV5, len(body))
				require.NoError(t, err)
				_, err = c.Write(body[:sent])
				require.NoError(t, err)
				conns = append(conns, c)
			}
			testkit.Until(t, func() bool { return endpoint.Arriving(e) == 5 }, "they do not arrive")
			require.Zero(t, e.InFlight())
			require.Equal(t, http.StatusOK, invoke(t, e, "Ping", body).Status)
			for _, c := range conns {
				requireClosed(t, c, http.StatusRequestTimeout)
			}
			require.Zero(t, endpoint.Arriving(e))
		})
	}
}

func TestRefusedRequestsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	open, _ := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	signed, _ := start(t, endpoint.Config{IdentityKeys: []string{testkit.NewSigningKey(t).ID()}}, define(t, name(t), &Waiter{}))
	versioned, _ := start(t, endpoint.Config{Version: endpoint.Version{Name: "v2"}}, define(t, name(t), &Waiter{}))
	ping := "/invoke/" + name(t) + "/Ping"
	for _, tt := range []struct {
		name, method, path string
		e                  *endpoint.Endpoint
		want               int
	}{
		{"an unknown handler", http.MethodPost, ping + "s", open, http.StatusNotFound},
		{"a wrong method", http.MethodPut, ping, open, http.StatusMethodNotAllowed},
		{"no content type", http.MethodPost, ping, open, http.StatusUnsupportedMediaType},
		{"no signature", http.MethodPost, ping, signed, http.StatusUnauthorized},
		{"another version", http.MethodGet, "/v/v1/discover", versioned, http.StatusServiceUnavailable},
		{"health of another version", http.MethodGet, "/v/v1/health", versioned, http.StatusServiceUnavailable},
		{"discovery with a body", http.MethodGet, "/discover", open, http.StatusUnsupportedMediaType},
		{"health with a body", http.MethodGet, "/health", open, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, tt.e)
			_, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx", tt.method, tt.path)
			require.NoError(t, err)
			requireClosed(t, c, tt.want)
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	var idle time.Duration
	e, _ := start(t, endpoint.Config{Configure: func(s *http.Server) {
		idle = s.IdleTimeout
		s.IdleTimeout = 200 * time.Millisecond
	}}, define(t, name(t), &Waiter{}))
	require.Equal(t, 2*time.Minute, idle)
	c := dial(t, e)
	_, err := fmt.Fprint(c, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	requireClosed(t, c, http.StatusOK)
}

func dial(t testing.TB, e *endpoint.Endpoint) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", e.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// requireClosed reads a response and the end of its connection.
func requireClosed(t testing.TB, c net.Conn, status int) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(testkit.Within)))
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, status, res.StatusCode, string(body))
	_, err = io.Copy(io.Discard, in)
	require.False(t, isTimeout(err), "the connection stays open")
}

func isTimeout(err error) bool { return err != nil && strings.Contains(err.Error(), "i/o timeout") }

// Whatever arrives is answered, and leaves nothing behind.
func FuzzBodies(f *testing.F) {
	e, _ := newEndpoint(f, endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true, MaxMessageBytes: 1 << 16}, define(f, "shapes", &Shapes{}))
	whole := invocationOf(fmt.Sprintf("%024d", 1), `{"sku":"a","amount":1}`)
	for _, body := range [][]byte{nil, whole, whole[:20], append(whole[:len(whole):len(whole)], whole...), header(protocol.TypeStart, 1<<32-1)} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/invoke/shapes/InOutErr", bytes.NewReader(body))
		r.Header.Set("Content-Type", invocationV5)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		require.GreaterOrEqual(t, w.Code, http.StatusOK)
		require.Zero(t, e.InFlight())
		require.Zero(t, endpoint.Arriving(e))
		require.Zero(t, endpoint.Bytes(e))
	})
}
