package logging_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
)

// Talker logs everywhere.
type Talker struct {
	log      *slog.Logger // injected
	attempts atomic.Int32 // of what fails once
}

// say logs a line in every way.
func (t *Talker) say(ctx context.Context, own *slog.Logger, line string) {
	own.Info("own " + line)
	t.log.InfoContext(ctx, "injected "+line)
	t.log.With("a", 1).WithGroup("g").InfoContext(context.WithValue(ctx, t, 1), "derived "+line, "b", 2)
}

// Stumble fails once, after its step.
func (t *Talker) Stumble(ctx restate.Context) error {
	ctx.Log().Info("before the step")
	if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
		return err
	}
	ctx.Log().Info("after the step")
	if t.attempts.Add(1) == 1 {
		return errors.New("stumbled")
	}
	return nil
}

// Burst panics once.
func (t *Talker) Burst(restate.Context) error {
	if t.attempts.Add(1) == 1 {
		panic("burst")
	}
	return nil
}

func (t *Talker) Refuse(restate.Context) error { return restate.TerminalErrorf("not today") }

func (t *Talker) Talk(ctx restate.Context) error {
	t.say(ctx, ctx.Log(), "first")
	for i := range 3 {
		if _, err := restate.Run(ctx, func(rc restate.RunContext) (int, error) {
			t.say(rc, rc.Log(), fmt.Sprint("inside ", i))
			return i, nil
		}); err != nil {
			return err
		}
		t.say(ctx, ctx.Log(), fmt.Sprint("after ", i))
	}
	if err := restate.Sleep(ctx, 10*time.Millisecond); err != nil {
		return err
	}
	t.say(ctx, ctx.Log(), "last")
	return nil
}

// serve serves a Talker that logs to core, and returns its path at the ingress.
func serve(t testing.TB, name string, core zapcore.Core, cfg logging.Config, opts ...restate.ServiceDefinitionOption) (*Talker, string) {
	t.Helper()
	name = fmt.Sprintf("%s-%d", name, serial.Add(1))
	h := logging.NewHandler(zap.New(core), cfg)
	talker := &Talker{log: slog.New(h)}
	d, err := handler.Spec{Type: reflect.TypeFor[*Talker](), Name: name, Options: opts}.Describe()
	require.NoError(t, err)
	e, err := endpoint.New(endpoint.Config{Addr: "127.0.0.1:0"}, h, endpoint.Definition(d, talker))
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, e.Stop(context.Background())) })
	c, err := admin.New(admin.Config{URL: testkit.Server().AdminURL()})
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	_, err = c.RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{
		URI: fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), e.Port()), Force: true,
	})
	require.NoError(t, err)
	return talker, testkit.Server().IngressURL() + "/" + name
}

var serial atomic.Int32

func call(t testing.TB, url string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

// talk returns the lines that Talk logs.
func talk() (messages []string) {
	for _, line := range []string{"first", "inside 0", "after 0", "inside 1", "after 1", "inside 2", "after 2", "last"} {
		for _, way := range []string{"own ", "injected ", "derived "} {
			messages = append(messages, way+line)
		}
	}
	return messages
}

// messages returns the messages of lines that handlers wrote.
func messages(lines []observer.LoggedEntry) (out []string) {
	for _, l := range lines {
		if l.Level == zapcore.InfoLevel {
			out = append(out, l.Message)
		}
	}
	return out
}

func TestEachLineOfAHandlerIsWrittenOnce(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]restate.ServiceDefinitionOption{
		"without-suspension":           nil,
		"with-suspension-at-each-wait": {restate.WithInactivityTimeout(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, lines := observer.New(zapcore.InfoLevel)
			_, url := serve(t, name, core, logging.Config{}, opts...)
			status, body := call(t, url+"/Talk")
			require.Equal(t, http.StatusOK, status, body)
			require.Equal(t, talk(), messages(lines.All()))
		})
	}
}

// Lines after the last journaled step are logged again: the earlier attempt got no
// further, and this attempt runs that code again.
func TestARetryRepeatsOnlyWhatIsNotJournaled(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	_, url := serve(t, "retry", core, logging.Config{}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond)))
	status, body := call(t, url+"/Stumble")
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, []string{"before the step", "after the step", "after the step"}, messages(lines.All()))
}

func TestLinesOfTheSDKAboutEachAttemptAreForDebugging(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	_, url := serve(t, "levels", core, logging.Config{}, restate.WithInactivityTimeout(0))
	for _, handler := range []string{"/Talk", "/Refuse"} {
		t.Run(handler, func(t *testing.T) {
			call(t, url+handler)
		})
	}
	for message, want := range map[string]zapcore.Level{
		"Handling invocation":                    zapcore.DebugLevel,
		"Suspending invocation":                  zapcore.DebugLevel,
		"Invocation completed successfully":      zapcore.DebugLevel,
		"Invocation returned a terminal failure": zapcore.WarnLevel,
		"own first":                              zapcore.InfoLevel,
		"Processing discovery request":           zapcore.DebugLevel,
		"Accepting requests without validating request signatures; handler access must be restricted": zapcore.WarnLevel,
	} {
		t.Run(message, func(t *testing.T) {
			found := lines.FilterMessage(message).All()
			require.NotEmpty(t, found, message)
			for _, l := range found {
				require.Equal(t, want, l.Level, message)
			}
		})
	}
}

func TestLinesHaveTheirAttributes(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	_, url := serve(t, "attributes", core, logging.Config{})
	call(t, url+"/Talk")
	own := lines.FilterMessage("own first").All()[0].ContextMap()
	require.Equal(t, strings.TrimPrefix(url, testkit.Server().IngressURL()+"/")+"/Talk", own["method"])
	require.Regexp(t, "^inv_", own["invocationID"])
	require.Equal(t, map[string]any{"a": int64(1), "g": map[string]any{"b": int64(2)}}, lines.FilterMessage("derived first").All()[0].ContextMap())
}

func TestStackTracesAreAddedToErrorsOfTheSDK(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprintf("stack traces are %t", on), func(t *testing.T) {
			core, lines := observer.New(zapcore.WarnLevel)
			_, url := serve(t, "stack", core, logging.Config{StackTraces: on}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond)))
			status, body := call(t, url+"/Burst")
			require.Equal(t, http.StatusOK, status, body)
			require.NotEmpty(t, lines.FilterLevelExact(zapcore.ErrorLevel).All())
			for _, l := range lines.All() {
				require.Equal(t, on && l.Level == zapcore.ErrorLevel, l.Stack != "", l.Message)
			}
		})
	}
}
