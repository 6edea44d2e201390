package durable_test

import (
	"context"
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
var ownIDs = regexp.MustCompile(`inv_\w+|"(idempotency_key|random_seed|span_relation|trace_id|wake_up_time|value)":("[^"]*"|\d+|\{[^}]*\}|\[[^\]]*\])`)

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
	journal := func(code func(ctx restate.Context) error) (entries []entry) {
		var id string
		try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
			id = ctx.Request().ID
			return "done", code(ctx)
		}).returns(t, "done")
		for _, e := range testkit.Query[entry](t, `SELECT entry_type, name, entry_json FROM sys_journal WHERE id = ? AND "index" > 0 AND entry_type LIKE 'Command%' ORDER BY "index"`, id) {
			e.JSON = ownIDs.ReplaceAllString(e.JSON, "…")
			entries = append(entries, e)
		}
		require.NotEmpty(t, entries)
		return entries
	}
	for name, tt := range map[string]struct {
		sdk, ours func(ctx restate.Context) error
	}{
		"the time, with the name of its step": {
			func(ctx restate.Context) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (time.Time, error) { return time.Now(), nil }, restate.WithName("clock"))
				return err
			},
			func(ctx restate.Context) error {
				_, err := durable.Now(ctx, restate.WithName("clock"))
				return err
			},
		},
		"a time limit, with the name of its timer": {
			func(ctx restate.Context) error {
				call := restate.Service[string](ctx, runner, "Answer").RequestFuture("x")
				limit := restate.After(ctx, time.Hour, restate.WithName(""))
				_, err := restate.WaitFirst(ctx, call, limit)
				return err
			},
			func(ctx restate.Context) error {
				call, err := rpc.Start(ctx, runners, (*Runner).Answer, "x")
				if err != nil {
					return err
				}
				_, err = call.OrTimeout(ctx, time.Hour, restate.WithName("")).Await(ctx)
				return err
			},
		},
		"a call that sent null": {
			func(ctx restate.Context) error {
				_, err := restate.Service[string](ctx, runner, "Bare").Request(nil)
				return err
			},
			func(ctx restate.Context) error {
				_, err := rpc.Named[any, string](runner, "Bare").Call(ctx, nil)
				return err
			},
		},
		"a sleep": {
			func(ctx restate.Context) error { return restate.Sleep(ctx, time.Millisecond, restate.WithName("nap")) },
			func(ctx restate.Context) error {
				_, err := durable.After(ctx, time.Millisecond, restate.WithName("nap")).Await(ctx)
				return err
			},
		},
		"a send of null": {
			func(ctx restate.Context) error {
				restate.ServiceSend(ctx, runner, "Bare").Send(nil)
				return nil
			},
			func(ctx restate.Context) error {
				_, err := rpc.Named[any, string](runner, "Bare").Send(ctx, nil)
				return err
			},
		},
		"a step": {
			func(ctx restate.Context) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 7, nil }, restate.WithName("count"))
				return err
			},
			func(ctx restate.Context) error {
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
		null := journal(func(ctx restate.Context) error {
			_, err := restate.Service[string](ctx, runner, "Bare").Request(nil)
			return err
		})
		empty := journal(func(ctx restate.Context) error {
			_, err := rpc.Call0(ctx, runners, (*Runner).Bare)
			return err
		})
		require.NotEqual(t, null, empty)
	})
}
