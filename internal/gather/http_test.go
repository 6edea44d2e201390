package gather_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/gather"
)

// listener is a counting network listener, wrapped in a gathering one.
type listener struct {
	net.Listener
	reads, writes atomic.Int64
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{c, &l.reads, &l.writes}, nil
}

func listen(t testing.TB) *listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return &listener{Listener: l}
}

// echo sends each piece of the request body back as it arrives, flushed, as the SDK does
// with its messages.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("X-Proto", r.Proto)
	w.Header().Set("X-TLS", fmt.Sprint(r.TLS != nil))
	p := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(p)
		if n > 0 {
			_, _ = w.Write(p[:n])
			w.(http.Flusher).Flush()
		}
		if err != nil {
			return
		}
	}
}

// serve serves echo on a gathering listener and returns its URL and a client for the
// given protocol.
func serve(t testing.TB, protocol string, l net.Listener) (string, *http.Client) {
	t.Helper()
	protocols := new(http.Protocols)
	server := &http.Server{Handler: http.HandlerFunc(echo), Protocols: protocols}
	transport := &http.Transport{Protocols: protocols}
	scheme := "http"
	run := func() error { return server.Serve(l) }
	switch protocol {
	case "HTTP/1.1":
		protocols.SetHTTP1(true)
	case "HTTP/2":
		protocols.SetUnencryptedHTTP2(true)
	case "HTTP/2 over TLS":
		protocols.SetHTTP2(true)
		test := httptest.NewUnstartedServer(nil) // for its certificate
		test.StartTLS()
		test.Close()
		server.TLSConfig = &tls.Config{Certificates: test.TLS.Certificates}
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		scheme = "https"
		run = func() error { return server.ServeTLS(l, "", "") }
	}
	done := make(chan error, 1)
	go func() { done <- run() }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, server.Shutdown(context.Background()))
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return scheme + "://" + l.Addr().String(), &http.Client{Transport: transport}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2", "HTTP/2 over TLS"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()

			t.Run("responds to each piece before the next is sent", func(t *testing.T) {
				t.Parallel()
				url, client := serve(t, protocol, gather.NewListener(listen(t)))
				body, pieces := io.Pipe()
				first := make(chan error, 1)
				go func() {
					_, err := io.WriteString(pieces, "piece 0;")
					first <- err
				}()
				response, err := client.Post(url, "text/plain", body)
				require.NoError(t, err)
				require.NoError(t, <-first)
				require.True(t, strings.HasPrefix(protocol, response.Proto[:len("HTTP/2")]), response.Proto)
				require.Equal(t, fmt.Sprint(strings.HasSuffix(protocol, "TLS")), response.Header.Get("X-TLS"))
				for i := range 20 {
					if i > 0 {
						_, err := fmt.Fprintf(pieces, "piece %d;", i)
						require.NoError(t, err)
					}
					got := make([]byte, len(fmt.Sprintf("piece %d;", i)))
					_, err := io.ReadFull(response.Body, got)
					require.NoError(t, err)
					require.Equal(t, fmt.Sprintf("piece %d;", i), string(got))
				}
				require.NoError(t, pieces.Close())
				rest, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.Empty(t, rest)
				require.NoError(t, response.Body.Close())
			})

			t.Run("mixes up no streams and loses no byte", func(t *testing.T) {
				t.Parallel()
				url, client := serve(t, protocol, gather.NewListener(listen(t)))
				var wg sync.WaitGroup
				for i := range 32 {
					wg.Go(func() {
						sent := bytes.Repeat(fmt.Appendf(nil, "stream %d.", i), 1+i*2000)
						response, err := client.Post(url, "text/plain", bytes.NewReader(sent))
						if err != nil {
							t.Error(err)
							return
						}
						got, err := io.ReadAll(response.Body)
						if err != nil {
							t.Error(err)
						}
						if !bytes.Equal(sent, got) {
							t.Errorf("stream %d: %d bytes came back of %d, or other ones", i, len(got), len(sent))
						}
						_ = response.Body.Close()
					})
				}
				wg.Wait()
			})
		})
	}
}

// The header and the first message of a response, and the messages of concurrent
// streams, are flushed one by one.
func TestHTTP2NeedsFewerSystemCalls(t *testing.T) {
	t.Parallel()
	plain, gathering := listen(t), listen(t)
	for l, on := range map[*listener]net.Listener{plain: plain, gathering: gather.NewListener(gathering)} {
		url, client := serve(t, "HTTP/2", on)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 50 {
					post(t, client, url)
				}
			})
		}
		wg.Wait()
		t.Logf("%d reads, %d writes for 800 requests", l.reads.Load(), l.writes.Load())
	}
	require.Less(t, gathering.writes.Load(), plain.writes.Load())
	require.Less(t, gathering.reads.Load(), plain.reads.Load())
}

func post(t testing.TB, client *http.Client, url string) {
	response, err := client.Post(url, "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Error(err)
		return
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err != nil {
		t.Error(err)
	}
	_ = response.Body.Close()
}

func BenchmarkHTTP2(b *testing.B) {
	for _, bench := range []struct {
		name string
		wrap func(net.Listener) net.Listener
	}{
		{"plain", func(l net.Listener) net.Listener { return l }},
		{"gathering", gather.NewListener},
	} {
		for _, streams := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d streams", bench.name, streams), func(b *testing.B) {
				l := listen(b)
				url, client := serve(b, "HTTP/2", bench.wrap(l))
				post(b, client, url)
				l.reads.Store(0)
				l.writes.Store(0)
				b.ResetTimer()
				var next atomic.Int64
				var wg sync.WaitGroup
				for range streams {
					wg.Go(func() {
						for next.Add(1) <= int64(b.N) {
							post(b, client, url)
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(l.reads.Load())/float64(b.N), "reads/op")
				b.ReportMetric(float64(l.writes.Load())/float64(b.N), "writes/op")
			})
		}
	}
}
