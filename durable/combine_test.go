package durable_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Runner answers, or waits for ever.
type Runner struct{}

func (*Runner) Bare(restate.Context) (string, error) { return "bare", nil }

func (*Runner) Answer(_ restate.Context, in string) (string, error) { return in, nil }

func (*Runner) Fail(_ restate.Context, in string) (string, error) {
	return "", restate.TerminalErrorf("no %s", in)
}

func (*Runner) Wait(ctx restate.Context, _ string) (string, error) {
	return restate.Awakeable[string](ctx).Result()
}

func TestWhatLostIsToldAndCancelled(t *testing.T) {
	t.Parallel()
	for does, tt := range map[string]struct {
		calls []func(*Runner, restate.Context, string) (string, error)
		await func(ctx restate.Context, calls []durable.Future[string]) (any, error)
		want  string // the result, and which calls were cancelled
	}{
		"First tells which completed": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Wait, (*Runner).Answer, (*Runner).Wait},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.First(calls...).Await(ctx)
			},
			"{1 call 1} <nil> [0 2]",
		},
		"First completes with a failure": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Wait, (*Runner).Fail},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				_, err := durable.First(calls...).Await(ctx)
				return calls[1].Completed(), err
			},
			"true no call 1 [0]",
		},
		"Any tells which succeeded": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Fail, (*Runner).Wait, (*Runner).Answer},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.Any(calls...).Await(ctx)
			},
			"{2 call 2} <nil> [1]",
		},
		"Some tell which succeeded": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Answer, (*Runner).Wait, (*Runner).Fail, (*Runner).Answer},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.Some(2, calls...).OrTimeout(ctx, time.Hour).Await(ctx)
			},
			"[{0 call 0} {3 call 3}] <nil> [1]",
		},
		"Some cannot succeed": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Fail, (*Runner).Wait, (*Runner).Fail},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.Some(2, calls...).Await(ctx)
			},
			"[] no call 0\nno call 2 [1]",
		},
		"Some of none are there at once": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Wait},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.Some(0, calls...).Await(ctx)
			},
			"[] <nil> [0]",
		},
		"the time is up": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Wait, (*Runner).Answer, (*Runner).Wait},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				if _, err := calls[1].Await(ctx); err != nil {
					return nil, err
				}
				_, err := durable.Some(2, calls...).OrTimeout(ctx, 20*time.Millisecond).Await(ctx)
				return durable.IsTimeout(err), err
			},
			"true timed out after 20ms [0 2]",
		},
		"converted ones tell which completed, and are cancelled as they are": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Wait, (*Runner).Answer},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				var lengths []durable.Future[int]
				for _, call := range calls {
					lengths = append(lengths, durable.Map(call, func(s string, err error) (int, error) { return len(s), err }))
				}
				got, err := durable.First(lengths...).Await(ctx)
				return got, cmp.Or(err, lengths[0].Cancel(ctx))
			},
			"{1 6} <nil> [0]",
		},
		"a failure is converted into a value, and a value into a failure": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Fail, (*Runner).Answer},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				swapped := func(s string, err error) (string, error) {
					if err != nil {
						return err.Error(), nil
					}
					return "", restate.TerminalErrorf("%s", s)
				}
				return durable.AllSettled(durable.Map(calls[0], swapped), durable.Map(calls[1], swapped)).Await(ctx)
			},
			"[{no call 0 <nil>} { call 1}] <nil> []",
		},
		"all of them succeed": {
			[]func(*Runner, restate.Context, string) (string, error){(*Runner).Answer, (*Runner).Answer},
			func(ctx restate.Context, calls []durable.Future[string]) (any, error) {
				return durable.All(calls...).Await(ctx)
			},
			"[call 0 call 1] <nil> []",
		},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			var runners rpc.Service[*Runner]
			try(t, fxrestate.Config{}, func(ctx restate.Context, attempt int32) (string, error) {
				var calls []durable.Future[string]
				for i, handler := range tt.calls {
					call, err := rpc.Start(ctx, runners, handler, fmt.Sprint("call ", i))
					if err != nil {
						return "", err
					}
					calls = append(calls, call)
				}
				got, failure := tt.await(ctx, calls)
				if err := durable.CancelRest(ctx, calls...); err != nil {
					return "", err
				}
				cancelled := []int{}
				for i, call := range calls {
					if _, err := call.Await(ctx); durable.IsCancelled(err) {
						cancelled = append(cancelled, i)
					}
				}
				if attempt < trialAttempts {
					return "", errors.New("again, on replay")
				}
				return fmt.Sprint(got, " ", failure, " ", cancelled), nil
			}, fxrestate.Service[*Runner](func() *Runner { return &Runner{} }, fxrestate.Name(testkit.Unique("runner"))), fx.Populate(&runners)).returns(t, tt.want)
		})
	}
}

func TestCombinationsOfNothingAreErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		code func(ctx restate.Context) error
		want string
	}{
		"First of nothing": {func(ctx restate.Context) error {
			_, err := durable.First[int]().Await(ctx)
			return err
		}, "durable: First of nothing; pass at least one"},
		"Any of nothing": {func(ctx restate.Context) error {
			_, err := durable.Any[int]().Await(ctx)
			return err
		}, "durable: Any of nothing; pass at least one"},
		"more than there are": {func(ctx restate.Context) error {
			_, err := durable.Some(2, durable.Ready(1, nil)).Await(ctx)
			return err
		}, "durable: Some(2) of 1; ask for no more than there are"},
		"fewer than none": {func(ctx restate.Context) error {
			_, err := durable.Some(-1, durable.Ready(1, nil)).Await(ctx)
			return err
		}, "durable: Some(-1) of 1; ask for no more than there are"},
		"a future of nothing": {func(ctx restate.Context) error {
			_, err := durable.FutureOf[int, error](nil, nil).Await(ctx)
			return err
		}, "durable: FutureOf nothing; pass a future of the SDK's and its method Result or Response"},
		"a future without a method": {func(ctx restate.Context) error {
			_, err := durable.FutureOf[int, error](restate.Awakeable[int](ctx), nil).Await(ctx)
			return err
		}, "durable: FutureOf nothing; pass a future of the SDK's and its method Result or Response"},
		"a conversion without a function": {func(ctx restate.Context) error {
			_, err := durable.Map[int, int](durable.Ready(1, nil), nil).Await(ctx)
			return err
		}, "durable: Map with no function; pass one that converts the result"},
		"a conversion of nothing": {func(ctx restate.Context) error {
			_, err := durable.Map(durable.Future[int]{}, func(n int, err error) (int, error) { return n, err }).Await(ctx)
			return err
		}, "durable: a zero Future has nothing to wait for; start something, or make it with FutureOf or After"},
		"the rest of nothing": {func(ctx restate.Context) error {
			_, zero := durable.Future[int]{}.Await(ctx)
			return errors.Join(durable.CancelRest[int](ctx), durable.CancelRest(ctx, durable.Future[int]{}, durable.Ready(1, nil)), zero)
		}, "durable: a zero Future has nothing to wait for; start something, or make it with FutureOf or After"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
				return fmt.Sprint(tt.code(ctx)), nil
			}).returns(t, tt.want)
		})
	}
}

func TestWhatIsNoCallHasNothingToCancelAndNoID(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, start := range map[string]func(ctx restate.Context) durable.Future[restate.Void]{
		"a step that runs": func(ctx restate.Context) durable.Future[restate.Void] {
			return count.Start(ctx, func(ctx context.Context) (int, error) {
				select {
				case <-release:
				case <-ctx.Done():
				}
				return 1, nil
			}).Void()
		},
		"a timer": func(ctx restate.Context) durable.Future[restate.Void] { return durable.After(ctx, time.Hour) },
		"an awakeable": func(ctx restate.Context) durable.Future[restate.Void] {
			_, value, err := number.New(ctx)
			if err != nil {
				return durable.Ready(restate.Void{}, err)
			}
			return value.Void()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
				f := start(ctx)
				_, err := durable.First(f, durable.After(ctx, time.Millisecond)).Await(ctx)
				if err := errors.Join(err, f.Cancel(ctx), durable.CancelRest(ctx, f)); err != nil {
					return "", err
				}
				_, err = f.ID(ctx)
				return fmt.Sprint(err), nil
			}).returns(t, "durable: ID of a Future that is not a single call")
		})
	}
}

// What only waits for awakeables and steps has nothing that could be cancelled.
func TestTheRestOfWhatIsNoCallGoesOn(t *testing.T) {
	t.Parallel()
	try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
		id, value, err := number.New(ctx)
		if err != nil {
			return "", err
		}
		step := count.Start(ctx, func(context.Context) (int, error) { return 1, nil })
		first, err := durable.First(value, step).Await(ctx)
		if err := errors.Join(err, durable.CancelRest(ctx, value, step), number.Resolve(ctx, id, 2)); err != nil {
			return "", err
		}
		n, err := value.Await(ctx)
		return fmt.Sprint(first, n), err
	}).returns(t, "{1 1} 2")
}
