package durable_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Waits waits for several things together.
type Waits struct {
	self  rpc.Service[*Waits]
	fails atomic.Int32
}

// Echo answers after a while; "bad" is refused.
type Echo struct {
	Text  string
	After time.Duration
}

func (*Waits) Echo(ctx restate.Context, in Echo) (string, error) {
	if err := restate.Sleep(ctx, in.After); err != nil {
		return "", err
	}
	if strings.HasPrefix(in.Text, "bad") {
		return "", restate.ToTerminalError(errors.New(in.Text), restate.WithErrorCode(http.StatusTeapot))
	}
	return in.Text, nil
}

// echo calls Echo.
func (w *Waits) echo(ctx restate.Context, text string, after time.Duration) (durable.Future[string], error) {
	return rpc.Start(ctx, w.self, (*Waits).Echo, Echo{text, after})
}

// awakeable is an operation that nobody completes.
func (*Waits) awakeable(ctx restate.Context) durable.Future[string] {
	f := restate.Awakeable[string](ctx)
	return durable.FutureOf(f, f.Result)
}

func (w *Waits) step(ctx restate.Context, text string) durable.Future[string] {
	f := restate.RunAsync(ctx, func(restate.RunContext) (string, error) { return text, nil })
	return durable.FutureOf(f, f.Result)
}

const never = time.Hour

func (w *Waits) All(ctx restate.Context, second string) ([]string, error) {
	a, err := w.echo(ctx, "a", 20*time.Millisecond)
	if err != nil {
		return nil, err
	}
	b, err := w.echo(ctx, second, 0)
	if err != nil {
		return nil, err
	}
	return durable.All(a, b, w.step(ctx, "c")).Await(ctx)
}

// FailFast does not wait for what takes for ever.
func (w *Waits) FailFast(ctx restate.Context) ([]string, error) {
	bad, err := w.echo(ctx, "bad luck", 0)
	if err != nil {
		return nil, err
	}
	return durable.All(w.awakeable(ctx), bad).Await(ctx)
}

// Mixed waits for operations of different types.
func (w *Waits) Mixed(ctx restate.Context) (string, error) {
	text, err := w.echo(ctx, "text", 0)
	if err != nil {
		return "", err
	}
	awakeable := restate.Awakeable[int](ctx)
	restate.ResolveAwakeable(ctx, awakeable.Id(), 42)
	number := durable.FutureOf(awakeable, awakeable.Result)
	timer := durable.After(ctx, time.Millisecond)
	if number.Completed() || text.Completed() {
		return "", restate.TerminalErrorf("completed before anything was awaited")
	}
	if _, err := durable.All(text.Void(), number.Void(), timer).OrTimeout(ctx, never).Await(ctx); err != nil {
		return "", err
	}
	if !number.Completed() || !text.Completed() {
		return "", restate.TerminalErrorf("not completed after All")
	}
	t, err := text.Await(ctx)
	if err != nil {
		return "", err
	}
	n, err := number.Await(ctx)
	return fmt.Sprint(t, " ", n), err
}

// Race cancels the loser, whose id and failure it returns. It fails once after the race.
func (w *Waits) Race(ctx restate.Context) ([]string, error) {
	slow, err := w.echo(ctx, "slow", never)
	if err != nil {
		return nil, err
	}
	quick, err := w.echo(ctx, "quick", 0)
	if err != nil {
		return nil, err
	}
	won, err := durable.First(slow, quick).Await(ctx)
	if err != nil {
		return nil, err
	}
	if won.Index != 1 {
		return nil, restate.TerminalErrorf("the winner is said to be %d", won.Index)
	}
	if w.fails.Add(1) == 1 {
		return nil, errors.New("again")
	}
	if slow.Completed() || !quick.Completed() {
		return nil, restate.TerminalErrorf("the wrong one has completed")
	}
	if err := slow.Cancel(ctx); err != nil {
		return nil, err
	}
	_, err = slow.Await(ctx)
	return []string{won.Value, fmt.Sprint(durable.IsCancelled(err))}, nil
}

// race waits for the first of several calls and cancels the others.
func race(ctx restate.Context, calls ...durable.Future[string]) (string, error) {
	won, err := durable.First(calls...).Await(ctx)
	return won.Value, errors.Join(err, durable.CancelRest(ctx, calls...))
}

// RaceCalls has the losers cancelled, whose failures it returns after the winner.
func (w *Waits) RaceCalls(ctx restate.Context) ([]string, error) {
	var calls []durable.Future[string]
	for _, in := range []Echo{{"slow", never}, {"quick", 0}, {"slower", never}} {
		f, err := rpc.Start(ctx, w.self, (*Waits).Echo, in)
		if err != nil {
			return nil, err
		}
		calls = append(calls, f)
	}
	won, err := race(ctx, calls...)
	if err != nil {
		return nil, err
	}
	_, slow := calls[0].Await(ctx)
	_, slower := calls[2].Await(ctx)
	return []string{won, fmt.Sprint(durable.IsCancelled(slow)), fmt.Sprint(durable.IsCancelled(slower))}, nil
}

