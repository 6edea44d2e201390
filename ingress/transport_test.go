package ingress_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// counted is a transport of the package's that counts the connections it opens.
type counted struct {
	*http.Transport
	opened atomic.Int64
}

func newCounted(t testing.TB) *counted {
	c := &counted{Transport: ingress.NewTransport()}
	dial := c.DialContext
	c.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c.opened.Add(1)
		return dial(ctx, network, address)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func (c *counted) post(ctx context.Context, url, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := c.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	return string(out), err
}

func serving(t testing.TB, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// scripted serves one raw answer for each request on a connection, then closes it.
func scripted(t testing.TB, answers ...string) (url string, requests *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	requests = new(atomic.Int64)
	var served sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	serve := func(conn net.Conn) {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(testkit.Within))
		in := bufio.NewReader(conn)
		for _, answer := range answers {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			requests.Add(1)
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	}
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() { serve(conn) })
		}
	})
	return "http://" + listener.Addr().String(), requests
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"ok\""

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"with a length": echo,
		"in chunks": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			echo(w, r)
		},
		"with nothing": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusNoContent)
		},
		"with an error": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusTeapot)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport, url := newCounted(t), serving(t, handle)
			for range 10 {
				_, err := transport.post(testkit.Context(t), url, "hello")
				require.NoError(t, err)
			}
			require.EqualValues(t, 1, transport.opened.Load())
		})
	}
}

// net/http opens a connection when none is idle, and keeps it for later where another
// became idle first. So there may be more than there are callers, but not many.
func TestManyCallersUseTheirConnectionsAgain(t *testing.T) {
	t.Parallel()
	const callers, calls = 64, 50
	transport, url := newCounted(t), serving(t, echo)
	var group sync.WaitGroup
	var failed atomic.Value
	for i := range callers {
		group.Go(func() {
			for j := range calls {
				want := fmt.Sprintf("%d/%d", i, j)
				if got, err := transport.post(testkit.Context(t), url, want); err != nil || got != want {
					failed.Store(fmt.Sprintf("%q %v", got, err))
				}
			}
		})
	}
	group.Wait()
	require.Nil(t, failed.Load())
	require.Less(t, transport.opened.Load(), int64(2*callers))
}

func TestLargeBodiesPass(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"when the answer comes meanwhile": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			echo(w, r)
		},
		"when the answer comes later": func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport, url := newCounted(t), serving(t, handle)
			body := strings.Repeat("0123456789", 1<<20)
			for range 3 {
				got, err := transport.post(testkit.Context(t), url, body)
				require.NoError(t, err)
				require.Equal(t, len(body), len(got))
			}
		})
	}
}

// A request that was written may have been done: only what an idempotency key or a
// workflow's id makes safe is made again.
func TestAWrittenRequestIsRepeatedOnlyWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call     func(ctx context.Context, c *ingress.Client) error
		requests int64
	}{
		"a call": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada")
			return err
		}, 1},
		"a call without a body": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call0(ctx, ingress.NewService[*Greeter](c), (*Greeter).Ping)
			return err
		}, 1},
		"a send": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Send(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada")
			return err
		}, 1},
		"a call of a workflow": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call(ctx, ingress.NewWorkflow[*Signup](c).ID("x"), (*Signup).Run, "Ada")
			return err
		}, 1},
		"a call with an idempotency key": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada", restate.WithIdempotencyKey("x"))
			return err
		}, 3},
		"the submission of a workflow": {func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Send(ctx, ingress.NewWorkflow[*Signup](c).ID("x"), (*Signup).Run, "Ada")
			return err
		}, 3},
	} {
		for how, answers := range map[string][]string{
			"on a new connection":             {""},
			"on a connection that was in use": {okAnswer, ""},
			"in the middle of the answer":     {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\"o"},
			"in the middle of the header":     {"HTTP/1.1 200 OK\r\nContent-"},
		} {
			t.Run(name+", cut "+how, func(t *testing.T) {
				t.Parallel()
				url, requests := scripted(t, answers...)
				// As many requests as attempts: none is made by the transport on its own.
				client := newClient(t, ingress.Config{URL: url, Retry: ingress.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond}})
				want := test.requests
				if len(answers) > 1 {
					_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "first")
					require.NoError(t, err)
					requests.Store(0)
				}
				err := test.call(testkit.Context(t), client)
				if len(answers) > 1 && want > 1 {
					// On the next connection the script begins again, with an answer.
					require.EqualValues(t, 2, requests.Load())
					return
				}
				var broken *ingress.ConnectionError
				require.ErrorAs(t, err, &broken)
				require.Equal(t, want, requests.Load())
			})
		}
	}
}

