package pipeline_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// pipeOperations are the operations that can wait. Each is done by a handler of a
// workflow, calls the workflow's other handler where it needs one, and waits.
var pipeOperations = map[string]func(ctx restate.WorkflowContext, self string) error{
	"Sleep": func(ctx restate.WorkflowContext, _ string) error { return plainly(restate.Sleep(ctx, pipeWait)) },
	"After": func(ctx restate.WorkflowContext, _ string) error { return plainly(restate.After(ctx, pipeWait).Done()) },
	"Wait": func(ctx restate.WorkflowContext, _ string) error {
		for _, err := range restate.Wait(ctx, restate.After(ctx, pipeWait), restate.After(ctx, pipeWait)) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"WaitFirst": func(ctx restate.WorkflowContext, _ string) error {
		_, err := restate.WaitFirst(ctx, restate.After(ctx, pipeWait), restate.After(ctx, time.Hour))
		return plainly(err)
	},
	"Request": func(ctx restate.WorkflowContext, self string) error {
		_, err := restate.Workflow[string](ctx, self, restate.Key(ctx), "Slow").Request(restate.Void{})
		return plainly(err)
	},
	"RequestFuture": func(ctx restate.WorkflowContext, self string) error {
		_, err := restate.Workflow[string](ctx, self, restate.Key(ctx), "Slow").RequestFuture(restate.Void{}).Response()
		return plainly(err)
	},
	"AttachInvocation": func(ctx restate.WorkflowContext, self string) error {
		id := restate.WorkflowSend(ctx, self, restate.Key(ctx), "Slow").Send(restate.Void{}).GetInvocationId()
		_, err := restate.AttachInvocation[string](ctx, id).Response()
		return plainly(err)
	},
	"Awakeable": func(ctx restate.WorkflowContext, self string) error {
		a := restate.Awakeable[string](ctx)
		restate.WorkflowSend(ctx, self, restate.Key(ctx), "Wake").Send(a.Id(), restate.WithDelay(pipeWait))
		_, err := a.Result()
		return plainly(err)
	},
	"Promise": func(ctx restate.WorkflowContext, self string) error {
		restate.WorkflowSend(ctx, self, restate.Key(ctx), "Keep").Send(restate.Void{}, restate.WithDelay(pipeWait))
		_, err := restate.Promise[string](ctx, "kept").Result()
		return plainly(err)
	},
}

const pipeWait = time.Second

// plainly is nil for a terminal error that is nil.
func plainly(err restate.TerminalError) error {
	if err == nil {
		return nil
	}
	return err
}

// PipeWaiter waits in each way, and recovers what the SDK panics with then.
type PipeWaiter struct {
	name string
	ran  sync.Map
}

func (w *PipeWaiter) Run(ctx restate.WorkflowContext, how string) (out string, err error) {
	defer func() {
		if recover() != nil {
			w.ran.Store(how, true)
			out, err = "swallowed", errors.New("swallowed")
		}
	}()
	return "done", pipeOperations[how](ctx, w.name)
}

func (*PipeWaiter) Slow(ctx restate.WorkflowSharedContext) (string, error) {
	return "slow", plainly(restate.Sleep(ctx, pipeWait))
}

func (*PipeWaiter) Wake(ctx restate.WorkflowSharedContext, id string) error {
	restate.ResolveAwakeable(ctx, id, "woken")
	return nil
}

func (*PipeWaiter) Keep(ctx restate.WorkflowSharedContext) error {
	return restate.Promise[string](ctx, "kept").Resolve("kept")
}

// However a handler waits, it cannot swallow that it is suspended.
func TestASwallowedSuspensionIsOneInEachOperation(t *testing.T) {
	t.Parallel()
	w, ends := &PipeWaiter{name: testkit.Unique("pipe-waiter")}, &pipeEndings{starts: map[string]int{}, ends: map[string][]string{}}
	a := testkit.Start(t, fxrestate.Workflow[*PipeWaiter](testkit.Made(w), fxrestate.Name(w.name), testkit.RetrySoon(),
		restate.WithInactivityTimeout(10*time.Millisecond), fxrestate.Handler((*PipeWaiter).Run, fxrestate.Observers(ends))))
	for how := range pipeOperations {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			out := testkit.Post(t, testkit.Path(w.name, how, "Run"), how)
			require.Equal(t, "done", testkit.Decode[string](t, out))
			_, ran := w.ran.Load(how)
			require.True(t, ran, "nothing was swallowed")
			id := out.Header.Get("X-Restate-Id")
			var got []string
			testkit.Eventually(t, func() error {
				ends.mu.Lock()
				defer ends.mu.Unlock()
				if got = slices.Clone(ends.ends[id]); len(got) != ends.starts[id] {
					return fmt.Errorf("%d attempts started, and ended: %q", ends.starts[id], got)
				}
				return nil
			})
			require.Equal(t, "completed", got[len(got)-1])
			for _, outcome := range got[:len(got)-1] {
				require.Equal(t, "suspended", outcome)
			}
			require.Len(t, testkit.Loud(a, id), len(got)-1)
		})
	}
}
