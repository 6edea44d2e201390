package ingress_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

func TestIngressClientOfTheGraphIsConfigured(t *testing.T) {
	t.Parallel()
	p, job, name, cfg := testkit.NewProxy(t, testkit.Server().IngressURL()), sample.NewJob(), testkit.Unique("job"), testkit.Config()
	job.Succeed()
	p.Token = "s3cret-token"
	cfg.Ingress = ingress.Config{
		URL: p.URL, AuthToken: p.Token, Headers: map[string]string{"X-Tenant": "acme"},
		Retry: ingress.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond},
	}
	var client *ingress.Client
	a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(name)), fx.Populate(&client))

	to := ingress.NewService[*sample.Job](client)
	require.NoError(t, ingress.Call0Void(t.Context(), to, (*sample.Job).Plain))
	sent, err := ingress.Send0Void(t.Context(), to, (*sample.Job).Plain)
	require.NoError(t, err)
	_, err = sent.Attach(t.Context())
	require.NoError(t, err)
	_, ready, err := sent.Output(t.Context())
	require.NoError(t, err)
	require.True(t, ready)
	var refused *ingress.Error
	require.ErrorAs(t, ingress.Resolve(t.Context(), client, durable.NewAwakeable[int]("none"), "sign_1none", 1), &refused, "the server was reached")

	require.Len(t, p.Seen("", ""), 5)
	for _, r := range p.Seen("", "") {
		require.Equal(t, "Bearer s3cret-token", r.Header.Get("Authorization"), "%s %s", r.Method, r.Path)
		require.Equal(t, "acme", r.Header.Get("X-Tenant"), "%s %s", r.Method, r.Path)
	}
	for _, line := range a.Logs.All() {
		require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), "s3cret")
	}
}

func TestIngressClientOfTheGraphRetriesAsConfigured(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		busy     int32
		requests int
		status   int
	}{
		"until it works":                  {busy: 2, requests: 3},
		"as often as it may, and no more": {busy: 100, requests: 3, status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, job, cfg := testkit.NewProxy(t, testkit.Server().IngressURL()), sample.NewJob(), testkit.Config()
			job.Succeed()
			p.Busy.Store(test.busy)
			cfg.Ingress = ingress.Config{URL: p.URL, Retry: ingress.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond}}
			var client *ingress.Client
			testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(testkit.Unique("job"))), fx.Populate(&client))
			err := ingress.Call0Void(t.Context(), ingress.NewService[*sample.Job](client), (*sample.Job).Plain, restate.WithIdempotencyKey("1"))
			require.Len(t, p.Seen("", ""), test.requests)
			if test.status == 0 {
				require.NoError(t, err)
				return
			}
			var refused *ingress.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, test.status, refused.Status)
		})
	}
}

// What takes the ingress client can use it as long as it runs, wherever it stands in
// the program: fx would run the hooks of a module that stands first, first.
func TestHooksOfWhatTakesTheIngressClientCanCallHandlers(t *testing.T) {
	t.Parallel()
	job, cfg := sample.NewJob(), testkit.Config()
	job.Succeed()
	ring := func(c *ingress.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			return ingress.Call0Void(ctx, ingress.NewService[*sample.Job](c), (*sample.Job).Plain)
		}
	}
	require.NoError(t, testkit.CompileCore())
	a := fxtest.New(t,
		fx.StartTimeout(testkit.Within), fx.StopTimeout(testkit.Within),
		fx.Module("api", fx.Invoke(func(lc fx.Lifecycle, c *ingress.Client) {
			lc.Append(fx.StartStopHook(ring(c), ring(c)))
		})),
		fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(testkit.Unique("job"))),
		fxrestate.Module,
		fx.Supply(cfg, zap.NewNop()),
	)
	a.RequireStart()
	require.Equal(t, 1, job.Tried("Plain"))
	a.RequireStop()
	require.Equal(t, 2, job.Tried("Plain"))
}
