package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	sdkserver "github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/concurrency"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/pipeline/steptimeout"
	"github.com/fxrestate/go/pipeline/validate"
)

// PipeLedger is a virtual object that does a little of everything, with the SDK's
// own functions. It runs with nothing around it too.
type PipeLedger struct {
	name, echo string
	failed     sync.Map
}

func (l *PipeLedger) ServiceName() string { return l.name }

func (l *PipeLedger) Do(ctx restate.ObjectContext, how string) (string, error) {
	step, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "step", nil }, restate.WithName("book"))
	if err != nil {
		return "", err
	}
	async := restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("beside"))
	if _, err := restate.Get[int](ctx, "count"); err != nil {
		return "", err
	}
	restate.Set(ctx, "count", 1)
	answer, err := restate.Service[string](ctx, l.echo, "Echo").Request(step)
	if err != nil {
		return "", err
	}
	restate.ServiceSend(ctx, l.echo, "Echo").Send(answer)
	if err := restate.Sleep(ctx, time.Millisecond); err != nil {
		return "", err
	}
	if _, err := async.Result(); err != nil {
		return "", err
	}
	switch _, again := l.failed.LoadOrStore(how, true); {
	case how == "terminal":
		return "", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(418))
	case how == "retried" && !again:
		return "", errors.New("once")
	}
	return answer, nil
}

// pipeEverything is a member of every stage, and each built-in.
func pipeEverything(t *testing.T) []fxrestate.Attachment {
	t.Helper()
	limit := concurrency.Limit(map[string]int{"book": 1})
	return []fxrestate.Attachment{
		fxrestate.Guards(&PipeDoor{}),
		fxrestate.Interceptors(&fault.Injector{}, func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			ctx.Log().Info("in", "replaying", inv.Replaying())
			return next(restate.WithValue(ctx, pipeKey{}, "Ada"), inv)
		}),
		fxrestate.Pipes(validate.New(nil), pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in string) (string, error) { return in, nil })),
		fxrestate.Filters(httperror.Filter(), func(context.Context, *pipeline.Invocation, error) error { return nil }),
		fxrestate.Observers(pipeTracer{}),
		fxrestate.StepInterceptors(&fault.Injector{}, steptimeout.New(time.Minute), limit),
		fxrestate.CallInterceptors(func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error { return next(ctx, c) }),
		fxrestate.AsTerminalError(func(error) restate.TerminalError { return nil }),
		fxrestate.Metadata(PipeTag("any")),
	}
}

// serveBare serves a definition with the SDK alone, and registers it.
func serveBare(t *testing.T, def restate.ServiceDefinition) {
	t.Helper()
	handler, err := sdkserver.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(def).Handler()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	srv, served := &http.Server{Handler: handler, Protocols: &protocols}, make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
	uri := fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), l.Addr().(*net.TCPAddr).Port)
	_, err = testkit.Admin().RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{URI: uri, Force: true})
	require.NoError(t, err)
}

func TestThePipelineJournalsNothingOfItsOwn(t *testing.T) {
	t.Parallel()
	echo, sdk, empty, full := testkit.Unique("pipe-echo"), testkit.Unique("pipe-ledger"), testkit.Unique("pipe-ledger"), testkit.Unique("pipe-ledger")
	ledger := func(name string) *PipeLedger { return &PipeLedger{name: name, echo: echo} }
	options := []restate.ServiceDefinitionOption{testkit.RetrySoon()}
	for _, a := range pipeEverything(t) {
		options = append(options, a)
	}
	serveBare(t, restate.Reflect(ledger(sdk), testkit.RetrySoon()))
	testkit.Start(t,
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(echo)),
		fxrestate.Object[*PipeLedger](testkit.Made(ledger(empty)), fxrestate.Name(empty), testkit.RetrySoon()))
	testkit.Start(t, fxrestate.Object[*PipeLedger](testkit.Made(ledger(full)), append(options, fxrestate.Name(full))...))

	type command struct {
		Type    string `json:"entry_type"`
		Name    string `json:"name"`
		Invoked string `json:"invoked_target"`
	}
	// What a test sees of the order of results that come by themselves is chance.
	commands := func(id string) []command {
		return testkit.Query[command](t, `SELECT entry_type, name, invoked_target FROM sys_journal WHERE id = ? AND entry_type LIKE 'Command: %' ORDER BY "index"`, id)
	}
	for how, status := range map[string]int{"done": http.StatusOK, "terminal": http.StatusTeapot, "retried": http.StatusOK} {
		t.Run(how, func(t *testing.T) {
			journals := map[string][]command{}
			for _, name := range []string{sdk, empty, full} {
				t.Run(name, func(t *testing.T) {
					a := testkit.Post(t, testkit.Path(name, "k-"+how, "Do"), how)
					require.Equal(t, status, a.Status, "%s: %s", how, a.Body)
					journals[name] = commands(a.Header.Get("X-Restate-Id"))
				})
			}
			require.Len(t, journals[sdk], 9, "%v", journals[sdk])
			require.Equal(t, journals[sdk], journals[empty], how)
			require.Equal(t, journals[sdk], journals[full], how)
		})
	}
}