func TestTheContextInterrupts(t *testing.T) {
	t.Parallel()
	t.Run("a wait for the answer", func(t *testing.T) {
		t.Parallel()
		arrived := make(chan struct{}, 1)
		gone := make(chan struct{})
		url := serving(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived <- struct{}{}
			<-r.Context().Done()
			close(gone)
		})
		ctx, cancel := context.WithCancel(testkit.Context(t))
		go func() {
			<-arrived
			cancel()
		}()
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](newClient(t, ingress.Config{URL: url})), (*Greeter).Greet, "Ada")
		require.ErrorIs(t, err, context.Canceled)
		<-gone // the server knows
	})
	t.Run("a read of the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(testkit.Context(t))
		url := serving(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "hel")
			_ = http.NewResponseController(w).Flush()
			cancel()
			<-r.Context().Done()
		})
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](newClient(t, ingress.Config{URL: url})), (*Greeter).Greet, "Ada")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a write of the request", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		ctx, cancel := context.WithTimeout(testkit.Context(t), 50*time.Millisecond)
		defer cancel()
		client := newClient(t, ingress.Config{URL: "http://" + listener.Addr().String()})
		_, err = ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, strings.Repeat("x", 64<<20))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("nothing when it ends after the answer", func(t *testing.T) {
		t.Parallel()
		transport, url := newCounted(t), serving(t, echo)
		for range 10 {
			ctx, cancel := context.WithCancel(testkit.Context(t))
			_, err := transport.post(ctx, url, "x")
			require.NoError(t, err)
			cancel()
		}
		require.EqualValues(t, 1, transport.opened.Load())
	})
	t.Run("and spoils no other request", func(t *testing.T) {
		t.Parallel()
		transport, url := newCounted(t), serving(t, echo)
		for i := range 200 {
			ctx, cancel := context.WithCancel(testkit.Context(t))
			go cancel()
			if _, err := transport.post(ctx, url, "x"); err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			want := fmt.Sprint(i)
			got, err := transport.post(testkit.Context(t), url, want)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

func TestWhatIsNoAnswerIsAConnectionError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":              "",
		"no HTTP":              "hello\r\n\r\n",
		"half a header":        "HTTP/1.1 200 OK\r\nA: b\r\n",
		"an endless header":    "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 2<<20) + "\r\n\r\n",
		"many headers":         "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 1<<19) + "\r\n",
		"another protocol":     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
		"only interim answers": strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 1000)+"\r\n\r\n", 2000),
		"half a body":          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok",
		"half a chunk":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
		"two lengths":          "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n\"ok\"",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := scripted(t, answer)
			_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](newClient(t, ingress.Config{URL: url})), (*Greeter).Greet, "Ada")
			var broken *ingress.ConnectionError
			if name == "another protocol" { // which is an answer, and no result
				require.Equal(t, http.StatusSwitchingProtocols, requireError(t, err).Status)
				return
			}
			require.ErrorAs(t, err, &broken)
			requireFit(t, "the error", err.Error())
		})
	}
}

func TestInterimAnswersArePassedOver(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"+okAnswer)
	text, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](newClient(t, ingress.Config{URL: url})), (*Greeter).Greet, "Ada")
	require.NoError(t, err)
	require.Equal(t, "ok", text)
}

