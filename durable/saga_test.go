package durable_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
)

// A compensation can be any durable operations, for instance several at a time.
func ExampleCompensations_Call() {
	inHandler(func(ctx restate.Context) (string, error) {
		err := durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
			undo.Call("cancel-all", func(ctx restate.Context) error {
				var cancels []durable.Future[restate.Void]
				for _, r := range []string{"R1", "R2"} {
					step := restate.RunAsync(ctx, func(restate.RunContext) (restate.Void, error) {
						return restate.Void{}, Airline{}.Cancel(r)
					}, restate.WithName("cancel-"+r))
					cancels = append(cancels, durable.FutureOf(step, step.Result))
				}
				_, err := durable.All(cancels...).Await(ctx)
				return err
			})
			return restate.TerminalErrorf("no money")
		})
		return err.Error(), nil
	})
	// Unordered output:
	// cancel R1
	// cancel R2
	// no money
}

func TestCompensationErrorLosesNothing(t *testing.T) {
	t.Parallel()
	cause := restate.ToTerminalError(errors.New("hotel is full"), restate.WithErrorCode(http.StatusConflict),
		restate.WithMetadata("hotel", "Grand"))
	gone := restate.TerminalErrorf("car is gone")
	err := error(&durable.CompensationError{TerminalError: cause, Cause: cause, Failed: []error{gone}})

	terminal := restate.AsTerminalError(err)
	require.Equal(t, "hotel is full; car is gone", terminal.Message())
	require.Equal(t, restate.Code(http.StatusConflict), terminal.Code())
	require.Equal(t, "Grand", terminal.Metadata().Get("hotel"))
	require.Equal(t, terminal, restate.ToTerminalError(err), "the SDK reports it as it is")
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, gone)
}

func TestSagaReturnsWhatItsStepsReturn(t *testing.T) {
	t.Parallel()
	plain := errors.New("try again")
	value, err := durable.Saga(nil, func(*durable.Compensations) (int, error) { return 7, plain })
	require.Equal(t, 7, value)
	require.Same(t, plain, err)
	require.NoError(t, durable.SagaVoid(nil, func(*durable.Compensations) error { return nil }))

	terminal := restate.TerminalErrorf("no")
	require.Equal(t, error(terminal), durable.SagaVoid(nil, func(*durable.Compensations) error { return terminal }))
}

func TestSagaLetsPanicsThroughAndCompensatesNothing(t *testing.T) {
	t.Parallel()
	suspension := errors.New("stands for the SDK's")
	require.PanicsWithValue(t, suspension, func() {
		_ = durable.SagaVoid(live{}, func(undo *durable.Compensations) error {
			undo.Call("none", func(restate.Context) error {
				require.Fail(t, "compensated while an attempt is suspended")
				return nil
			})
			panic(suspension)
		})
	})
}

func TestSagaReportsEachErrorOfItsCompensationsInTheWayItMatters(t *testing.T) {
	t.Parallel()
	terminal, plain := restate.TerminalErrorf("no"), errors.New("try again")
	for how, test := range map[string]struct {
		undo     []error // of the first registered to the last
		ran      []int
		terminal bool
		message  string
	}{
		"all succeed":                       {[]error{nil, nil}, []int{1, 0}, true, "no"},
		"one fails for good":                {[]error{nil, restate.TerminalErrorf("bad")}, []int{1, 0}, true, "no; compensation c1: bad"},
		"one is to be retried":              {[]error{nil, plain, nil}, []int{2, 1}, false, `durable: compensation c1 for "no": try again`},
		"one is to be retried, after a bad": {[]error{plain, restate.TerminalErrorf("bad")}, []int{1, 0}, false, `durable: compensation c0 for "no": try again`},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			var ran []int
			err := durable.SagaVoid(live{}, func(undo *durable.Compensations) error {
				for i, err := range test.undo {
					undo.Call("c"+string(rune('0'+i)), func(restate.Context) error {
						ran = append(ran, i)
						return err
					})
				}
				return terminal
			})
			require.Equal(t, test.ran, ran)
			require.EqualError(t, err, test.message)
			require.Equal(t, test.terminal, restate.IsTerminalError(err))
		})
	}
}

func TestACompensationThatAlwaysLooksCancelledEnds(t *testing.T) {
	t.Parallel()
	cancelled := restate.ToTerminalError(errors.New("cancelled"), restate.WithErrorCode(http.StatusConflict))
	err := durable.SagaVoid(live{}, func(undo *durable.Compensations) error {
		undo.Call("c", func(restate.Context) error { return cancelled })
		return cancelled
	})
	require.EqualError(t, err, "cancelled; compensation c: cancelled")
}

func TestACompensationWhoseCalleeWasCancelledIsNotRunAgain(t *testing.T) {
	t.Parallel()
	cancelled := restate.AsTerminalError(durable.NewCancelledError())
	for whose, test := range map[string]struct {
		err  error
		runs int
	}{
		"the callee's":            {&handler.CallError{TerminalError: cancelled, Target: "car/Cancel"}, 1},
		"this invocation's, once": {&handler.CallError{TerminalError: cancelled, CallerCancelled: true}, 2},
	} {
		t.Run(whose, func(t *testing.T) {
			t.Parallel()
			runs := 0
			_ = durable.SagaVoid(live{}, func(undo *durable.Compensations) error {
				undo.Call("c", func(restate.Context) error {
					if runs++; runs > 1 {
						return nil
					}
					return test.err
				})
				return restate.TerminalErrorf("no")
			})
			require.Equal(t, test.runs, runs)
		})
	}
}

func TestACompensationIsToldWhyItRuns(t *testing.T) {
	t.Parallel()
	full := restate.ToTerminalError(errors.New("hotel is full"), restate.WithErrorCode(http.StatusConflict))
	for why, cause := range map[string]error{
		"a terminal error": full, "one that wraps it": fmt.Errorf("booking: %w", full),
		"a timeout": durable.NewTimeoutError(""), "a cancellation": durable.NewCancelledError(),
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			var told []error
			err := durable.SagaVoid(live{}, func(undo *durable.Compensations) error {
				for range 2 {
					undo.Call("c", func(restate.Context) error {
						told = append(told, undo.Cause())
						return restate.TerminalErrorf("fails too")
					})
				}
				require.NoError(t, undo.Cause())
				return cause
			})
			require.ErrorIs(t, err, cause)
			require.Equal(t, []error{cause, cause}, told)
		})
	}
}

func TestACompensatingStepIsToldWhyItRunsOnALaterAttempt(t *testing.T) {
	t.Parallel()
	try(t, fxrestate.Config{}, func(ctx restate.Context, attempt int32) (string, error) {
		told := ""
		err := durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
			undo.Step("undo", func(restate.RunContext) error {
				told = fmt.Sprint(restate.AsTerminalError(undo.Cause()).Code(), " ", undo.Cause())
				return nil
			})
			undo.Call("again", func(restate.Context) error {
				if attempt == 1 {
					return errors.New("again")
				}
				return nil
			})
			_, err := restate.Run(ctx, func(restate.RunContext) (int, error) {
				return 0, restate.ToTerminalError(errors.New("no money"), restate.WithErrorCode(http.StatusPaymentRequired))
			})
			return err
		})
		if !restate.IsTerminalError(err) {
			return "", err
		}
		return told, nil
	}).returns(t, "402 no money")
}

// live is a context on which nothing durable is done.
type live struct{ restate.Context }

func (live) Value(any) any { return nil }
