package durable_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Waiter waits for things.
type Waiter struct {
	ids   chan string
	ended chan error
}

// Nap says when it began, in a step, and when it was over.
func (w *Waiter) Nap(ctx restate.Context, d time.Duration) ([2]time.Time, error) {
	began, err := durable.Now(ctx)
	if err != nil {
		return [2]time.Time{}, err
	}
	if err := restate.Sleep(ctx, d, restate.WithName("nap")); err != nil {
		return [2]time.Time{}, err
	}
	ended, err := durable.Now(ctx)
	return [2]time.Time{began, ended}, err
}

// Ask waits for an answer from outside.
func (w *Waiter) Ask(ctx restate.Context) (string, error) {
	awakeable := restate.Awakeable[string](ctx)
	if err := w.tell(ctx, awakeable.Id()); err != nil {
		return "", err
	}
	return awakeable.Result()
}

func (w *Waiter) tell(ctx restate.Context, id string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		w.ids <- id
		return nil
	})
}

// Answer and Deny end the waiting of another invocation.
func (w *Waiter) Answer(ctx restate.Context, id string) error {
	restate.ResolveAwakeable(ctx, id, "forty-two")
	return nil
}

func (w *Waiter) Deny(ctx restate.Context, id string) error {
	restate.RejectAwakeable(ctx, id, errors.New("nobody knows"))
	return nil
}

// Hurry waits for an answer, but not for long.
func (w *Waiter) Hurry(ctx restate.Context) (string, error) {
	answer, limit := restate.Awakeable[string](ctx), restate.After(ctx, 10*time.Millisecond)
	first, err := restate.WaitFirst(ctx, answer, limit)
	switch {
	case err != nil:
		return "", err
	case first == limit:
		return "", restate.ToTerminalError(errors.New("no answer in time"), restate.WithErrorCode(http.StatusRequestTimeout))
	default:
		return answer.Result()
	}
}

// AskHurry reports how a call of Hurry ended.
func (w *Waiter) AskHurry(ctx restate.Context, service string) (bool, error) {
	_, err := restate.Service[string](ctx, service, "Hurry").Request(restate.Void{})
	return durable.IsTimeout(err) && !durable.IsCancelled(err), nil
}

// Forever waits until it is cancelled, and compensates.
func (w *Waiter) Forever(ctx restate.Context) error {
	if err := w.tell(ctx, ctx.Request().ID); err != nil {
		return err
	}
	_, failure := restate.Awakeable[string](ctx).Result()
	if failure == nil {
		return restate.TerminalErrorf("nobody was to answer")
	}
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		w.ended <- failure
		return nil
	}, restate.WithName("compensate")); err != nil {
		return err
	}
	return failure
}

// Cancel cancels another invocation.
func (w *Waiter) Cancel(ctx restate.Context, id string) error {
	restate.CancelInvocation(ctx, id)
	return nil
}

// Join waits for the result of another invocation.
func (w *Waiter) Join(ctx restate.Context, id string) (string, error) {
	return restate.AttachInvocation[string](ctx, id).Response()
}

func startWaiter(t *testing.T, opts ...restate.ServiceDefinitionOption) (*Waiter, string) {
	w, name := &Waiter{make(chan string, 1), make(chan error, 1)}, testkit.Unique("waiter")
	testkit.Start(t, fxrestate.Service[*Waiter](testkit.Made(w), append(opts, fxrestate.Name(name))...))
	return w, name
}

func TestSleepTakesItsTimeAndIsInTheJournal(t *testing.T) {
	t.Parallel()
	_, name := startWaiter(t)
	a := testkit.Post(t, testkit.Path(name, "Nap"), 300*time.Millisecond)
	got := testkit.Decode[[2]time.Time](t, a)
	require.GreaterOrEqual(t, got[1].Sub(got[0]), 300*time.Millisecond)
	require.Contains(t, testkit.Journal(t, a.Header.Get("X-Restate-Id")), "Sleep nap")
}

func TestWaitingInvocationIsSuspendedAndCostsNothing(t *testing.T) {
	t.Parallel()
	w := &Waiter{ids: make(chan string, 1)}
	name := testkit.Unique("waiter")
	a := testkit.Start(t, fxrestate.Service[*Waiter](testkit.Made(w), fxrestate.Name(name), restate.WithInactivityTimeout(0)))
	id := testkit.Submit(t, testkit.Path(name, "Ask"), nil)
	awakeable := testkit.Receive(t, w.ids, "the awakeable's id")
	testkit.AwaitStatus(t, id, "suspended")
	require.Zero(t, a.Endpoint.InFlight())

	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Answer"), awakeable).Status)
	require.Equal(t, "forty-two", testkit.Decode[string](t, testkit.Attach(t, id)))
	for _, line := range a.Logs.FilterField(zap.String("invocationID", id)).All() {
		require.Less(t, line.Level, zap.WarnLevel, "a suspension is no error: %s", line.Message)
	}
}

