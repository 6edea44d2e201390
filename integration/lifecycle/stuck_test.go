package lifecycle_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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

// Ferry crosses when it may.
type Ferry struct{ mayCross atomic.Bool }

// Cross has a step that lasts until its process ends, or that succeeds.
func (f *Ferry) Cross(ctx restate.Context) (string, error) {
	if err := label(ctx, "board"); err != nil {
		return "", err
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		if !f.mayCross.Load() {
			<-ctx.Done()
			return "", ctx.Err()
		}
		return "landed", nil
	})
}

// A short retry policy is used up while the application is away.
func TestInvocationsThatWerePausedWhileTheApplicationWasAwayAreNamed(t *testing.T) {
	t.Parallel()
	const many, named = 23, 20
	paused, quiet := testkit.Unique("ferry"), testkit.Unique("ferry")
	f := &Ferry{}
	config := func(url string) fxrestate.Config {
		cfg := testkit.Config()
		cfg.Register.URL, cfg.Register.Mode = "http://"+url, deployment.Production
		cfg.Endpoint.Addr = testkit.StableAddr(t)
		return cfg
	}
	app := func(t *testing.T, name string, cfg fxrestate.Config) *testkit.App {
		return testkit.StartWith(t, cfg, fxrestate.Service[*Ferry](testkit.Made(f), fxrestate.Name(name),
			restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(3))))
	}
	wire := testkit.StableAddr(t)
	cfg := config(wire)
	crash := forward(t, wire, cfg.Endpoint.Addr)
	a := app(t, paused, cfg)
	var ids []string
	for range many {
		ids = append(ids, testkit.Submit(t, testkit.Path(paused, "Cross"), nil))
	}
	for _, id := range ids {
		testkit.AwaitEntry(t, testkit.Admin(), id, "Run board")
	}
	crash()
	for _, id := range ids {
		testkit.AwaitStatus(t, id, string(admin.StatusPaused))
	}

	a.RequireStop()
	forward(t, wire, cfg.Endpoint.Addr)

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
		require.Contains(t, ids, fields["invocationID"])
		require.Equal(t, paused+"/Cross", fields["method"])
		require.NotEmpty(t, fields["error"], "why the last attempt failed")
		require.Regexp(t, fmt.Sprintf("^nobody answered at the URL of deployment dp_.*, then: fxrestate invocations resume %s$", fields["invocationID"]), fields["way out"])
	}
	asked := len(proxy.Seen(http.MethodPost, "/query"))
	for range 5 {
		found, err := b.Health.Stuck(t.Context())
		require.NoError(t, err)
		require.Len(t, found, named)
	}
	require.Len(t, proxy.Seen(http.MethodPost, "/query"), asked, "the answer is kept for ten seconds")
	f.mayCross.Store(true)
	for _, id := range ids {
		require.NoError(t, testkit.Admin().ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
	}
	for _, id := range ids {
		require.Equal(t, "landed", testkit.Decode[string](t, testkit.Attach(t, id)))
	}

	// Where nothing is stuck, nothing is said.
	wire = testkit.StableAddr(t)
	cfg = config(wire)
	cfg.Admin.URL = proxy.URL
	forward(t, wire, cfg.Endpoint.Addr)
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

// forward leads connections to another address, until it crashes as a process does that is
// killed: those that are open break, and new ones are refused.
func forward(t testing.TB, from, to string) (crash func()) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	require.NoError(t, err)
	var mu sync.Mutex
	var open []net.Conn
	crashed := false
	var copies sync.WaitGroup
	copies.Go(func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			mu.Lock()
			open = append(open, in, out)
			if crashed {
				_, _ = in.Close(), out.Close()
			}
			mu.Unlock()
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				copies.Go(func() {
					_, _ = io.Copy(way[0], way[1])
					_ = way[0].Close()
				})
			}
		}
	})
	crash = sync.OnceFunc(func() {
		_ = listener.Close()
		mu.Lock()
		crashed = true
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		copies.Wait()
	})
	t.Cleanup(crash)
	return crash
}
