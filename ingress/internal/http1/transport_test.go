package http1_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress/internal/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = 10 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	return ctx
}

// client counts the connections that a transport opens.
type client struct {
	*http.Client
	transport *http1.Transport
	opened    atomic.Int64
}

func newClient(t testing.TB) *client {
	c := new(client)
	c.transport = &http1.Transport{
		MaxIdle: 100,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c.opened.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	c.Client = &http.Client{Transport: c.transport}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func newServer(t testing.TB, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// post returns the whole answer.
func post(ctx context.Context, c *client, url, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	return string(out), err
}

// scripted serves one raw answer for each request on a connection, then closes
// it. It returns the URL and what tells of each connection that was closed.
func scripted(t testing.TB, answers ...string) (url string, closed chan struct{}) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed = make(chan struct{}, 100)
	var served sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer func() {
					_ = conn.Close()
					closed <- struct{}{}
				}()
				_ = conn.SetDeadline(time.Now().Add(within))
				in := bufio.NewReader(conn)
				for _, answer := range answers {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if _, err := io.WriteString(conn, answer); err != nil {
						return
					}
				}
			})
		}
	})
	return "http://" + listener.Addr().String(), closed
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestAConnectionIsUsedAgain(t *testing.T) {
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
			c, url := newClient(t), newServer(t, handle)
			for range 10 {
				_, err := post(testContext(t), c, url, "hello")
				require.NoError(t, err)
			}
			require.EqualValues(t, 1, c.opened.Load())
		})
	}
}

func TestManyCallersOpenOneConnectionEach(t *testing.T) {
	t.Parallel()
	const callers, calls = 64, 50
	c, url := newClient(t), newServer(t, echo)
	var group sync.WaitGroup
	var failed atomic.Value
	for i := range callers {
		group.Go(func() {
			for j := range calls {
				want := fmt.Sprintf("%d/%d", i, j)
				if got, err := post(testContext(t), c, url, want); err != nil || got != want {
					failed.Store(fmt.Sprintf("%q %v", got, err))
				}
			}
		})
	}
	group.Wait()
	require.Nil(t, failed.Load())
	require.LessOrEqual(t, c.opened.Load(), int64(callers))
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
			c, url := newClient(t), newServer(t, handle)
			body := strings.Repeat("0123456789", 1<<20)
			for range 3 {
				got, err := post(testContext(t), c, url, body)
				require.NoError(t, err)
				require.Equal(t, len(body), len(got))
			}
			require.EqualValues(t, 1, c.opened.Load())
		})
	}
}

func TestAConnectionIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	const closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
	for name, test := range map[string]struct {
		answers []string
		body    string
	}{
		"when the server says so":                 {answers: []string{closing, ok}},
		"when it speaks HTTP/1.0":                 {answers: []string{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ok}},
		"when the end of the answer is its close": {answers: []string{"HTTP/1.1 200 OK\r\n\r\nok"}},
		"when it has closed in the meantime":      {answers: []string{ok}},
		"when it sent more than the answer":       {answers: []string{ok + "HTTP/1.1 200 OK\r\n", ok}},
		"when a large request was refused": {
			answers: []string{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nok", ok}, body: strings.Repeat("x", 2000),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			url, closed := scripted(t, test.answers...)
			for range 3 {
				got, err := post(testContext(t), c, url, test.body)
				require.NoError(t, err)
				require.Equal(t, "ok", got)
				if len(test.answers) == 1 {
					<-closed
				}
			}
			require.EqualValues(t, 3, c.opened.Load())
		})
	}
}

