package ingress_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

// Misuser calls through the ingress where it should call with its context.
type Misuser struct{ client *ingress.Client }

func (m *Misuser) Bare(ctx restate.Context) (string, error) {
	return ingress.Call0(ctx, ingress.Service[*Greeter](m.client), (*Greeter).Ping)
}

func (m *Misuser) Derived(ctx restate.Context) (string, error) {
	return ingress.Call0(context.WithValue(ctx, m, 1), ingress.Service[*Greeter](m.client), (*Greeter).Ping)
}

func (m *Misuser) InsideRun(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return ingress.Call0(ctx, ingress.Service[*Greeter](m.client), (*Greeter).Ping)
	})
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
			misuser := &Misuser{client}
			definition := restate.ServiceDefinition(restate.NewService(name).
				Handler("Bare", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return misuser.Bare(ctx) })).
				Handler("InsideRun", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return misuser.InsideRun(ctx) })))
			if test.ours {
				desc, err := handler.Spec{Type: typeOf[*Misuser](), Name: name}.Describe()
				require.NoError(t, err)
				definition = endpoint.Definition(desc, misuser)
			}
			stop, err := serveAll(restateServer(), definition)
			require.NoError(t, err)
			t.Cleanup(stop)

			outside := newClient(t, ingress.Config{})
			for range 2 {
				text, err := ingress.Named[restate.Void, string](outside, name, test.handler).Call(testContext(t), restate.Void{})
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
			require.Contains(t, line, "use fxrestate.Call")
		})
	}
}
