package lifecycle_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Chatty writes lines around what suspends it and what fails.
type Chatty struct {
	log   *slog.Logger
	fails atomic.Int32
}

// Talk logs in each way around a step and a sleep.
func (c *Chatty) Talk(ctx restate.Context) error {
	c.log.InfoContext(ctx, "injected: before")
	ctx.Log().Info("context: before")
	if err := restate.RunVoid(ctx, func(rc restate.RunContext) error {
		rc.Log().Info("context: in the step")
		c.log.InfoContext(rc, "injected: in the step")
		return nil
	}); err != nil {
		return err
	}
	c.log.InfoContext(ctx, "injected: between")
	ctx.Log().Info("context: between")
	if err := restate.Sleep(ctx, 50*time.Millisecond); err != nil {
		return err
	}
	c.log.InfoContext(ctx, "injected: after", "step", 2)
	ctx.Log().Info("context: after", "step", 2)
	return nil
}

// Stumble fails once.
func (c *Chatty) Stumble(ctx restate.Context) error {
	if _, err := durable.Now(ctx); err != nil {
		return err
	}
	ctx.Log().Info("context: after the step")
	if c.fails.Add(1) == 1 {
		return errors.New("stumbled")
	}
	return nil
}

// Burst panics once.
func (c *Chatty) Burst(restate.Context) error {
	if c.fails.Add(1) == 1 {
		panic("burst")
	}
	return nil
}

func (c *Chatty) Refuse(restate.Context) error { return restate.TerminalErrorf("not today") }

func startChatty(t *testing.T, change func(*fxrestate.Config), opts ...restate.ServiceDefinitionOption) (*testkit.App, string) {
	t.Helper()
	c, name, cfg := &Chatty{}, testkit.Unique("chatty"), testkit.Config()
	change(&cfg)
	a := testkit.StartWith(t, cfg, fxrestate.Service[*Chatty](func(log *slog.Logger) *Chatty {
		c.log = log
		return c
	}, append(opts, fxrestate.Name(name), testkit.RetrySoon())...))
	return a, name
}

func TestOneZapLoggerGetsTheLinesOfFxOfTheSDKAndOfHandlers(t *testing.T) {
	t.Parallel()
	a, name := startChatty(t, asIs)
	got := testkit.Post(t, testkit.Path(name, "Talk"), nil)
	require.Equal(t, 200, got.Status)
	id := got.Header.Get("X-Restate-Id")

	fromFx := a.Logs.Filter(func(e observer.LoggedEntry) bool { return e.LoggerName == "fx" })
	require.NotEmpty(t, fromFx.FilterMessage("provided").All())
	require.NotEmpty(t, fromFx.FilterMessage("started").All())
	require.NotEmpty(t, a.Lines("serving"))
	require.Len(t, a.Lines("registered with Restate"), 1)
	fromSDK := a.Logs.FilterMessage("Handling invocation").FilterField(zap.String("invocationID", id)).All()
	require.NotEmpty(t, fromSDK)
	for _, line := range fromSDK {
		require.Equal(t, zap.DebugLevel, line.Level, "each attempt has one")
	}
	fromHandler := a.Lines("context: after")
	require.Len(t, fromHandler, 1)
	require.Equal(t, map[string]any{"invocationID": id, "method": name + "/Talk", "step": int64(2)}, fromHandler[0].ContextMap())
}

// TestLinesOfHandlersAppearOnceOverASuspension suspends where there is an entry in
// the journal: what a handler writes after its last entry and before it waits for
// an awakeable, which is none, cannot be told from a first time.
func TestLinesOfHandlersAppearOnceOverASuspension(t *testing.T) {
	t.Parallel()
	a, name := startChatty(t, asIs, restate.WithInactivityTimeout(0))
	got := testkit.Post(t, testkit.Path(name, "Talk"), nil)
	require.Equal(t, 200, got.Status)
	attempts := a.Logs.FilterMessage("Handling invocation").FilterField(zap.String("invocationID", got.Header.Get("X-Restate-Id")))
	require.Greater(t, attempts.Len(), 1)
	for _, message := range []string{
		"injected: before", "context: before", "injected: in the step", "context: in the step",
		"injected: between", "context: between", "injected: after", "context: after",
	} {
		t.Run(message, func(t *testing.T) {
			require.Len(t, a.Lines(message), 1, message)
		})
	}
}

func TestFailureOfAnAttemptIsLoggedWithItsCause(t *testing.T) {
	t.Parallel()
	a, name := startChatty(t, asIs)
	got := testkit.Post(t, testkit.Path(name, "Stumble"), nil)
	require.Equal(t, 200, got.Status)
	lines := testkit.Failures(a, got.Header.Get("X-Restate-Id"))
	require.NotEmpty(t, lines)
	for _, line := range lines {
		require.Equal(t, "stumbled", line.ContextMap()["err"], line.Message)
	}
}

func TestTerminalFailureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	a, name := startChatty(t, asIs)
	got := testkit.Post(t, testkit.Path(name, "Refuse"), nil)
	require.Equal(t, 500, got.Status)
	id := got.Header.Get("X-Restate-Id")
	require.Len(t, testkit.Loud(a, id), 1)
}

// Complain logs an error.
func (c *Chatty) Complain(ctx restate.Context) {
	ctx.Log().Error("context: complaint")
	c.log.ErrorContext(ctx, "injected: complaint")
}

func TestStackTracesAreLoggedOnDemand(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{false, true} {
		t.Run(fmt.Sprintf("stack traces are %t", wanted), func(t *testing.T) {
			a, name := startChatty(t, func(c *fxrestate.Config) { c.Logging.StackTraces = wanted })
			require.Equal(t, 200, testkit.Post(t, testkit.Path(name, "Complain"), nil).Status)
			for _, message := range []string{"context: complaint", "injected: complaint"} {
				t.Run(message, func(t *testing.T) {
					lines := a.Lines(message)
					require.Len(t, lines, 1)
					require.Equal(t, wanted, strings.Contains(lines[0].Stack, "(*Chatty).Complain"), lines[0].Stack)
				})
			}
		})
	}
}

func TestPanicIsLoggedWithWhereItHappened(t *testing.T) {
	t.Parallel()
	a, name := startChatty(t, asIs)
	require.Equal(t, 200, testkit.Post(t, testkit.Path(name, "Burst"), nil).Status, "it is retried")
	var told int
	for _, line := range a.Logs.All() {
		text := fmt.Sprint(line.Message, line.ContextMap())
		if strings.Contains(text, "burst") && strings.Contains(text, "(*Chatty).Burst") {
			told++
		}
	}
	require.Equal(t, 1, told)
}

func TestApplicationsWithoutALoggerHaveOne(t *testing.T) {
	t.Parallel()
	var log *slog.Logger
	a := fx.New(fxrestate.Module, fx.Populate(&log), fx.Supply(testkit.Config()))
	require.NoError(t, a.Err())
	require.NotNil(t, log)
}
