package inprocess_test

import (
	"encoding/hex"
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/testkit"
)

// services do something with every kind of entry.
func services() []restate.ServiceDefinition {
	return []restate.ServiceDefinition{
		restate.NewService("InSteps").
			Handler("Run", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
				a, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in + "a", nil }, restate.WithName("first"))
				if err != nil {
					return "", err
				}
				_, err = restate.Run(ctx, func(restate.RunContext) (string, error) {
					return "", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(418), restate.WithMetadata("k", "v"))
				})
				if !restate.IsTerminalError(err) {
					return "", err
				}
				if err := restate.Sleep(ctx, 10*time.Millisecond, restate.WithName("nap")); err != nil {
					return "", err
				}
				return a, nil
			})).
			Handler("Random", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (bool, error) {
				first := restate.UUID(ctx)
				return first != restate.UUID(ctx), nil
			})).
			Handler("Fail", restate.NewServiceHandler(func(restate.Context, restate.Void) (string, error) {
				return "", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(418))
			})).
			Handler("Call", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
				out, err := restate.Service[string](ctx, "InSteps", "Run").Request(in, restate.WithHeaders(map[string]string{"x": "y"}))
				if err != nil {
					return "", err
				}
				id := restate.ServiceSend(ctx, "InSteps", "Fail").Send(restate.Void{}, restate.WithIdempotencyKey(in)).GetInvocationId()
				_, err = restate.AttachInvocation[string](ctx, id).Response()
				if !restate.IsTerminalError(err) {
					return "", err
				}
				_, err = restate.AttachInvocation[string](ctx, "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN").Response()
				return out + err.Error(), nil
			})).
			Handler("Signal", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				a := restate.Awakeable[string](ctx)
				restate.ResolveAwakeable(ctx, a.Id(), "self")
				first, err := a.Result()
				if err != nil {
					return "", err
				}
				b := restate.Awakeable[string](ctx)
				restate.RejectAwakeable(ctx, b.Id(), errors.New("no"))
				if _, err = b.Result(); !restate.IsTerminalError(err) {
					return "", err
				}
				restate.ResolveSignal(ctx, ctx.Request().ID, "named", "value")
				second, err := restate.Signal[string](ctx, "named").Result()
				return first + second, err
			})).
			Handler("Cancelled", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				child := restate.Service[string](ctx, "InSteps", "Wait").RequestFuture(restate.Void{})
				restate.CancelInvocation(ctx, ctx.Request().ID)
				if err := restate.Sleep(ctx, time.Hour); !restate.IsTerminalError(err) {
					return "", err
				}
				_, err := child.Response()
				return "", err
			})).
			Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.Awakeable[string](ctx).Result()
			})),
		stateful("InEager"),
		stateful("InLazy", restate.WithEnableLazyState(true)),
		restate.NewWorkflow("InPromises").
			Handler("Run", restate.NewWorkflowHandler(func(ctx restate.WorkflowContext, in string) (string, error) {
				before, err := restate.Promise[*string](ctx, "p").Peek()
				if err != nil || before != nil {
					return "", errors.Join(err, errors.New("completed too early"))
				}
				restate.WorkflowSend(ctx, "InPromises", restate.Key(ctx), "Resolve").Send(in)
				out, err := restate.Promise[string](ctx, "p").Result()
				if err != nil {
					return "", err
				}
				err = restate.Promise[string](ctx, "p").Resolve("again")
				return out + err.Error(), nil
			})).
			Handler("Resolve", restate.NewWorkflowSharedHandler(func(ctx restate.WorkflowSharedContext, in string) (restate.Void, error) {
				return restate.Void{}, restate.Promise[string](ctx, "p").Resolve(in)
			})),
	}
}

func stateful(name string, opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	return restate.NewObject(name, opts...).Handler("Use", restate.NewObjectHandler(func(ctx restate.ObjectContext, in string) ([]string, error) {
		before, err := restate.Get[*string](ctx, "b")
		if err != nil || before != nil {
			return nil, errors.Join(err, errors.New("state before"))
		}
		restate.Set(ctx, "b", in)
		restate.Set(ctx, "a", 1)
		if _, err := restate.Get[string](ctx, "b"); err != nil {
			return nil, err
		}
		keys, err := restate.Keys(ctx)
		if err != nil {
			return nil, err
		}
		restate.Clear(ctx, "a")
		if err := restate.Sleep(ctx, time.Millisecond); err != nil {
			return nil, err
		}
		restate.ClearAll(ctx)
		restate.Set(ctx, "c", in)
		return keys, nil
	}))
}

