package ingress_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
)

// Misuser calls through the ingress where it should call with its context.
type Misuser struct {
	client   *ingress.Client
	attempts atomic.Int64
}

func (m *Misuser) Bare(ctx restate.Context) (string, error) {
	return ingress.Call0(ctx, ingress.NewService[*Greeter](m.client), (*Greeter).Ping)
}

func (m *Misuser) Derived(ctx restate.Context) (string, error) {
	return ingress.Call0(context.WithValue(ctx, m, 1), ingress.NewService[*Greeter](m.client), (*Greeter).Ping)
}

func (m *Misuser) InsideRun(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return ingress.Call0(ctx, ingress.NewService[*Greeter](m.client), (*Greeter).Ping)
	})
}

// Replaying calls while the attempt replays, and never else: the first attempt
// fails before it would.
func (m *Misuser) Replaying(ctx restate.Context) (text string, err error) {
	again := m.attempts.Add(1) > 1
	if again {
		text, err = ingress.Call0(ctx, ingress.NewService[*Greeter](m.client), (*Greeter).Ping)
	}
	if _, failed := restate.Run(ctx, func(restate.RunContext) (restate.Void, error) { return restate.Void{}, nil }); failed != nil {
		return "", failed
	}
	if !again {
		return "", errors.New("once more")
	}
	return text, err
}

// logged collects log lines.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(p))
	return len(p), nil
}

func (l *logged) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

func newLogger(l *logged) *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func TestAClientUsedInsideAHandlerSaysSoOnce(t *testing.T) {
	for i, test := range []struct {
		handler string
		ours    bool // the handler is served by the framework, not by the SDK alone
		warns   bool
	}{
		{handler: "Bare", ours: true, warns: true},
		{handler: "Derived", ours: true, warns: true},
		{handler: "InsideRun", ours: true, warns: false},
		{handler: "Bare", ours: false, warns: true},
		{handler: "InsideRun", ours: false, warns: false},
	} {
		t.Run(fmt.Sprintf("%s, ours %v", test.handler, test.ours), func(t *testing.T) {
			log := new(logged)
			client := newClient(t, ingress.Config{Logger: newLogger(log)})
			name := fmt.Sprintf("Misuser%d", i)
			misuser := &Misuser{client: client}
			definition := restate.ServiceDefinition(restate.NewService(name).
				Handler("Bare", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return misuser.Bare(ctx) })).
				Handler("InsideRun", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return misuser.InsideRun(ctx) })))
			if test.ours {
				desc, err := handler.Spec{Type: typeOf[*Misuser](), Name: name}.Describe()
				require.NoError(t, err)
				definition = endpoint.Definition(desc, misuser)
			}
			stop, err := serveAll(testkit.Server(), definition)
			require.NoError(t, err)
			t.Cleanup(stop)

			outside := newClient(t, ingress.Config{})
			for range 2 {
				text, err := ingress.Named[restate.Void, string](outside, name, test.handler).Call(testkit.Context(t), restate.Void{})
				require.NoError(t, err)
				require.Equal(t, "pong", text)
			}
			if !test.warns {
				require.Empty(t, log.all())
				return
			}
			require.Len(t, log.all(), 1)
			line := log.all()[0]
			require.True(t, strings.Contains(line, "level=WARN") && strings.Contains(line, "target=Greeter/Ping"), line)
			require.Contains(t, line, "use rpc.Call")
		})
	}
}

func TestTheWarningIsNotLostWhileAnAttemptReplays(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	client := newClient(t, ingress.Config{Logger: slog.New(logging.NewHandler(zap.New(core), logging.Config{}))})
	misuser := &Misuser{client: client}
	desc, err := handler.Spec{Type: typeOf[*Misuser](), Name: "MisuserReplaying"}.Describe()
	require.NoError(t, err)
	stop, err := serveAll(testkit.Server(), endpoint.Definition(desc, misuser))
	require.NoError(t, err)
	t.Cleanup(stop)

	outside := newClient(t, ingress.Config{})
	text, err := ingress.Named[restate.Void, string](outside, "MisuserReplaying", "Replaying").Call(testkit.Context(t), restate.Void{})
	require.NoError(t, err)
	require.Equal(t, "pong", text)
	require.Greater(t, misuser.attempts.Load(), int64(1))
	require.Equal(t, 1, lines.Len())
	require.Equal(t, zapcore.WarnLevel, lines.All()[0].Level)
	require.Equal(t, "Greeter/Ping", lines.All()[0].ContextMap()["target"])
}
