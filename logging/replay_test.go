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

	twin    *zap.Logger
	dropped float64
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
	if err := restate.Sleep(ctx, time.Second); err != nil {
		return err
	}
	t.say(ctx, ctx.Log(), "last")
	return nil
}

// serve serves a Talker that logs to core, and returns its URL at the ingress.
func serve(t testing.TB, name string, core zapcore.Core, cfg logging.Config, opts ...restate.ServiceDefinitionOption) (*Talker, string) {
	t.Helper()
	return serveOn(t, name, logging.NewHandler(zap.New(core), cfg), opts...)
}

// serveOn serves a Talker that logs to h.
func serveOn(t testing.TB, name string, h *logging.Handler, opts ...restate.ServiceDefinitionOption) (*Talker, string) {
	t.Helper()
	talker := &Talker{log: slog.New(h)}
	return talker, serveStruct(t, name, h, talker, opts...)
}

// serveStruct serves a struct with handlers, and returns its URL at the ingress.
func serveStruct(t testing.TB, name string, h *logging.Handler, receiver any, opts ...restate.ServiceDefinitionOption) string {
	t.Helper()
	name = fmt.Sprintf("%s-%d", name, serial.Add(1))
	d, err := handler.Spec{Type: reflect.TypeOf(receiver), Name: name, Options: opts}.Describe()
	require.NoError(t, err)
	e, err := endpoint.New(endpoint.Config{Addr: "127.0.0.1:0"}, h, endpoint.Definition(d, receiver))
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
	return testkit.Server().IngressURL() + "/" + name
}

var serial atomic.Int32

func call(t testing.TB, url string, headers ...string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
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

func TestLinesHaveTheirAttributes(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	_, url := serve(t, "attributes", core, logging.Config{})
	call(t, url+"/Talk")
	own := lines.FilterMessage("own first").All()[0].ContextMap()
	require.Equal(t, strings.TrimPrefix(url, testkit.Server().IngressURL()+"/")+"/Talk", own["method"])
	require.Regexp(t, "^inv_", own["invocationID"])
	for _, message := range []string{"injected first", "injected inside 0", "own inside 0", "injected last"} {
		fields := lines.FilterMessage(message).All()[0].ContextMap()
		require.Equal(t, own["method"], fields["method"], message)
		require.Equal(t, own["invocationID"], fields["invocationID"], message)
		require.NotEmpty(t, own["traceID"])
		require.Equal(t, own["traceID"], fields["traceID"], message)
	}
	require.Equal(t, map[string]any{"a": int64(1), "g": map[string]any{"b": int64(2)}, "method": own["method"], "invocationID": own["invocationID"], "traceID": own["traceID"]},
		lines.FilterMessage("derived first").All()[0].ContextMap(), "they stand outside the group")
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

// Measure returns how many allocations a dropped line takes while it replays.
func (t *Talker) Measure(ctx restate.Context) (float64, error) {
	if t.attempts.Add(1) == 2 {
		t.twin = logging.From(ctx)
		t.dropped = max(
			testing.AllocsPerRun(100, func() { t.log.InfoContext(ctx, "line", "amount", 100) }),
			testing.AllocsPerRun(100, func() {
				if ce := t.twin.Check(zap.InfoLevel, "line"); ce != nil {
					ce.Write(zap.Int("amount", 100))
				}
			}),
		)
	}
	if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
		return 0, err
	}
	if t.attempts.Load() == 1 {
		return 0, errors.New("again")
	}
	return t.dropped, nil
}

func TestADroppedLineOfAHandlerDoesNotAllocate(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	talker, url := serve(t, "allocs", core, logging.Config{}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond)))
	status, body := call(t, url+"/Measure")
	require.Equal(t, http.StatusOK, status, body)
	require.EqualValues(t, 2, talker.attempts.Load())
	require.Equal(t, "0", body)
	require.Zero(t, lines.Len())
}
