package durable_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
)

// Trip books two things, one after the other.
type Trip struct{ outside testkit.Outside }

func NewTrip(o testkit.Outside) *Trip { return &Trip{o} }

func (b *Trip) Book(ctx restate.Context, guest string) (string, error) {
	flight, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return "flight of " + guest, b.outside.Effect(ctx, "flight")
	}, restate.WithName("flight"))
	if err != nil {
		return "", err
	}
	if err := b.outside.Effect(ctx, "between"); err != nil {
		return "", err
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		return flight + ", hotel", b.outside.Effect(ctx, "hotel")
	}, restate.WithName("hotel"))
}

func TestInvocationCompletesAfterTheApplicationWasKilledBetweenTwoSteps(t *testing.T) {
	t.Parallel()
	w, name := testkit.NewWorld(t), testkit.Unique("trip")
	reached := w.Block("between")
	p := testkit.Spawn(t, "trip", name, w)
	id := testkit.Submit(t, testkit.Path(name, "Book"), "Ada", "Idempotency-Key", "1")
	testkit.Receive(t, reached, "the end of the first step")

	p.Kill()
	require.NotEqual(t, "completed", testkit.Look(t, id).Status)
	w.Release("between")
	p.Start()

	require.Equal(t, "flight of Ada, hotel", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.Equal(t, 1, w.Count("flight"), "the first step took place before the kill")
	require.Equal(t, 1, w.Count("hotel"))
	require.GreaterOrEqual(t, w.Count("between"), 2, "what is no step is repeated")
}

func TestInvocationCompletesAfterTheApplicationWasKilledInAStep(t *testing.T) {
	t.Parallel()
	w, name := testkit.NewWorld(t), testkit.Unique("trip")
	reached := w.Block("hotel")
	p := testkit.Spawn(t, "trip", name, w)
	id := testkit.Submit(t, testkit.Path(name, "Book"), "Ada", "Idempotency-Key", "1")
	testkit.Receive(t, reached, "the second step")

	p.Kill()
	w.Release("hotel")
	p.Start()

	require.Equal(t, "flight of Ada, hotel", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.Equal(t, 1, w.Count("flight"))
	require.Equal(t, 2, w.Count("hotel"), "a step without a result in the journal is repeated")
}

func TestSleepGoesOnWhileTheApplicationIsDown(t *testing.T) {
	t.Parallel()
	const nap = 12 * time.Second
	w, name := testkit.NewWorld(t), testkit.Unique("sleeper")
	p := testkit.Spawn(t, "sleeper", name, w)
	began := time.Now()
	id := testkit.Submit(t, testkit.Path(name, "Nap"), nap, "Idempotency-Key", "1")
	testkit.AwaitEntry(t, testkit.Admin(), id, "Sleep")

	p.Kill()
	<-time.After(nap / 2) // so that another whole nap would be noticed
	p.Start()
	ready := time.Now()

	require.Equal(t, "rested", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.GreaterOrEqual(t, time.Since(began), nap)
	require.Less(t, time.Since(ready), nap-time.Second, "it sleeps for what is left of the nap alone")
	require.Equal(t, 1, w.Count("asleep"))
	require.Equal(t, 1, w.Count("awake"))
}

// Approval waits until somebody decides.
type Approval struct{ outside testkit.Outside }

func NewApproval(o testkit.Outside) *Approval { return &Approval{o} }

func (a *Approval) Run(ctx restate.WorkflowContext, document string) (string, error) {
	if err := restate.RunVoid(ctx, func(ctx restate.RunContext) error {
		return a.outside.Effect(ctx, "mail")
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
	for how, end := range map[string]func(*testkit.Process){
		"in order":  (*testkit.Process).Stop,
		"by a kill": (*testkit.Process).Kill,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, name := testkit.NewWorld(t), testkit.Unique("approval")
			p := testkit.Spawn(t, "approval", name, w)
			id := testkit.Submit(t, testkit.Path(name, "doc-1", "Run"), "the plan")
			testkit.Eventually(t, func() error { return testkit.StateIs(t, name, "doc-1", "status", `"waiting"`) })

			end(p)
			p.Start()
			require.Equal(t, "waiting", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "doc-1", "Status"), nil)))
			require.NotEqual(t, "completed", testkit.Look(t, id).Status)
			testkit.Post(t, testkit.Path(name, "doc-1", "Approve"), "Grace")

			require.Equal(t, "the plan approved by Grace", testkit.Decode[string](t, testkit.Attach(t, id)))
			require.Equal(t, 1, w.Count("mail"))
		})
	}
}