// entry is an entry of a journal, without what differs from one invocation to another.
type entry struct {
	Type, Name string
	Message    protocol.Message
}

// comparable decodes an entry.
func comparable(t testing.TB, of protocol.Type, raw []byte) protocol.Message {
	m, err := protocol.Decode(protocol.Frame{Type: of, Body: raw})
	require.NoError(t, err)
	switch m := m.(type) {
	case *protocol.Input:
		m.Headers = nil // what the ingress adds is compared elsewhere
	case *protocol.Sleep:
		m.WakeUpTime = 0
	case *protocol.SendSignal:
		m.TargetInvocationID = same(m.TargetInvocationID)
	case *protocol.CompleteAwakeable:
		m.AwakeableID = same(m.AwakeableID)
	case *protocol.AttachInvocation:
		if m.Target.InvocationID != nil {
			*m.Target.InvocationID = same(*m.Target.InvocationID)
		}
	case *protocol.Notification:
		m.Result.InvocationID = same(m.Result.InvocationID)
	}
	return m
}

func TestTheRunnersJournalsAreThoseOfAServer(t *testing.T) {
	server, inProcess, r := both(t, services()...)
	for name, test := range map[string]struct {
		path, body string
		any        bool // of the order of notifications
	}{
		"steps and a sleep":    {"/InSteps/Run", `"in"`, false},
		"random numbers":       {"/InSteps/Random", "", false},
		"a failure":            {"/InSteps/Fail", "", false},
		"calls":                {"/InSteps/Call", `"in"`, false},
		"signals":              {"/InSteps/Signal", "", false},
		"a cancellation":       {"/InSteps/Cancelled", "", true},
		"state that was known": {"/InEager/k/Use", `"in"`, false},
		"state that was asked": {"/InLazy/k/Use", `"in"`, false},
		"promises":             {"/InPromises/k/Run", `"in"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			contentType := "application/json"
			if test.body == "" {
				contentType = ""
			}
			a := server.ask(t, http.MethodPost, test.path, contentType, test.body)
			b := inProcess.ask(t, http.MethodPost, test.path, contentType, test.body)
			require.Equal(t, a.status, b.status, b.body)
			require.Equal(t, same(a.body), same(b.body))
			require.NotContains(t, a.body, "too early")

			inv, err := r.Invocation(b.header.Get("X-Restate-Id"))
			require.NoError(t, err)
			types := map[string]protocol.Type{}
			var got []entry
			for _, e := range inv.Journal {
				types[e.Type] = e.Frame.Type
				got = append(got, entry{e.Type, e.Name, comparable(t, e.Frame.Type, e.Frame.Body)})
			}
			want := serverJournal(t, a.header.Get("X-Restate-Id"), types)
			if test.any {
				require.ElementsMatch(t, want, got)
				require.Equal(t, commands(want), commands(got))
				return
			}
			require.Equal(t, want, got)
		})
	}
}

// serverJournal reads the journal of an invocation from the server.
func serverJournal(t testing.TB, id string, types map[string]protocol.Type) (entries []entry) {
	t.Helper()
	testkit.AwaitStatus(t, id, string(runner.Completed))
	for _, row := range testkit.Query[struct {
		Type string `json:"entry_type"`
		Name string `json:"name"`
		Raw  string `json:"raw"`
	}](t, `SELECT entry_type, name, raw FROM sys_journal WHERE id = ? ORDER BY "index"`, id) {
		raw, err := hex.DecodeString(row.Raw)
		require.NoError(t, err)
		of, ok := types[row.Type]
		require.True(t, ok, "the runner's journal has no %q: %v", row.Type, types)
		entries = append(entries, entry{row.Type, row.Name, comparable(t, of, raw)})
	}
	return entries
}

// commands are the entries that are the handler's.
func commands(entries []entry) (list []entry) {
	for _, e := range entries {
		if e.Message.Type().IsCommand() {
			list = append(list, e)
		}
	}
	return list
}