func TestABodyThatIsNotReadToItsEndEndsTheConnection(t *testing.T) {
	t.Parallel()
	c, url := newClient(t), newServer(t, echo)
	for range 2 {
		res, err := c.Post(url, "text/plain", strings.NewReader("hello"))
		require.NoError(t, err)
		one := make([]byte, 1)
		_, err = io.ReadFull(res.Body, one)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	require.EqualValues(t, 2, c.opened.Load())
}

func TestABodyOfWhichMoreIsToComeEndsTheConnection(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel", ok)
	c := newClient(t)
	for range 2 {
		res, err := c.Post(url, "text/plain", strings.NewReader("hello"))
		require.NoError(t, err)
		_, err = io.ReadFull(res.Body, make([]byte, 3))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	require.EqualValues(t, 2, c.opened.Load())
}

func TestTheContextInterrupts(t *testing.T) {
	t.Parallel()
	t.Run("a wait for the answer", func(t *testing.T) {
		t.Parallel()
		c := newClient(t)
		arrived := make(chan struct{}, 1)
		gone := make(chan struct{})
		url := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived <- struct{}{}
			<-r.Context().Done()
			close(gone)
		})
		ctx, cancel := context.WithCancel(testContext(t))
		go func() {
			<-arrived
			cancel()
		}()
		_, err := post(ctx, c, url, "hello")
		require.ErrorIs(t, err, context.Canceled)
		<-gone // the server knows
	})
	t.Run("a read of the answer", func(t *testing.T) {
		t.Parallel()
		c := newClient(t)
		ctx, cancel := context.WithCancel(testContext(t))
		url := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "hel")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
		require.NoError(t, err)
		res, err := c.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err = io.ReadAll(res.Body)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a write of the request", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		c := newClient(t)
		ctx, cancel := context.WithTimeout(testContext(t), 50*time.Millisecond)
		defer cancel()
		_, err = post(ctx, c, "http://"+listener.Addr().String(), strings.Repeat("x", 64<<20))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("nothing when it ends after the answer", func(t *testing.T) {
		t.Parallel()
		c, url := newClient(t), newServer(t, echo)
		for range 10 {
			ctx, cancel := context.WithCancel(testContext(t))
			_, err := post(ctx, c, url, "x")
			require.NoError(t, err)
			cancel()
		}
		require.EqualValues(t, 1, c.opened.Load())
	})
	t.Run("and spoils no other request", func(t *testing.T) {
		t.Parallel()
		c, url := newClient(t), newServer(t, echo)
		for i := range 200 {
			ctx, cancel := context.WithCancel(testContext(t))
			go cancel()
			if _, err := post(ctx, c, url, "x"); err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			want := fmt.Sprint(i)
			got, err := post(testContext(t), c, url, want)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

func TestARequestOnADeadConnectionIsMadeOnAnother(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		echo(w, r)
	}))
	t.Cleanup(srv.Close)
	c := newClient(t)
	for range 20 {
		got, err := post(testContext(t), c, srv.URL, "hello")
		require.NoError(t, err)
		require.Equal(t, "hello", got)
		srv.CloseClientConnections()
	}
	require.EqualValues(t, 20, requests.Load())
}

// brokenOnce is a connection whose second use cannot be written to.
type brokenOnce struct {
	net.Conn
	writes int
}

func (b *brokenOnce) Write(p []byte) (int, error) {
	if b.writes++; b.writes > 1 {
		return 0, errors.New("broken")
	}
	return b.Conn.Write(p)
}

func TestARequestThatCouldNotBeWrittenIsMadeOnAnotherConnection(t *testing.T) {
	t.Parallel()
	url, opened := newServer(t, echo), 0
	c := newClient(t)
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		opened++
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &brokenOnce{Conn: conn}, err
	}
	for range 2 {
		got, err := post(testContext(t), c, url, "hello")
		require.NoError(t, err)
		require.Equal(t, "hello", got)
	}
	require.Equal(t, 2, opened)

	// A body that cannot be read again is not.
	req, err := http.NewRequestWithContext(testContext(t), http.MethodPost, url, io.NopCloser(strings.NewReader("hello")))
	require.NoError(t, err)
	_, err = c.Do(req)
	require.ErrorContains(t, err, "http1: write the request: broken")
}

func TestAnAnswerBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]string{
		"with a body": "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
		"without one": "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n",
	} {
		for _, size := range []int{60 << 10, 64 << 20} {
			t.Run(fmt.Sprintf("%s, %d", name, size), func(t *testing.T) {
				t.Parallel()
				url := refusing(t, refuse)
				c := newClient(t)
				for range 3 {
					res, err := c.Post(url, "text/plain", bytes.NewReader(make([]byte, size)))
					require.NoError(t, err)
					_, err = io.ReadAll(res.Body)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
				}
				require.EqualValues(t, 3, c.opened.Load())
			})
		}
	}
}

// refusing answers when it has read a header, and closes.
func refusing(t testing.TB, answer string) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(within))
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, answer)
				}
			})
		}
	})
	return "http://" + listener.Addr().String()
}

func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"nothing":              {"", "the server closed the connection before it answered"},
		"no HTTP":              {"hello\r\n\r\n", "malformed"},
		"half a header":        {"HTTP/1.1 200 OK\r\nA: b\r\n", "the server closed the connection before it answered"},
		"an endless header":    {"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", "the header of the answer is too large"},
		"many headers":         {"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 1<<19), "the header of the answer is too large"},
		"another protocol":     {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "switched protocols"},
		"only interim answers": {strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20), "more than 5 interim answers"},
		"half a body":          {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := scripted(t, test.answer)
			_, err := post(testContext(t), newClient(t), url, "hello")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestInterimAnswersArePassedOver(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"+ok)
	got, err := post(testContext(t), newClient(t), url, "hello")
	require.NoError(t, err)
	require.Equal(t, "ok", got)
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, c *client) (closed chan struct{}) {
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
			_, err := post(testContext(t), c, srv.URL, "hello")
			require.NoError(t, err)
		}
		return closed
	}
	await := func(t *testing.T, closed chan struct{}) {
		select {
		case <-closed:
		case <-time.After(within):
			t.Fatal("the connection stays open")
		}
	}
	t.Run("after a while", func(t *testing.T) {
		t.Parallel()
		c := newClient(t)
		c.transport.IdleTimeout = 30 * time.Millisecond
		await(t, open(t, c))
	})
	t.Run("on demand", func(t *testing.T) {
		t.Parallel()
		c := newClient(t)
		closed := open(t, c)
		c.CloseIdleConnections()
		await(t, closed)
		c.CloseIdleConnections()
	})
	t.Run("when there are too many", func(t *testing.T) {
		t.Parallel()
		c := newClient(t)
		c.transport.MaxIdle = 0
		await(t, open(t, c))
	})
}

func TestOnlyPlainHTTPIsServed(t *testing.T) {
	t.Parallel()
	_, err := newClient(t).Get("https://user:password@localhost/")
	require.ErrorContains(t, err, "is not an http URL")
	require.NotContains(t, err.Error(), "password")
}

func BenchmarkCall(b *testing.B) {
	url := newServer(b, echo)
	for name, transport := range map[string]http.RoundTripper{
		"http1":    &http1.Transport{MaxIdle: 100},
		"net/http": &http.Transport{MaxIdleConnsPerHost: 100},
	} {
		b.Run(name, func(b *testing.B) {
			c := &http.Client{Transport: transport}
			defer c.CloseIdleConnections()
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					res, err := c.Post(url, "text/plain", strings.NewReader("hello"))
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
			})
		})
	}
}