// RaceFails is won by a failure.
func (w *Waits) RaceFails(ctx restate.Context) (string, error) {
	var calls []durable.Future[string]
	for _, in := range []Echo{{"slow", never}, {"bad luck", 0}} {
		f, err := rpc.Start(ctx, w.self, (*Waits).Echo, in)
		if err != nil {
			return "", err
		}
		calls = append(calls, f)
	}
	return race(ctx, calls...)
}

// RaceForever ends when it is cancelled.
func (w *Waits) RaceForever(ctx restate.Context) (string, error) {
	a, err := rpc.Start(ctx, w.self, (*Waits).Echo, Echo{"slow", never})
	if err != nil {
		return "", err
	}
	return race(ctx, a)
}

// Signalled waits for two signals that Signal sends, of which the second is a refusal.
func (w *Waits) Signalled(ctx restate.Context) (string, error) {
	good, bad := restate.Signal[string](ctx, "good"), restate.Signal[string](ctx, "bad")
	signal, err := durable.FutureOf(good, good.Result).OrTimeout(ctx, never).Await(ctx)
	if err != nil {
		return "", err
	}
	refused := durable.FutureOf(bad, bad.Result)
	if _, err = durable.First(w.awakeable(ctx), refused).Await(ctx); err == nil {
		return "", restate.TerminalErrorf("it was not refused")
	}
	return signal + ", " + err.Error(), nil
}

func (w *Waits) Signal(ctx restate.Context, id string) error {
	restate.ResolveSignal(ctx, id, "good", "go")
	restate.RejectSignal(ctx, id, "bad", errors.New("stop"))
	return nil
}

// FirstFails loses to a failure.
func (w *Waits) FirstFails(ctx restate.Context) (string, error) {
	bad, err := w.echo(ctx, "bad luck", 0)
	if err != nil {
		return "", err
	}
	won, err := durable.First(w.awakeable(ctx), bad).Await(ctx)
	return won.Value, err
}

// Any waits for two bad ones and, if asked to, for a good one that is slower.
func (w *Waits) Any(ctx restate.Context, good bool) (string, error) {
	one, err := w.echo(ctx, "bad one", 0)
	if err != nil {
		return "", err
	}
	two, err := w.echo(ctx, "bad two", 0)
	if err != nil {
		return "", err
	}
	if !good {
		_, err := durable.Any(one, two).Await(ctx)
		return err.Error(), nil
	}
	three, err := w.echo(ctx, "good", 100*time.Millisecond)
	if err != nil {
		return "", err
	}
	won, err := durable.Any(one, w.awakeable(ctx), two, three).Await(ctx)
	return fmt.Sprint(won.Value, " ", won.Index), err
}

func (w *Waits) Settled(ctx restate.Context) ([]string, error) {
	slow, err := w.echo(ctx, "slow", 50*time.Millisecond)
	if err != nil {
		return nil, err
	}
	bad, err := w.echo(ctx, "bad luck", 0)
	if err != nil {
		return nil, err
	}
	all, err := durable.AllSettled(slow, bad, w.step(ctx, "step")).Await(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprint(s.Value, s.Err))
	}
	return out, nil
}

// Timeout limits a race, and what it reports stays so. It is answered later.
func (w *Waits) Timeout(ctx restate.Context) ([]string, error) {
	awakeable := restate.Awakeable[string](ctx)
	answer := durable.FutureOf(awakeable, awakeable.Result)
	limited := durable.First(answer, w.awakeable(ctx)).OrTimeout(ctx, 30*time.Millisecond)
	_, err := limited.Await(ctx)
	if !durable.IsTimeout(err) {
		return nil, restate.TerminalErrorf("no timeout: %v", err)
	}
	restate.ResolveAwakeable(ctx, awakeable.Id(), "late")
	late, failure := answer.Await(ctx)
	if failure != nil {
		return nil, failure
	}
	_, again := limited.Await(ctx)
	return []string{late, fmt.Sprint(errors.Is(again, err)), err.Error()}, nil
}

func (w *Waits) InTime(ctx restate.Context) (string, error) {
	return w.step(ctx, "in time").OrTimeout(ctx, never).Await(ctx)
}

func (w *Waits) TimeoutOnly(ctx restate.Context) (string, error) {
	return w.awakeable(ctx).OrTimeout(ctx, time.Millisecond).Await(ctx)
}

// Cancelled waits until it is cancelled, and then again, and for a step.
func (w *Waits) Cancelled(ctx restate.Context) ([]string, error) {
	awakeable := restate.Awakeable[string](ctx)
	answer := durable.Any(durable.FutureOf(awakeable, awakeable.Result), w.awakeable(ctx))
	if _, err := answer.Await(ctx); !durable.IsCancelled(err) {
		return nil, restate.TerminalErrorf("not cancelled: %v", err)
	}
	restate.ResolveAwakeable(ctx, awakeable.Id(), "answered")
	step := w.step(ctx, "cleaned up")
	if _, err := durable.All(answer.Void(), step.Void()).Await(ctx); err != nil {
		return nil, err
	}
	answered, err := answer.Await(ctx)
	if err != nil {
		return nil, err
	}
	cleaned, err := step.Await(ctx)
	return []string{answered.Value, cleaned}, err
}

