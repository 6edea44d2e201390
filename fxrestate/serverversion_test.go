package fxrestate_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// The server stands behind something that answers GET /version for it.
func TestAStartWarnsOfAServerThatIsTooOld(t *testing.T) {
	t.Parallel()
	const message = "the restate-server is older than this version of fxrestate works with"
	for name, test := range map[string]struct {
		answer string
		want   int
	}{
		"one that is too old":         {`{"version":"1.0.0"}`, 1},
		"one that fits":               {`{"version":"1.7.12"}`, 0},
		"one of the future":           {`{"version":"99.0.0"}`, 0},
		"one behind a gateway":        {`<html>`, 0},
		"one whose version is no one": {`{"version":"nightly"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, err := url.Parse(testkit.Server().AdminURL())
			require.NoError(t, err)
			transport := &http.Transport{}
			forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport}
			asked := make(chan struct{}, 1)
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/version" {
					forward.ServeHTTP(w, r)
					return
				}
				_, _ = w.Write([]byte(test.answer))
				asked <- struct{}{}
			}))
			t.Cleanup(func() {
				proxy.Close()
				transport.CloseIdleConnections()
			})
			cfg := testkit.Config()
			cfg.Admin = admin.Config{URL: proxy.URL}
			a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Renamed](testkit.Made(&Renamed{}), fxrestate.Name(testkit.Unique("versioned"))))
			a.RequireStart()
			stop := sync.OnceFunc(a.RequireStop)
			t.Cleanup(stop)
			<-asked
			if test.want == 0 {
				stop() // which waits for the look
				require.Empty(t, a.Lines(message))
				return
			}
			testkit.Until(t, func() bool { return len(a.Lines(message)) == test.want }, "nothing is said")
			line := a.Lines(message)[0]
			require.Equal(t, zap.WarnLevel, line.Level)
			require.Equal(t, "1.0.0", line.ContextMap()["version"])
			require.Contains(t, line.ContextMap()["way out"], "upgrade restate-server to ")
		})
	}
}
