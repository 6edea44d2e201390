package cron_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/fxrestate"
)

// World counts what jobs have done, outside of applications.
type World struct {
	mu   sync.Mutex
	done []string
	more chan struct{} // closed and replaced with each thing done
}

func (w *World) do(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, what)
	if w.more != nil {
		close(w.more)
	}
	w.more = make(chan struct{})
}

func (w *World) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}

func (w *World) count(what string) (n int) {
	for _, one := range w.all() {
		if one == what {
			n++
		}
	}
	return n
}

func (w *World) counts() map[string]int {
	counts := map[string]int{}
	for _, one := range w.all() {
		counts[one]++
	}
	return counts
}

// Report is the input of reports.
type Report struct{ To string }

// Reports is a service with handlers that jobs call.
type Reports struct {
	world *World
	jobs  cron.Client
}

func NewReports(w *World, jobs cron.Client) *Reports { return &Reports{w, jobs} }

// Nightly writes a report, and says for which time.
func (r *Reports) Nightly(ctx restate.Context, in Report) (string, error) {
	_, at, ok := cron.RunOf(ctx)
	if !ok {
		return "", restate.ToTerminalError(errors.New("not of a job"))
	}
	what := in.To + " " + at.UTC().Format(time.RFC3339)
	return what, restate.RunVoid(ctx, func(restate.RunContext) error {
		r.world.do(what)
		return nil
	}, restate.WithName("write"))
}

// Count has an effect each time.
func (r *Reports) Count(ctx restate.Context, what string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		r.world.do(what)
		return nil
	}, restate.WithName("count"))
}

// Fail fails.
func (r *Reports) Fail(restate.Context) error {
	return restate.ToTerminalError(errors.New("no paper"), restate.WithErrorCode(418))
}

// Long waits for somebody to let it end.
func (r *Reports) Long(ctx restate.Context, what string) error {
	id, done, err := gate.New(ctx)
	if err != nil {
		return err
	}
	err = restate.RunVoid(ctx, func(restate.RunContext) error {
		r.world.do(what)
		r.world.do("gate " + id)
		return nil
	}, restate.WithName("tell"))
	if err != nil {
		return err
	}
	_, err = done.Await(ctx)
	return err
}

var gate = durable.NewAwakeable[restate.Void]("gate")

// Remind sets a job from inside a handler and returns what is known of it.
func (r *Reports) Remind(ctx restate.Context, schedule string) (cron.Info, error) {
	return r.jobs.Set(ctx, schedule, cron.CallVoid((*Reports).Count, "reminded"))
}

// Tend does the rest that a client can do, inside a handler.
func (r *Reports) Tend(ctx restate.Context, name string) (paused bool, err error) {
	info, err := r.jobs.Pause(ctx, name)
	if err != nil {
		return false, err
	}
	if _, err := r.jobs.Trigger(ctx, name); err != nil {
		return false, err
	}
	if _, err := r.jobs.Resume(ctx, name); err != nil {
		return false, err
	}
	if _, err := r.jobs.Get(ctx, name); err != nil {
		return false, err
	}
	return info.Paused, r.jobs.Cancel(ctx, name)
}

// Counter is an object that jobs call.
type Counter struct{ world *World }

// Add counts for its key.
func (c *Counter) Add(ctx restate.ObjectContext) error {
	c.world.do("add " + restate.Key(ctx))
	return nil
}

// Batch is a workflow that jobs run.
type Batch struct{ world *World }

// Run runs once for each id.
func (b *Batch) Run(ctx restate.WorkflowContext, what string) error {
	b.world.do("batch " + what)
	return nil
}

// Vault has a handler that the ingress does not serve, Open.
type Vault struct{ jobs cron.Client }

func (*Vault) Open(restate.Context, string) error { return nil }
func (*Vault) Look(restate.Context, string) error { return nil }

// Plan sets a job of a private handler.
func (v *Vault) Plan(ctx restate.Context, what string) (cron.Info, error) {
	return v.jobs.Set(ctx, farAway, cron.CallVoid((*Vault).Open, what))
}

// Cellar is private as a whole.
type Cellar struct{}

func (*Cellar) Dig(restate.Context, string) error { return nil }

// app is an application with jobs.
func app(w *World, opts ...fx.Option) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(w),
		fxrestate.Cron(),
		// Hours pass in a moment: 70 attempts, after which an invocation is paused, would be over
		// before an application that a test has killed is there again.
		fxrestate.Service[*Reports](NewReports, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1_000_000))),
		fxrestate.Object[*Counter](func(w *World) *Counter { return &Counter{w} }),
		fxrestate.Workflow[*Batch](func(w *World) *Batch { return &Batch{w} }),
		fx.Provide(func(c cron.Ingress) *tool { return &tool{c} }),
		fx.Options(opts...),
	)
}

// tool is code outside handlers.
type tool struct{ cron.Ingress }

// gates are the ids of what [Reports.Long] waits for, in order.
func (w *World) gates() (ids []string) {
	for _, one := range w.all() {
		if id, ok := strings.CutPrefix(one, "gate "); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
