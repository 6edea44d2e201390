package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// runningServerEnv starts a server and returns the environment that names it.
func runningServerEnv(t *testing.T) (ingress, admin string) {
	t.Helper()
	s, err := devserver.Start(t.Context(), devserver.Config{
		Env:      map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "4"},
		Progress: os.Stderr,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return "RESTATE_INGRESS_URL=" + s.IngressURL(), "RESTATE_ADMIN_URL=" + s.AdminURL()
}

const (
	deadIngress = "RESTATE_INGRESS_URL=http://127.0.0.1:1"
	deadAdmin   = "RESTATE_ADMIN_URL=http://127.0.0.1:1"
	anyEndpoint = "RESTATE_ENDPOINT_ADDR=127.0.0.1:0"
)

func TestDemoRunsOnARunningServer(t *testing.T) {
	t.Parallel()
	ingress, admin := runningServerEnv(t)
	p := startWith(t, []string{ingress, admin, anyEndpoint}, "-demo", "-packing", "200ms")
	p.line(`^ready: http://127\.0\.0\.1:\d+$`)
	p.line(`"step":"shipped","total":3900`)
	require.Zero(t, p.ends(), p.logged())
}

func TestAServerOfNoUseIsAnErrorBeforeReady(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			http.Error(w, "no room", http.StatusForbidden)
		}
	}))
	t.Cleanup(refusing.Close)

	for name, test := range map[string]struct{ admin, says string }{
		"one that does not respond":    {deadAdmin, "quickstart: .*no server at RESTATE_ADMIN_URL: .*connection refused"},
		"one that refuses deployments": {"RESTATE_ADMIN_URL=" + refusing.URL, "quickstart: .*the endpoint is not registered: .*no room"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startWith(t, []string{deadIngress, test.admin, anyEndpoint})
			for line := range p.lines {
				require.NotContains(t, line, "ready:")
			}
			require.Equal(t, 1, p.ends(), p.logged())
			require.Regexp(t, "(?s)"+test.says, p.logged())
		})
	}
}

func TestAFailedDemoEndsWithAReason(t *testing.T) {
	t.Parallel()
	_, admin := runningServerEnv(t)
	p := startWith(t, []string{deadIngress, admin, anyEndpoint}, "-demo")
	p.line(`^ready: `)
	require.Equal(t, 1, p.ends(), p.logged())
	require.Regexp(t, `quickstart: POST http\S+/items: status 503`, p.logged())
}
