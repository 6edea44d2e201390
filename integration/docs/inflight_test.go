package docs_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/restatetest"
)

// Deployed is an object whose handler is another version of itself in each attempt, so that
// an attempt replays what another version has journaled.
type Deployed struct {
	versions atomic.Int64
	change   func(ctx restate.ObjectContext, version int64)
}

// Echo returns its input.
func (*Deployed) Echo(_ restate.ObjectSharedContext, in string) (string, error) { return in, nil }

// Do does what has changed, and waits, before which an attempt always ends.
func (d *Deployed) Do(ctx restate.ObjectContext, _ string) (string, error) {
	d.change(ctx, d.versions.Add(1))
	return "done", restate.Sleep(ctx, time.Second)
}

// changes are those of the table, each by an operation that is not the same in two versions.
var changes = map[string]func(ctx restate.ObjectContext, version int64){
	"what the function of a step does": func(ctx restate.ObjectContext, version int64) {
		_, _ = durable.NewStep[int64]("step").Run(ctx, func(context.Context) (int64, error) { return version, nil })
	},
	"the `durable.Retry` of a step": func(ctx restate.ObjectContext, version int64) {
		step := durable.NewStep[int]("step", durable.Retry{MaxAttempts: int(version)})
		_, _ = step.Run(ctx, func(context.Context) (int, error) { return 1, nil })
	},
	"the duration of a timer or of a timeout": func(ctx restate.ObjectContext, version int64) {
		_ = restate.Sleep(ctx, time.Duration(version)*time.Second)
	},
	"the delay of a send": func(ctx restate.ObjectContext, version int64) {
		restate.ObjectSend(ctx, "Deployed", "other", "Echo").Send("in", restate.WithDelay(time.Duration(version)*time.Hour))
	},
	"a guard, a filter or an observer more": func(restate.ObjectContext, int64) {},
	"a line that is logged": func(ctx restate.ObjectContext, version int64) {
		ctx.Log().Info("version", "is", version)
	},
	"an operation more or less, or in another order": func(ctx restate.ObjectContext, version int64) {
		if version > 1 {
			restate.Set(ctx, "key", 1)
		}
	},
	"the name of a step": func(ctx restate.ObjectContext, version int64) {
		_, _ = durable.NewStep[int](fmt.Sprint("step-", version)).Run(ctx, func(context.Context) (int, error) { return 1, nil })
	},
	"the name of a timer": func(ctx restate.ObjectContext, version int64) {
		_ = restate.Sleep(ctx, time.Second, restate.WithName(fmt.Sprint("timer-", version)))
	},
	"the name of a state key or a promise": func(ctx restate.ObjectContext, version int64) {
		_, _ = restate.Get[int](ctx, fmt.Sprint("key-", version))
	},
	"a value that is written to the state": func(ctx restate.ObjectContext, version int64) {
		restate.Set(ctx, "key", version)
	},
	"the target, the input or a header of a call": func(ctx restate.ObjectContext, version int64) {
		_, _ = restate.Object[string](ctx, "Deployed", "other", "Echo").Request(fmt.Sprint("in-", version))
	},
}

func TestInvocationsInFlightSurviveTheChangesOfWhichTheTableSaysSo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/migrating.md")
	require.NoError(t, err)
	said := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| (safe|not safe) \|`).FindAllSubmatch(text, -1) {
		said[string(m[1])] = string(m[2])
	}
	require.Equal(t, slices.Sorted(maps.Keys(changes)), slices.Sorted(maps.Keys(said)))
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := &Deployed{change: change}
			env := restatetest.Start(t, restatetest.InProcess, restatetest.AlwaysReplay, restatetest.NoRetries, fx.Options(
				fxrestate.Module,
				fxrestate.Object[*Deployed](func() *Deployed { return object }),
				fxrestate.Use(fxrestate.Guards(pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
					return object.versions.Load() == 0, nil // one that the first version did not have
				}))),
			))
			_, err := ingress.Call(t.Context(), ingress.NewObject[*Deployed](env.Ingress()).Key("key"), (*Deployed).Do, "")
			require.Greater(t, object.versions.Load(), int64(1), "another version has replayed")
			if said[name] == "safe" {
				require.NoError(t, err)
				return
			}
			require.EqualValues(t, 570, handler.CodeOf(err), "%v", err)
		})
	}
}
