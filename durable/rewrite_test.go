package durable_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// ownIDs are what differs between two invocations that do the same.
var ownIDs = regexp.MustCompile(`sign_1[\w-]{32}|inv_\w+|"(idempotency_key|random_seed|span_relation|trace_id|wake_up_time)":("[^"]*"|\d+|\{[^}]*\}|\[[^\]]*\])`)

// Rewrite runs code as a workflow, whose context has all operations.
type Rewrite struct {
	code func(ctx restate.WorkflowContext) error
	id   string
}

func (r *Rewrite) Run(ctx restate.WorkflowContext) error {
	r.id = ctx.Request().ID
	return r.code(ctx)
}

// terminally returns the error of a function of the SDK's.
func terminally[T any](_ T, failure restate.TerminalError) error {
	if failure == nil {
		return nil
	}
	return failure
}

// The table of docs/migrating.md, as far as it says that a rewrite is safe.
func TestSafeRewritesOfTheSDKsCallsWriteTheSameJournal(t *testing.T) {
	t.Parallel()
	runner := testkit.Unique("runner")
	var runners rpc.Service[*Runner]
	testkit.Start(t, fxrestate.Service[*Runner](func() *Runner { return &Runner{} }, fxrestate.Name(runner)), fx.Populate(&runners))

	type entry struct {
		Type string `json:"entry_type"`
		Name string `json:"name"`
		JSON string `json:"entry_json"`
	}
	journal := func(code func(ctx restate.WorkflowContext) error) (entries []entry) {
		rewrite := &Rewrite{code: code}
		name := testkit.Unique("rewrite")
		testkit.Start(t, fxrestate.Workflow[*Rewrite](testkit.Made(rewrite), fxrestate.Name(name)))
		answer := testkit.Post(t, testkit.Path(name, "one", "Run"), nil)
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		id := rewrite.id
		for _, e := range testkit.Query[entry](t, `SELECT entry_type, name, entry_json FROM sys_journal WHERE id = ? AND "index" > 0 AND entry_type LIKE 'Command%' ORDER BY "index"`, id) {
			e.JSON = ownIDs.ReplaceAllString(e.JSON, "…")
			entries = append(entries, e)
		}
		require.NotEmpty(t, entries)
		return entries
	}
	for name, tt := range map[string]struct {
		sdk, ours func(ctx restate.WorkflowContext) error
	}{
		"the time, with the name of its step": {
			func(ctx restate.WorkflowContext) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (time.Time, error) { return time.Now(), nil }, restate.WithName("clock"))
				return err
			},
			func(ctx restate.WorkflowContext) error {
				_, err := durable.Now(ctx, restate.WithName("clock"))
				return err
			},
		},
		"a time limit, with the name of its timer": {
			func(ctx restate.WorkflowContext) error {
				call := restate.Service[string](ctx, runner, "Answer").RequestFuture("x")
				limit := restate.After(ctx, time.Hour, restate.WithName(""))
				_, err := restate.WaitFirst(ctx, call, limit)
				return err
			},
			func(ctx restate.WorkflowContext) error {
				call, err := rpc.Start(ctx, runners, (*Runner).Answer, "x")
				if err != nil {
					return err
				}
				_, err = call.OrTimeout(ctx, time.Hour, restate.WithName("")).Await(ctx)
				return err
			},
		},
		"a call that sent null": {
			func(ctx restate.WorkflowContext) error {
				_, err := restate.Service[string](ctx, runner, "Bare").Request(nil)
				return err
			},
			func(ctx restate.WorkflowContext) error {
				_, err := rpc.Named[any, string](runner, "Bare").Call(ctx, nil)
				return err
			},
		},
		"a sleep": {
			func(ctx restate.WorkflowContext) error {
				return restate.Sleep(ctx, time.Millisecond, restate.WithName("nap"))
			},
			func(ctx restate.WorkflowContext) error {
				_, err := durable.After(ctx, time.Millisecond, restate.WithName("nap")).Await(ctx)
				return err
			},
		},
		"state": {
			func(ctx restate.WorkflowContext) error {
				restate.Set(ctx, "total", 7)
				_, failure := restate.Get[int](ctx, "total")
				restate.Clear(ctx, "total")
				_, again := restate.Get[int](ctx, "total")
				return errors.Join(terminally(0, failure), terminally(0, again))
			},
			func(ctx restate.WorkflowContext) error {
				total := durable.NewStateKey[int]("total")
				set := total.Set(ctx, 7)
				_, got := total.Get(ctx)
				cleared := total.Clear(ctx)
				_, again := total.Get(ctx)
				return errors.Join(set, got, cleared, again)
			},
		},
		"state with a codec": {
			func(ctx restate.WorkflowContext) error {
				restate.Set(ctx, "raw", []byte("seven"), restate.WithBinary)
				return terminally(restate.Get[[]byte](ctx, "raw", restate.WithBinary))
			},
			func(ctx restate.WorkflowContext) error {
				raw := durable.NewStateKey[[]byte]("raw", restate.WithBinary)
				set := raw.Set(ctx, []byte("seven"))
				_, got := raw.Get(ctx)
				return errors.Join(set, got)
			},
		},
		"a promise that is resolved": {
			func(ctx restate.WorkflowContext) error {
				_, failure := restate.Promise[int](ctx, "approval").Peek()
				resolved := restate.Promise[int](ctx, "approval").Resolve(7)
				_, result := restate.Promise[int](ctx, "approval").Result()
				return errors.Join(terminally(0, failure), terminally(0, resolved), terminally(0, result))
			},
			func(ctx restate.WorkflowContext) error {
				approval := durable.NewPromiseKey[int]("approval")
				_, _, peeked := approval.Peek(ctx)
				resolved := approval.Resolve(ctx, 7)
				_, result := approval.Result(ctx)
				return errors.Join(peeked, resolved, result)
			},
		},
		"a promise that is rejected": {
			func(ctx restate.WorkflowContext) error {
				rejected := restate.Promise[int](ctx, "approval").Reject(errors.New("no"))
				_, _ = restate.Promise[int](ctx, "approval").Result()
				return terminally(0, rejected)
			},
			func(ctx restate.WorkflowContext) error {
				approval := durable.NewPromiseKey[int]("approval")
				rejected := approval.Reject(ctx, errors.New("no"))
				_, _ = approval.Result(ctx)
				return rejected
			},
		},
		"an awakeable that is resolved": {
			func(ctx restate.WorkflowContext) error {
				own := restate.Awakeable[int](ctx)
				restate.ResolveAwakeable(ctx, own.Id(), 7)
				return terminally(own.Result())
			},
			func(ctx restate.WorkflowContext) error {
				id, value, err := number.New(ctx)
				if err != nil {
					return err
				}
				if err := number.Resolve(ctx, id, 7); err != nil {
					return err
				}
				_, err = value.Await(ctx)
				return err
			},
		},
		"an awakeable that is rejected": {
			func(ctx restate.WorkflowContext) error {
				own := restate.Awakeable[int](ctx)
				restate.RejectAwakeable(ctx, own.Id(), errors.New("no"))
				_, _ = own.Result()
				return nil
			},
			func(ctx restate.WorkflowContext) error {
				id, value, err := number.New(ctx)
				if err != nil {
					return err
				}
				if err := number.Reject(ctx, id, errors.New("no")); err != nil {
					return err
				}
				_, _ = value.Await(ctx)
				return nil
			},
		},
		"a step without a result": {
			func(ctx restate.WorkflowContext) error {
				return restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName("count"))
			},
			func(ctx restate.WorkflowContext) error {
				return durable.RunVoid(ctx, durable.NewStep[restate.Void]("count"), func(context.Context) error { return nil })
			},
		},
		"a step that is started": {
			func(ctx restate.WorkflowContext) error {
				return terminally(restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 7, nil }, restate.WithName("count")).Result())
			},
			func(ctx restate.WorkflowContext) error {
				_, err := count.Start(ctx, func(context.Context) (int, error) { return 7, nil }).Await(ctx)
				return err
			},
		},
		"a call": {
			func(ctx restate.WorkflowContext) error {
				return terminally(restate.Service[string](ctx, runner, "Answer").Request("x"))
			},
			func(ctx restate.WorkflowContext) error {
				_, err := rpc.Call(ctx, runners, (*Runner).Answer, "x")
				return err
			},
		},
		"a send of null": {
			func(ctx restate.WorkflowContext) error {
				restate.ServiceSend(ctx, runner, "Bare").Send(nil)
				return nil
			},
			func(ctx restate.WorkflowContext) error {
				_, err := rpc.Named[any, string](runner, "Bare").Send(ctx, nil)
				return err
			},
		},
		"a step": {
			func(ctx restate.WorkflowContext) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 7, nil }, restate.WithName("count"))
				return err
			},
			func(ctx restate.WorkflowContext) error {
				_, err := count.Run(ctx, func(context.Context) (int, error) { return 7, nil })
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, journal(tt.sdk), journal(tt.ours))
		})
	}
	t.Run("but a call without input does not send null", func(t *testing.T) {
		t.Parallel()
		null := journal(func(ctx restate.WorkflowContext) error {
			_, err := restate.Service[string](ctx, runner, "Bare").Request(nil)
			return err
		})
		empty := journal(func(ctx restate.WorkflowContext) error {
			_, err := rpc.Call0(ctx, runners, (*Runner).Bare)
			return err
		})
		require.NotEqual(t, null, empty)
	})
}
