package integration_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
)

// Trip books two things, one after the other.
type Trip struct{ outside outside }

func NewTrip(o outside) *Trip { return &Trip{o} }

func (b *Trip) Book(ctx restate.Context, guest string) (string, error) {
	flight, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return "flight of " + guest, b.outside.effect(ctx, "flight")
	}, restate.WithName("flight"))
	if err != nil {
		return "", err
	}
	if err := b.outside.effect(ctx, "between"); err != nil {
		return "", err
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return flight + ", hotel", b.outside.effect(ctx, "hotel")
	}, restate.WithName("hotel"))
}

func TestInvocationCompletesAfterTheApplicationWasKilledBetweenTwoSteps(t *testing.T) {
	t.Parallel()
	w, name := newWorld(t), unique("trip")
	reached := w.block("between")
	p := spawn(t, "trip", name, w)
	id := submit(t, path(name, "Book"), "Ada", "Idempotency-Key", "1")
	receive(t, reached, "the end of the first step")

	p.kill()
	require.NotEqual(t, "completed", look(t, id).Status)
	w.release("between")
	p.start()

	require.Equal(t, "flight of Ada, hotel", decode[string](t, attach(t, id)))
	require.Equal(t, 1, w.count("flight"), "the first step took place before the kill")
	require.Equal(t, 1, w.count("hotel"))
	require.GreaterOrEqual(t, w.count("between"), 2, "what is no step is repeated")
}

func TestInvocationCompletesAfterTheApplicationWasKilledInAStep(t *testing.T) {
	t.Parallel()
	w, name := newWorld(t), unique("trip")
	reached := w.block("hotel")
	p := spawn(t, "trip", name, w)
	id := submit(t, path(name, "Book"), "Ada", "Idempotency-Key", "1")
	receive(t, reached, "the second step")

	p.kill()
	w.release("hotel")
	p.start()

	require.Equal(t, "flight of Ada, hotel", decode[string](t, attach(t, id)))
	require.Equal(t, 1, w.count("flight"))
	require.Equal(t, 2, w.count("hotel"), "a step without a result in the journal is repeated")
}

func TestSleepGoesOnWhileTheApplicationIsDown(t *testing.T) {
	t.Parallel()
	const nap = 6 * time.Second
	w, name := newWorld(t), unique("sleeper")
	p := spawn(t, "sleeper", name, w)
	began := time.Now()
	id := submit(t, path(name, "Nap"), nap, "Idempotency-Key", "1")
	awaitEntry(t, adminAPI, id, "Sleep")

	p.kill()
	<-time.After(nap / 2) // so that another whole nap would be noticed
	p.start()
	ready := time.Now()

	require.Equal(t, "rested", decode[string](t, attach(t, id)))
	require.GreaterOrEqual(t, time.Since(began), nap)
	require.Less(t, time.Since(ready), nap-time.Second, "it sleeps for what is left of the nap alone")
	require.Equal(t, 1, w.count("asleep"))
	require.Equal(t, 1, w.count("awake"))
}

// Approval waits until somebody decides.
type Approval struct{ outside outside }

func NewApproval(o outside) *Approval { return &Approval{o} }

func (a *Approval) Run(ctx restate.WorkflowContext, document string) (string, error) {
	if err := restate.RunVoid(ctx, func(ctx restate.RunContext) error {
		return a.outside.effect(ctx, "mail")
	}); err != nil {
		return "", err
	}
	restate.Set(ctx, "status", "waiting")
	by, err := restate.Promise[string](ctx, "approved").Result()
	if err != nil {
		return "", err
	}
	return document + " approved by " + by, nil
}

func (a *Approval) Approve(ctx restate.WorkflowSharedContext, by string) error {
	return restate.Promise[string](ctx, "approved").Resolve(by)
}

func (a *Approval) Status(ctx restate.WorkflowSharedContext) (string, error) {
	return restate.Get[string](ctx, "status")
}

func TestWorkflowWaitsForItsSignalOverARestartOfTheApplication(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(*process){
		"in order":  (*process).stop,
		"by a kill": (*process).kill,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, name := newWorld(t), unique("approval")
			p := spawn(t, "approval", name, w)
			id := submit(t, path(name, "doc-1", "Run"), "the plan")
			eventually(t, func() error { return stateIs(t, name, "doc-1", "status", `"waiting"`) })

			end(p)
			p.start()
			require.Equal(t, "waiting", decode[string](t, call(t, path(name, "doc-1", "Status"), nil)))
			require.NotEqual(t, "completed", look(t, id).Status)
			call(t, path(name, "doc-1", "Approve"), "Grace")

			require.Equal(t, "the plan approved by Grace", decode[string](t, attach(t, id)))
			require.Equal(t, 1, w.count("mail"))
		})
	}
}
