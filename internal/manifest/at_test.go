package manifest_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/manifest"
)

// listen serves a handler, by the given protocols, until the test ends.
func listen(t *testing.T, http1, http2 bool, handler http.HandlerFunc) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(http1)
	protocols.SetUnencryptedHTTP2(http2)
	server := &http.Server{Handler: handler, Protocols: protocols}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return "http://" + listener.Addr().String()
}

func TestAnEndpointIsAskedByTheProtocolThatItSpeaks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		http1, http2 bool
		major        int
	}{
		"HTTP/2 alone":   {false, true, 2},
		"HTTP/1.1 alone": {true, false, 1},
		"both":           {true, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan *http.Request, 1)
			url := listen(t, test.http1, test.http2, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "PRI" { // the preface of HTTP/2, to a server without it
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				asked <- r
				_, _ = w.Write([]byte("{}"))
			})
			answer, err := manifest.At(t.Context(), url+"/v/1", map[string]string{"x-token": "open"})
			require.NoError(t, err)
			require.Equal(t, "{}", string(answer))
			r := <-asked
			require.Equal(t, test.major, r.ProtoMajor)
			require.Equal(t, "/v/1/discover", r.URL.Path)
			require.Equal(t, "application/vnd.restate.endpointmanifest.v4+json", r.Header.Get("Accept"))
			require.Equal(t, "open", r.Header.Get("X-Token"))
		})
	}
}

func TestAnAnswerOtherThanAManifestIsAnError(t *testing.T) {
	t.Parallel()
	url := listen(t, true, true, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "\x1b[31m"+strings.Repeat("x", 1000), http.StatusTeapot)
	})
	_, err := manifest.At(t.Context(), url, nil)
	var status *manifest.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusTeapot, status.Status)
	require.Less(t, len(err.Error()), 400)
	require.NotContains(t, err.Error(), "\x1b")

	url = listen(t, true, true, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	_, err = manifest.At(t.Context(), url, nil)
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusFound, status.Status)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = manifest.At(ctx, url, nil)
	require.ErrorIs(t, err, context.Canceled)

	_, err = manifest.At(t.Context(), "http://user:secret@127.0.0.1:1", nil)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