func TestARefusalThatComesBeforeTheRequestIsReadIsSeen(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]string{
		"with a body": "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
		"without one": "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	} {
		for _, size := range []int{60 << 10, 1 << 20, 16 << 20} {
			t.Run(fmt.Sprintf("%s, %d", name, size), func(t *testing.T) {
				t.Parallel()
				client := newClient(t, ingress.Config{URL: refusing(t, refuse)})
				for range 3 {
					_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, strings.Repeat("x", size))
					require.Equal(t, http.StatusRequestEntityTooLarge, requireError(t, err).Status)
				}
			})
		}
	}
}

// refusing answers when it has read a header, and sends no more. It does not close while
// bytes are unread, which as with any server resets the connection: that may overtake the
// answer.
func refusing(t testing.TB, answer string) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	over := make(chan struct{})
	t.Cleanup(func() {
		close(over)
		_ = listener.Close()
		served.Wait()
	})
	serve := func(conn net.Conn) {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(testkit.Within))
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answer)
			_ = conn.(*net.TCPConn).CloseWrite()
		}
		<-over
	}
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() { serve(conn) })
		}
	})
	return "http://" + listener.Addr().String()
}

func TestCallsCanBeTraced(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var events []string
	seen := func(event string) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, event)
	}
	client := newClient(t, ingress.Config{})
	ctx := httptrace.WithClientTrace(testkit.Context(t), &httptrace.ClientTrace{
		GetConn:              func(string) { seen("get") },
		ConnectDone:          func(string, string, error) { seen("connected") },
		GotConn:              func(info httptrace.GotConnInfo) { seen(fmt.Sprintf("got, used before %v", info.Reused)) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { seen("written") },
		GotFirstResponseByte: func() { seen("answered") },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { return errors.New("no interim answer") },
	})
	for range 2 {
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
		require.NoError(t, err)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{
		"get", "connected", "got, used before false", "written", "answered",
		"get", "got, used before true", "written", "answered",
	}, events)
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, transport *counted) (closed chan struct{}) {
		closed = make(chan struct{}, 10)
		srv := httptest.NewUnstartedServer(http.HandlerFunc(echo))
		srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
		srv.Start()
		t.Cleanup(srv.Close)
		for range 2 {
			_, err := transport.post(testkit.Context(t), srv.URL, "hello")
			require.NoError(t, err)
		}
		return closed
	}
	await := func(t *testing.T, closed chan struct{}) {
		select {
		case <-closed:
		case <-time.After(testkit.Within):
			t.Fatal("the connection stays open")
		}
	}
	t.Run("after a while", func(t *testing.T) {
		t.Parallel()
		transport := newCounted(t)
		require.Equal(t, 30*time.Second, transport.IdleConnTimeout)
		transport.IdleConnTimeout = 30 * time.Millisecond
		await(t, open(t, transport))
	})
	t.Run("on demand", func(t *testing.T) {
		t.Parallel()
		transport := newCounted(t)
		closed := open(t, transport)
		transport.CloseIdleConnections()
		await(t, closed)
		transport.CloseIdleConnections()
	})
}

func TestARequestOnAConnectionThatDiedIdleIsMadeOnAnother(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	closed := make(chan struct{}, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		echo(w, r)
	}))
	srv.Start()
	t.Cleanup(srv.Close)
	transport := newCounted(t)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &ending{conn, closed}, err
	}
	for range 20 {
		got, err := transport.post(testkit.Context(t), srv.URL, "hello")
		require.NoError(t, err)
		require.Equal(t, "hello", got)
		srv.CloseClientConnections()
		<-closed // the client knows
	}
	require.EqualValues(t, 20, requests.Load())
}

// ending tells when the other side has closed.
type ending struct {
	net.Conn
	closed chan struct{}
}

func (e *ending) Close() error {
	err := e.Conn.Close()
	e.closed <- struct{}{}
	return err
}

func BenchmarkCall(b *testing.B) {
	url := serving(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		echo(w, r)
	})
	client := newClient(b, ingress.Config{URL: url})
	greeter := ingress.NewService[*Greeter](client)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := ingress.Call(b.Context(), greeter, (*Greeter).Greet, "hello"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
