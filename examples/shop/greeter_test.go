package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/restatetest"
)

// lines are what was logged.
type lines struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(b)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.out.String(), part)
}

// The server suspends the greeter when it waits for its step, and replays it.
func TestGreeterLogsEachLineOnce(t *testing.T) {
	t.Parallel()
	log := &lines{}
	w := start(t, restatetest.AlwaysReplay, fx.Provide(func() slog.Handler {
		return slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	}))
	w.do("GET", "/greetings/Ada", "").json(`"Hello, Ada!"`)
	require.Equal(t, 1, log.count(`msg=greeting name=Ada`))
	require.Equal(t, 1, log.count(`msg="greeting ready" text="Hello, Ada!"`))
	require.Greater(t, log.count("Handling invocation"), 1, "it was replayed")
}