func TestAwakeableIsResolvedAndRejectedFromOutsideAndByHandlers(t *testing.T) {
	t.Parallel()
	resolved := func(t *testing.T, a testkit.Answer) { require.Equal(t, "forty-two", testkit.Decode[string](t, a)) }
	rejected := func(t *testing.T, a testkit.Answer) {
		require.Contains(t, testkit.Failed(t, a).Message, "nobody knows")
	}
	for how, test := range map[string]struct {
		end    func(t *testing.T, service, id string) testkit.Answer
		expect func(*testing.T, testkit.Answer)
	}{
		"resolved through the ingress": {func(t *testing.T, _, id string) testkit.Answer {
			return testkit.Post(t, testkit.Path("restate", "awakeables", id, "resolve"), "forty-two")
		}, resolved},
		"rejected through the ingress": {func(t *testing.T, _, id string) testkit.Answer {
			return testkit.PostBytes(t, testkit.Path("restate", "awakeables", id, "reject"), []byte("nobody knows"), "Content-Type", "text/plain")
		}, rejected},
		"resolved by a handler": {func(t *testing.T, service, id string) testkit.Answer {
			return testkit.Post(t, testkit.Path(service, "Answer"), id)
		}, resolved},
		"rejected by a handler": {func(t *testing.T, service, id string) testkit.Answer {
			return testkit.Post(t, testkit.Path(service, "Deny"), id)
		}, rejected},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, name := startWaiter(t)
			id := testkit.Submit(t, testkit.Path(name, "Ask"), nil)
			ended := test.end(t, name, testkit.Receive(t, w.ids, "the awakeable's id"))
			require.Less(t, ended.Status, 300, string(ended.Body))
			test.expect(t, testkit.Attach(t, id))
		})
	}
}

func TestTimeoutIsToldFromOtherFailures(t *testing.T) {
	t.Parallel()
	_, name := startWaiter(t)
	require.Equal(t, http.StatusRequestTimeout, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Hurry"), nil)).Code)
	require.True(t, testkit.Decode[bool](t, testkit.Post(t, testkit.Path(name, "AskHurry"), name)))
}

func TestCancellationReachesTheHandlerWhichCompensates(t *testing.T) {
	t.Parallel()
	for by, cancel := range map[string]func(t *testing.T, service, id string){
		"the admin API": func(t *testing.T, _, id string) {
			require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
		},
		"a handler": func(t *testing.T, service, id string) {
			require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(service, "Cancel"), id).Status)
		},
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w, name := startWaiter(t)
			id := testkit.Submit(t, testkit.Path(name, "Forever"), nil)
			require.Equal(t, id, testkit.Receive(t, w.ids, "the id"), "the id of the request is that of the ingress")
			testkit.AwaitEntry(t, testkit.Admin(), id, "Notification: Run")
			cancel(t, name, id)

			err := testkit.Receive(t, w.ended, "the cancellation")
			require.True(t, durable.IsCancelled(err), "%v", err)
			require.False(t, durable.IsTimeout(err))
			got := testkit.Failed(t, testkit.Attach(t, id))
			require.Equal(t, http.StatusConflict, got.Code)
			require.Equal(t, "failure", testkit.AwaitStatus(t, id, "completed").Result)
		})
	}
}

func TestConflictOfAnotherSortIsNoCancellation(t *testing.T) {
	t.Parallel()
	conflict := restate.ToTerminalError(errors.New("promise was already completed"), restate.WithErrorCode(http.StatusConflict))
	require.False(t, durable.IsCancelled(conflict))
	require.False(t, durable.IsCancelled(errors.New("cancelled")))
	require.False(t, durable.IsCancelled(nil))
	require.False(t, durable.IsTimeout(nil))
}

func TestInvocationIsJoinedByAnother(t *testing.T) {
	t.Parallel()
	w, name := startWaiter(t)
	id := testkit.Submit(t, testkit.Path(name, "Ask"), nil)
	awakeable := testkit.Receive(t, w.ids, "the awakeable's id")
	joining := testkit.Submit(t, testkit.Path(name, "Join"), id)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Answer"), awakeable).Status)
	require.Equal(t, "forty-two", testkit.Decode[string](t, testkit.Attach(t, joining)))
}