// Mistakes waits for nothing.
func (w *Waits) Mistakes(ctx restate.Context) ([]string, error) {
	none, err := durable.All[string]().Await(ctx)
	if err != nil || none == nil || len(none) != 0 {
		return nil, restate.TerminalErrorf("All of none: %v %v", none, err)
	}
	_, first := durable.First[string]().Await(ctx)
	if err := durable.CancelRest[string](ctx); err != nil {
		return nil, restate.TerminalErrorf("CancelRest of none: %v", err)
	}
	_, anyOf := durable.Any[string]().Await(ctx)
	_, zero := durable.All(durable.Future[string]{}).Await(ctx)
	return []string{first.Error(), anyOf.Error(), zero.Error()}, nil
}

func startWaits(t *testing.T) string {
	w, name := &Waits{}, testkit.Unique("waits")
	testkit.Start(t, fxrestate.Service[*Waits](func(self rpc.Service[*Waits]) *Waits {
		w.self = self
		return w
	}, fxrestate.Name(name), testkit.RetrySoon()))
	return name
}

func TestWaitingTogether(t *testing.T) {
	t.Parallel()
	name := startWaits(t)
	for does, test := range map[string]struct {
		handler string
		in      any
		want    any
	}{
		"all have their results in order":                      {"All", "b", []any{"a", "b", "c"}},
		"operations of different types":                        {"Mixed", nil, "text 42"},
		"the first wins and the loser is cancelled":            {"Race", nil, []any{"quick", "true"}},
		"the first call wins and the other ones are cancelled": {"RaceCalls", nil, []any{"quick", "true", "true"}},
		"any ignores failures before a success":                {"Any", true, "good 3"},
		"any tells all failures":                               {"Any", false, "bad one\nbad two"},
		"all settled have results and failures":                {"Settled", nil, []any{"slow<nil>", "bad luck", "step<nil>"}},
		"a timeout limits a combination and stays":             {"Timeout", nil, []any{"late", "true", "timed out after 30ms"}},
		"a timeout leaves alone what comes in time":            {"InTime", nil, "in time"},
		"nothing, and what is no Future, are mistakes":         {"Mistakes", nil, []any{"durable: First of nothing; pass at least one", "durable: Any of nothing; pass at least one", "durable: a zero Future has nothing to wait for; start something, or make it with FutureOf or After"}},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, testkit.Decode[any](t, testkit.Post(t, testkit.Path(name, test.handler), test.in)))
		})
	}
}

func TestWaitingTogetherFails(t *testing.T) {
	t.Parallel()
	name := startWaits(t)
	for when, test := range map[string]struct {
		handler string
		in      any
		code    int
	}{
		"one of all fails":                          {"All", "bad luck", http.StatusTeapot},
		"one of all fails while another is awaited": {"FailFast", nil, http.StatusTeapot},
		"the first fails":                           {"FirstFails", nil, http.StatusTeapot},
		"the first call fails":                      {"RaceFails", nil, http.StatusTeapot},
		"the time is up":                            {"TimeoutOnly", nil, http.StatusRequestTimeout},
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.code, testkit.Failed(t, testkit.Post(t, testkit.Path(name, test.handler), test.in)).Code)
		})
	}
}

func TestWaitingTogetherIsCancelledAndCleansUp(t *testing.T) {
	t.Parallel()
	name := startWaits(t)
	id := testkit.Submit(t, testkit.Path(name, "Cancelled"), nil)
	awaitStatusOneOf(t, id, "running", "suspended")
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	require.Equal(t, []string{"answered", "cleaned up"}, testkit.Decode[[]string](t, testkit.Attach(t, id)))
}

func TestWaitingForSignalsOfAnotherInvocation(t *testing.T) {
	t.Parallel()
	name := startWaits(t)
	id := testkit.Submit(t, testkit.Path(name, "Signalled"), nil)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Signal"), id).Status)
	require.Equal(t, "go, stop", testkit.Decode[string](t, testkit.Attach(t, id)))
}

func TestRaceThatIsCancelledCancelsItsCalls(t *testing.T) {
	t.Parallel()
	name := startWaits(t)
	id := testkit.Submit(t, testkit.Path(name, "RaceForever"), nil)
	var callee string
	testkit.Eventually(t, func() error {
		for _, inv := range testkit.InvocationsOf(t, name) {
			if inv.Target == name+"/Echo" && inv.Status != "completed" {
				callee = inv.ID
				return nil
			}
		}
		return errors.New("the call is not under way")
	})
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Attach(t, id)).Code)
	require.Regexp(t, "(?i)cancelled", testkit.AwaitStatus(t, callee, "completed").Failure)
}

// awaitStatusOneOf waits until an invocation is under way.
func awaitStatusOneOf(t *testing.T, id string, statuses ...string) {
	t.Helper()
	testkit.Eventually(t, func() error {
		now := testkit.Look(t, id)
		for _, s := range statuses {
			if now.Status == s {
				return nil
			}
		}
		return fmt.Errorf("%s is %s", now.Target, now.Status)
	})
}
