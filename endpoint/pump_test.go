package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
)

// What is left of a body must not be taken for the next request on its connection.
func TestAConnectionOverHTTP11OutlivesASuspendedAttempt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rest   string // of the body, once the attempt is suspended
		reused bool
	}{
		"whose body ends":           {"0\r\n\r\n", true},
		"whose body brings more":    {"3\r\nabc\r\n0\r\n\r\n", true},
		"but not one that hangs":    {"", false},
		"and not one that is wrong": {"nonsense\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorker()
			e := serveIn(t, testkit.Within, testkit.Within, endpoint.Config{MaxInFlight: 1}, define(t, "worker", w))
			conn, err := net.Dial("tcp", strings.TrimPrefix(url(e), "http://"))
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			deadline, _ := testkit.Context(t).Deadline()
			require.NoError(t, conn.SetDeadline(deadline))
			send := func(format string, args ...any) {
				_, err := fmt.Fprintf(conn, format, args...)
				require.NoError(t, err)
			}
			journal := invocationOf(fmt.Sprintf("%024d", 1), "")
			send("POST /invoke/worker/Sleep HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.restate.invocation.v5\r\n"+
				"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(journal), journal)
			testkit.Receive(t, w.begun)

			other, cancel := context.WithCancel(testkit.Context(t))
			held := make(chan error, 1)
			go func() { held <- invokeUntil(other, e, "Compute", invocationOf(fmt.Sprintf("%024d", 2), "")) }()
			t.Cleanup(func() {
				cancel()
				close(w.release)
				<-held
			})
			answers := bufio.NewReader(conn)
			first, err := http.ReadResponse(answers, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, first.StatusCode)
			for f := (protocol.Frame{}); f.Type != protocol.TypeSuspension; {
				f, err = protocol.ReadFrame(first.Body, 0)
				require.NoError(t, err)
			}

			send("%s", tt.rest)
			_, err = io.ReadAll(first.Body)
			if !tt.reused {
				require.Error(t, err, "the connection is closed before the end of the response")
				return
			}
			require.NoError(t, err)
			send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
			next, err := http.ReadResponse(answers, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, next.StatusCode)
		})
	}
}
