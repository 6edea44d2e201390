package lifecycle_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Ferry waits for an answer.
type Ferry struct{ awakeables chan string }

// Cross waits. It is tried three times.
func (f *Ferry) Cross(ctx restate.Context) (string, error) {
	if err := label(ctx, "board"); err != nil {
		return "", err
	}
	landed := restate.Awakeable[string](ctx)
	select {
	case f.awakeables <- landed.Id():
	default: // a further attempt
	}
	return landed.Result()
}

// A short retry policy is used up while the application is away.
func TestInvocationsThatWerePausedWhileTheApplicationWasAwayAreNamed(t *testing.T) {
	t.Parallel()
	const many, named = 23, 20
	paused, quiet := testkit.Unique("ferry"), testkit.Unique("ferry")
	f := &Ferry{awakeables: make(chan string, 100*many)}
	config := func(addr string) fxrestate.Config {
		cfg := testkit.Config()
		cfg.Endpoint.Addr, cfg.Endpoint.DrainTimeout = addr, -1 // as a crash does
		cfg.Register.URL, cfg.Register.Mode = "http://"+addr, deployment.Production
		return cfg
	}
	app := func(t *testing.T, name string, cfg fxrestate.Config) *testkit.App {
		return testkit.StartWith(t, cfg, fxrestate.Service[*Ferry](testkit.Made(f), fxrestate.Name(name),
			restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(3))))
	}
	cfg := config(testkit.StableAddr(t))
	a := app(t, paused, cfg)
	var ids []string
	for range many {
		ids = append(ids, testkit.Submit(t, testkit.Path(paused, "Cross"), nil))
	}
	for _, id := range ids {
		testkit.AwaitEntry(t, testkit.Admin(), id, "Run board")
	}
	a.RequireStop()
	for _, id := range ids {
		testkit.AwaitStatus(t, id, string(admin.StatusPaused))
	}

	proxy := testkit.NewProxy(t, testkit.Server().AdminURL())
	cfg.Admin.URL = proxy.URL
	b := app(t, paused, cfg)
	require.Len(t, proxy.Seen("", ""), 1, "the start makes one request")
	const message = "an invocation is paused, and its caller waits"
	testkit.Until(t, func() bool {
		return len(b.Lines("there may be more invocations that are paused or fail again and again")) == 1
	}, "nothing is named")
	lines := b.Lines(message)
	require.Len(t, lines, named)
	for _, line := range lines {
		require.Equal(t, zap.WarnLevel, line.Level)
		fields := line.ContextMap()
		require.Contains(t, ids, fields["invocation"])
		require.Equal(t, paused+"/Cross", fields["handler"])
		require.NotEmpty(t, fields["error"], "why the last attempt failed")
		require.Equal(t, fmt.Sprint("mend the cause, then: restate invocations resume ", fields["invocation"]), fields["way out"])
	}
	asked := len(proxy.Seen(http.MethodPost, "/query"))
	for range 5 {
		found, err := b.Health.Stuck(t.Context())
		require.NoError(t, err)
		require.Len(t, found, named)
	}
	require.Len(t, proxy.Seen(http.MethodPost, "/query"), asked, "the answer is kept for ten seconds")
	for _, id := range ids {
		require.NoError(t, testkit.Admin().ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
	}
	testkit.Eventually(t, func() error {
		for len(f.awakeables) > 0 {
			testkit.Post(t, testkit.Path("restate", "awakeables", <-f.awakeables, "resolve"), "landed")
		}
		left, err := testkit.Admin().Invocations(t.Context(), admin.InvocationFilter{Services: []string{paused}})
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("%d are left", len(left))
		}
		return err
	})
	for _, id := range ids {
		require.Equal(t, "landed", testkit.Decode[string](t, testkit.Attach(t, id)))
	}

	// Where nothing is stuck, nothing is said.
	cfg = config(testkit.StableAddr(t))
	cfg.Admin.URL = proxy.URL
	c := app(t, quiet, cfg)
	testkit.Until(t, func() bool {
		for _, r := range proxy.Seen(http.MethodPost, "/query") {
			if strings.Contains(string(r.Body), quiet) {
				return true
			}
		}
		return false
	}, "it does not look")
	c.RequireStop()
	require.Empty(t, c.Lines(message))
}
