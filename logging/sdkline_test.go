package logging_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/logging"
)

// messagesOfTheSDK are the lines of the SDK about attempts, by file, as "LEVEL message".
// Where an upgrade changes one, look at package logging, which gives levels by message.
var messagesOfTheSDK = map[string][]string{
	"internal/restatecontext/execute_invocation.go": {
		"Error Invocation panicked, returning error to Restate",
		"Info Handling invocation",
		"Info Invocation completed successfully",
		"Info Suspending invocation",
		"Info Suspending invocation",
		"Warn Error when consuming output",
		"Warn Error when consuming output",
		"Warn Error when notifying error to state restateContext",
		"Warn Error when reading invocation input",
		"Warn Invocation returned a non-terminal failure",
		"Warn Invocation returned a terminal failure",
	},
	"internal/restatecontext/io_helpers.go": {"Warn Unexpected when reading input"},
	"server/restate.go": {
		"Debug Processing discovery request",
		"Error Could not enable full duplex mode on the underlying HTTP1 transport, server must be created with .Bidirectional(false)",
		"Error Failed to handle invocation",
		"Error Failed to write discovery information",
		"Error Invalid request path",
		"Error Invalid request path",
		"Error Missing content-type header",
		"Error Rejecting request as its JWT did not validate",
		"Error Server shutdown error",
		"Info Validating requests using signing keys",
		"Warn Accepting requests without validating request signatures; handler access must be restricted",
		"Warn Error when closing the core",
		"Warn Error when freeing the state machine",
		"Warn Error when getting response head from the state machine",
		"Warn Error when instantiating the state machine",
		"Warn Error when notifying input closed to the state machine",
		"Warn Error when notifying input to the state machine",
		"Warn Error when preparing the state machine",
		"Warn Error when reading the input stream",
		"Warn Failed to drain request stream",
		"Warn Method not found on service",
		"Warn Service not found",
	},
}

func TestTheSDKHasTheMessagesThatLevelsAreGivenTo(t *testing.T) {
	t.Parallel()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/restatedev/sdk-go").Output()
	require.NoError(t, err)
	var all []string
	for file, want := range messagesOfTheSDK {
		t.Run(file, func(t *testing.T) {
			got := logCalls(t, filepath.Join(strings.TrimSpace(string(dir)), filepath.FromSlash(file)))
			require.Equal(t, want, got)
			all = append(all, got...)
		})
	}
	for message := range logging.Levels() {
		t.Run(message, func(t *testing.T) {
			require.True(t, slices.ContainsFunc(all, func(line string) bool { return strings.HasSuffix(line, " "+message) }))
		})
	}
}

// logCalls returns the calls of slog's methods with a constant message in a file.
func logCalls(t *testing.T, file string) (calls []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		level := strings.TrimSuffix(method.Sel.Name, "Context")
		args := call.Args
		if level == "LogAttrs" {
			level = strings.TrimPrefix(args[1].(*ast.SelectorExpr).Sel.Name, "Level")
			args = args[2:]
		}
		if !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, level) {
			return true
		}
		for _, arg := range args {
			if text, ok := arg.(*ast.BasicLit); ok && text.Kind == token.STRING {
				message, err := strconv.Unquote(text.Value)
				require.NoError(t, err)
				calls = append(calls, level+" "+message)
				break
			}
		}
		return true
	})
	slices.Sort(calls)
	return calls
}

// Wish fails once with an error of the SDK's for a retry.
func (t *Talker) Wish(restate.Context) error {
	if t.attempts.Add(1) == 1 {
		return restate.ToRetryableError(errors.New("later"))
	}
	return nil
}

// Miss fails as a lookup does.
func (t *Talker) Miss(restate.Context) error {
	return restate.ToTerminalError(errors.New("no such thing"), restate.WithErrorCode(http.StatusNotFound))
}

// Wander does other things when it runs again.
func (t *Talker) Wander(ctx restate.Context) error {
	if t.attempts.Add(1) == 1 {
		if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
			return err
		}
		return errors.New("again")
	}
	if t.attempts.Load() == 2 {
		return restate.Sleep(ctx, time.Hour)
	}
	_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil })
	return err
}

func TestEachEventOfAnAttemptHasOneLineWithTheLevelOfItsOutcome(t *testing.T) {
	t.Parallel()
	soon := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10 * time.Millisecond))
	for handler, tt := range map[string]struct {
		cfg  logging.Config
		want []string // level, message, errorKind, code, err
	}{
		"Nap":         {want: []string{"debug Suspending invocation", "debug Invocation completed successfully"}},
		"Refuse":      {want: []string{"error Invocation returned a terminal failure TerminalError 500 not today"}},
		"Miss":        {want: []string{"error Invocation returned a terminal failure TerminalError 404 no such thing"}},
		"Miss, asked": {cfg: logging.Config{ClientErrors: slog.LevelInfo}, want: []string{"info Invocation returned a terminal failure TerminalError 404 no such thing"}},
		"Refuse, when client errors are for debugging": {
			cfg: logging.Config{ClientErrors: slog.LevelDebug}, want: []string{"error Invocation returned a terminal failure TerminalError 500 not today"},
		},
		"Stumble":                               {want: []string{"debug Invocation returned a non-terminal failure Error stumbled", "debug Invocation completed successfully"}},
		"Wish":                                  {want: []string{"debug Invocation returned a non-terminal failure RetryableError [500] later", "debug Invocation completed successfully"}},
		"Slip":                                  {want: []string{"debug Invocation panicked, returning error to Restate Error", "debug Invocation completed successfully"}},
		"Stumble, without debugging of the SDK": {cfg: logging.Config{SDKLevel: slog.LevelInfo}},
		"Refuse, of the SDK only errors":        {cfg: logging.Config{SDKLevel: slog.LevelError}, want: []string{"error Invocation returned a terminal failure TerminalError 500 not today"}},
	} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			core, lines := observer.New(zapcore.DebugLevel)
			opts := []restate.ServiceDefinitionOption{soon}
			method, _, _ := strings.Cut(handler, ",")
			if method == "Nap" {
				opts = append(opts, restate.WithInactivityTimeout(0))
			}
			_, url := serve(t, "outcome", core, tt.cfg, opts...)
			call(t, url+"/"+method)
			var got []string
			for _, l := range lines.All() {
				if !strings.HasPrefix(l.Message, "Invocation ") && l.Message != "Suspending invocation" {
					continue
				}
				fields := l.ContextMap()
				line := l.Level.String() + " " + l.Message
				for _, key := range []string{"errorKind", "code", "err"} {
					if v, ok := fields[key]; ok && !strings.Contains(fmt.Sprint(v), "Related command") { // words of the SDK's
						line += fmt.Sprint(" ", v)
					}
				}
				got = append(got, line)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// Slip fails once, in its step.
func (t *Talker) Slip(ctx restate.Context) error {
	_, err := restate.Run(ctx, func(restate.RunContext) (int, error) {
		if t.attempts.Add(1) == 1 {
			return 0, errors.New("slipped")
		}
		return 1, nil
	})
	return err
}

// Nap does nothing but wait, long enough for a slow machine to suspend it.
func (t *Talker) Nap(ctx restate.Context) error { return restate.Sleep(ctx, time.Second) }

func TestAFailureOfTheSDKIsAnError(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	_, url := serve(t, "wander", core, logging.Config{}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond)))
	status, body := call(t, url+"/Wander")
	require.Equal(t, http.StatusOK, status, body)
	failed := lines.FilterMessage("Invocation panicked, returning error to Restate").All()
	require.Len(t, failed, 1, "a plain retry is none")
	require.Equal(t, zapcore.ErrorLevel, failed[0].Level)
	require.Equal(t, "RestateError", failed[0].ContextMap()["errorKind"])
}

func TestALoggerOfErrorsHasTerminalFailures(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.ErrorLevel)
	_, url := serve(t, "errors", core, logging.Config{})
	call(t, url+"/Refuse")
	require.Equal(t, 1, lines.Len())
}
