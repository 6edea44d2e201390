package durable_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// Two declarations of the same name, and one of the same name with another type.
var (
	count     = durable.NewStep[int]("count")
	countToo  = durable.NewStep[int]("count")
	countText = durable.NewStep[string]("count")
	thrice    = durable.NewStep[int]("thrice", durable.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond})
	ship      = durable.NewStep[restate.Void]("ship")
)

func TestAStepRunsOnceAndItsResultIsJournaled(t *testing.T) {
	t.Parallel()
	type runs = *atomic.Int32
	teapot := restate.ToTerminalError(errors.New("no tea"), restate.WithErrorCode(http.StatusTeapot))
	one := func(n runs) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return int(n.Add(1)), nil }
	}
	for does, tt := range map[string]struct {
		code func(ctx restate.Context, attempt int32, n runs) (string, error)
		want string
		runs int32
	}{
		"however often the handler is tried": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			first, err := count.Run(ctx, one(n))
			if err != nil {
				return "", err
			}
			second, err := countToo.Run(ctx, one(n)) // a step of its own
			if err == nil && attempt < trialAttempts {
				err = errors.New("again")
			}
			return fmt.Sprint(first, second), err
		}, "1 2", 2},
		"beside others": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			all := durable.All(count.Start(ctx, one(n)), count.Start(ctx, one(n)))
			got, err := all.OrTimeout(ctx, time.Hour).Await(ctx)
			if err == nil && attempt < trialAttempts {
				err = errors.New("again")
			}
			return fmt.Sprint(got[0] + got[1]), err
		}, "3", 2},
		"without a result": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			err := durable.RunVoid(ctx, ship, func(context.Context) error {
				n.Add(1)
				return nil
			})
			if err == nil && attempt < trialAttempts {
				err = errors.New("again")
			}
			return "shipped", err
		}, "shipped", 1},
		"where restate.Run of the same name had run": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			if attempt == 1 {
				_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return int(n.Add(1)), nil }, restate.WithName("count"))
				if err != nil {
					return "", err
				}
				return "", errors.New("deployed a new version")
			}
			got, err := count.Run(ctx, one(n))
			return fmt.Sprint(got), err
		}, "1", 1},
		"and a terminal error is its result": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			_, err := count.Run(ctx, func(context.Context) (int, error) {
				n.Add(1)
				return 0, teapot
			})
			if attempt < trialAttempts {
				return "", errors.New("again")
			}
			failure := restate.AsTerminalError(err)
			return fmt.Sprint(failure.Code(), " ", failure.Message()), nil
		}, "418 no tea", 1},
		"until its retries are at their end": {func(ctx restate.Context, _ int32, n runs) (string, error) {
			_, err := thrice.Run(ctx, func(context.Context) (int, error) { return 0, fmt.Errorf("failure %d", n.Add(1)) })
			return fmt.Sprint(restate.IsTerminalError(err), " ", err), nil
		}, "true failure 3", 3},
		"until the retries of its start are at their end": {func(ctx restate.Context, _ int32, n runs) (string, error) {
			_, err := thrice.Start(ctx, func(context.Context) (int, error) { return 0, fmt.Errorf("failure %d", n.Add(1)) }).Await(ctx)
			return fmt.Sprint(restate.IsTerminalError(err), " ", err), nil
		}, "true failure 3", 3},
		"with the values and the deadline of the handler's context": {func(ctx restate.Context, _ int32, n runs) (string, error) {
			below, cancel := context.WithTimeout(context.WithValue(ctx, visitor{}, "Ada"), time.Hour)
			defer cancel()
			own, err := durable.FromContext(below)
			if err != nil {
				return "", err
			}
			return countText.Run(own, func(ctx context.Context) (string, error) {
				n.Add(1)
				_, limited := ctx.Deadline()
				_, err := durable.FromContext(ctx)
				return fmt.Sprint(ctx.Value(visitor{}), " ", limited, " ", errors.Is(err, durable.ErrInsideRun)), nil
			})
		}, "Ada true true", 1},
		"and operations inside are errors": {func(ctx restate.Context, _ int32, n runs) (string, error) {
			return countText.Run(ctx, func(context.Context) (string, error) {
				n.Add(1)
				_, inside := count.Run(ctx, func(context.Context) (int, error) { return 666, nil })
				_, started := count.Start(ctx, func(context.Context) (int, error) { return 666, nil }).Await(ctx)
				_, _, made := number.New(ctx)
				for _, err := range []error{inside, started, made} {
					if !errors.Is(err, durable.ErrInsideRun) || restate.IsTerminalError(err) {
						return "", restate.TerminalErrorf("inside: %v", err)
					}
				}
				return "refused", nil
			})
		}, "refused", 1},
		"with the codec that it declares": {func(ctx restate.Context, attempt int32, n runs) (string, error) {
			raw := durable.NewStep[[]byte]("raw", durable.StepCodec(restate.WithBinary))
			if attempt == 1 {
				if _, err := raw.Run(ctx, func(context.Context) ([]byte, error) {
					n.Add(1)
					return []byte(`{"as":"it is"}`), nil
				}); err != nil {
					return "", err
				}
				return "", errors.New("again, and read JSON")
			}
			read, err := durable.NewStep[map[string]string]("raw").Run(ctx, func(context.Context) (map[string]string, error) {
				n.Add(1)
				return nil, nil
			})
			return read["as"], err
		}, "it is", 1},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			o := try(t, fxrestate.Config{}, func(ctx restate.Context, attempt int32) (string, error) { return tt.code(ctx, attempt, &n) })
			o.returns(t, tt.want)
			require.Equal(t, tt.runs, n.Load(), "runs of the function")
		})
	}
}

func TestMistakesWithStepsAreErrorsThatAreRetried(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		code    func(restate.Context, int32) (string, error)
		message string
	}{
		"a result of another type": {func(ctx restate.Context, attempt int32) (string, error) {
			if attempt == 1 {
				if _, err := countText.Run(ctx, func(context.Context) (string, error) { return "many", nil }); err != nil {
					return "", err
				}
				return "", errors.New("deployed a new version")
			}
			_, err := count.Run(ctx, func(context.Context) (int, error) { return 666, nil })
			return "", err
		}, `durable: Step[int] "count": what is stored is no int: json: cannot unmarshal string into Go value of type int`},
		"no function": {func(ctx restate.Context, _ int32) (string, error) {
			_, err := count.Run(ctx, nil)
			return "", err
		}, `durable: Step[int] "count": there is no function to run`},
		"no function without a result": {func(ctx restate.Context, _ int32) (string, error) {
			return "", durable.RunVoid(ctx, ship, nil)
		}, `durable: Step[encoding.Void] "ship": there is no function to run`},
		"a retry out of its bounds": {func(ctx restate.Context, _ int32) (string, error) {
			_, err := durable.NewStep[int]("odd", durable.Retry{MaxAttempts: -1}).Start(ctx, func(context.Context) (int, error) { return 1, nil }).Await(ctx)
			return "", err
		}, `durable: Step[int] "odd": Retry.MaxAttempts is -1: it must be between 1 and 4294967295, or 0 for no limit`},
		"two retries": {func(ctx restate.Context, _ int32) (string, error) {
			_, err := durable.NewStep[int]("odd", durable.Retry{}, nil, durable.Retry{}).Run(ctx, func(context.Context) (int, error) { return 1, nil })
			return "", err
		}, `durable: Step[int] "odd": two values of Retry; leave one of them out`},
		"a default out of its bounds": {func(ctx restate.Context, _ int32) (string, error) {
			ctx = restate.WrapContext(ctx, durable.WithStepRetry(ctx, durable.Retry{Factor: 0.5}))
			_, err := count.Run(ctx, func(context.Context) (int, error) { return 1, nil })
			return "", err
		}, `durable: Step[int] "count": its default: Retry.Factor is 0.5: it must be between 1 and the largest float32, or 0 for the default`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := try(t, fxrestate.Config{}, tt.code)
			o.fails(t, http.StatusInternalServerError, tt.message)
			require.EqualValues(t, trialAttempts, o.Attempts)
		})
	}
}

func TestAZeroStepSaysHowToDeclareIt(t *testing.T) {
	t.Parallel()
	const want = "durable: a Step[int] without a name; declare it with durable.NewStep[int](name)"
	one := func(context.Context) (int, error) { return 1, nil }
	for name, zero := range map[string]durable.Step[int]{
		"not declared": {},
		"unnamed":      durable.NewStep[int](""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := zero.Run(nil, one)
			require.EqualError(t, err, want)
			_, err = zero.Start(nil, one).Await(nil)
			require.EqualError(t, err, want)
		})
	}
	require.ErrorContains(t, durable.RunVoid(nil, durable.Step[restate.Void]{}, nil), "without a name")
	require.Equal(t, "count", count.Name())
}

// Of the retries of steps: who sets them, and whether that is in force.
func TestAStepIsRetriedByItsOwnRetryOrByTheDefault(t *testing.T) {
	t.Parallel()
	twice, four := durable.Retry{MaxAttempts: 2, InitialInterval: time.Millisecond}, durable.Retry{MaxAttempts: 4, InitialInterval: time.Millisecond}
	own := durable.NewStep[int]("own", four)
	withInvocation := durable.NewStep[int]("as the invocation", durable.Retry{})
	in := func(s durable.Step[int]) func(restate.Context, *atomic.Int32) error {
		return func(ctx restate.Context, n *atomic.Int32) error {
			_, err := s.Run(ctx, func(context.Context) (int, error) { return 0, fmt.Errorf("failure %d", n.Add(1)) })
			return err
		}
	}
	for name, tt := range map[string]struct {
		cfg  fxrestate.Config
		run  func(restate.Context, *atomic.Int32) error
		want int32 // 0: as often as the invocation
	}{
		"without any, with the invocation":          {fxrestate.Config{}, in(count), 0},
		"by the default":                            {fxrestate.Config{Steps: twice}, in(count), 2},
		"by its own in place of the default":        {fxrestate.Config{Steps: twice}, in(own), 4},
		"with the invocation in spite of a default": {fxrestate.Config{Steps: twice}, in(withInvocation), 0},
		"by the default of an interceptor": {fxrestate.Config{Steps: four}, func(ctx restate.Context, n *atomic.Int32) error {
			return in(count)(restate.WrapContext(ctx, durable.WithStepRetry(ctx, twice)), n)
		}, 2},
		"by the default below a plain context": {fxrestate.Config{Steps: twice}, func(ctx restate.Context, n *atomic.Int32) error {
			below, err := durable.FromContext(context.WithValue(ctx, visitor{}, "Ada"))
			if err != nil {
				return err
			}
			return in(count)(below, n)
		}, 2},
		"and restate.Run is left alone": {fxrestate.Config{Steps: twice}, func(ctx restate.Context, n *atomic.Int32) error {
			_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 0, fmt.Errorf("failure %d", n.Add(1)) })
			return err
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			o := try(t, tt.cfg, func(ctx restate.Context, _ int32) (string, error) { return fmt.Sprint(tt.run(ctx, &n)), nil })
			if tt.want > 0 {
				o.returns(t, fmt.Sprint("failure ", tt.want))
				require.Equal(t, tt.want, n.Load())
				return
			}
			require.Equal(t, http.StatusInternalServerError, o.Status, o.Body)
			require.EqualValues(t, trialAttempts, n.Load())
		})
	}
}

// Interceptors and limits of steps see a declared one under its name.
func TestStepInterceptorsSeeADeclaredStep(t *testing.T) {
	t.Parallel()
	var seen []string
	interceptor := pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
		result, err := next(ctx, step)
		seen = append(seen, fmt.Sprintf("%s %T %v", step.Name(), result, result))
		return 42, err
	})
	try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
		n, err := count.Run(ctx, func(context.Context) (int, error) { return 1, nil })
		return fmt.Sprint(n), err
	}, fxrestate.Use(fxrestate.StepInterceptors(interceptor))).returns(t, "42")
	require.Equal(t, []string{"count int 1"}, seen)
}

// A program may replace restate.Run by a step, and the other way round, while
// invocations are in flight.
func TestTheJournalOfAStepIsThatOfRun(t *testing.T) {
	t.Parallel()
	type entry struct {
		JSON string `json:"entry_json"`
	}
	journal := func(code func(ctx restate.Context) error) (entries []string) {
		var id string
		try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
			id = ctx.Request().ID
			return "done", code(ctx)
		}).returns(t, "done")
		for _, e := range testkit.Query[entry](t, `SELECT entry_json FROM sys_journal WHERE id = ? AND "index" > 0 ORDER BY "index"`, id) {
			entries = append(entries, e.JSON)
		}
		require.Len(t, entries, 3, "a step, its result, and the output")
		return entries
	}
	failed := restate.ToTerminalError(errors.New("no tea"), restate.WithErrorCode(http.StatusTeapot))
	for name, tt := range map[string]struct {
		run, step func(ctx restate.Context) error
	}{
		"with a result": {
			func(ctx restate.Context) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 7, nil }, restate.WithName("count"))
				return err
			},
			func(ctx restate.Context) error {
				_, err := count.Run(ctx, func(context.Context) (int, error) { return 7, nil })
				return err
			},
		},
		"with a failure": {
			func(ctx restate.Context) error {
				if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 0, failed }, restate.WithName("count")); err == nil {
					return errors.New("it does not fail")
				}
				return nil
			},
			func(ctx restate.Context) error {
				if _, err := count.Run(ctx, func(context.Context) (int, error) { return 0, failed }); err == nil {
					return errors.New("it does not fail")
				}
				return nil
			},
		},
		"without a result": {
			func(ctx restate.Context) error {
				return restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName("ship"))
			},
			func(ctx restate.Context) error {
				return durable.RunVoid(ctx, ship, func(context.Context) error { return nil })
			},
		},
		"with the result Void": {
			func(ctx restate.Context) error {
				_, err := restate.Run(ctx, func(restate.RunContext) (restate.Void, error) { return restate.Void{}, nil }, restate.WithName("ship"))
				return err
			},
			func(ctx restate.Context) error {
				_, err := ship.Run(ctx, func(context.Context) (restate.Void, error) { return restate.Void{}, nil })
				return err
			},
		},
		"started": {
			func(ctx restate.Context) error {
				_, err := restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 7, nil }, restate.WithName("count")).Result()
				return err
			},
			func(ctx restate.Context) error {
				_, err := count.Start(ctx, func(context.Context) (int, error) { return 7, nil }).Await(ctx)
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, journal(tt.run), journal(tt.step))
		})
	}
}

func TestRetryNamesItsFieldsOutOfBounds(t *testing.T) {
	t.Parallel()
	beyond := int64(math.MaxUint32 + 1)
	for name, tt := range map[string]struct {
		retry durable.Retry
		want  string // "": it is valid
	}{
		"zero":                         {durable.Retry{}, ""},
		"all set":                      {durable.Retry{5, time.Minute, time.Second, 1.5, time.Second}, ""},
		"short to the end":             {durable.Retry{MaxInterval: time.Millisecond}, ""},
		"long from the start":          {durable.Retry{InitialInterval: time.Hour}, ""},
		"a factor of one":              {durable.Retry{Factor: 1}, ""},
		"negative attempts":            {durable.Retry{MaxAttempts: -1}, "durable: Retry.MaxAttempts is -1: it must be between 1 and 4294967295, or 0 for no limit"},
		"attempts beyond the wire":     {durable.Retry{MaxAttempts: int(beyond)}, "durable: Retry.MaxAttempts is 4294967296: it must be between 1 and 4294967295, or 0 for no limit"},
		"a negative duration":          {durable.Retry{MaxDuration: -1}, "durable: Retry.MaxDuration is -1ns: it must be positive, or 0 for no limit"},
		"a negative first interval":    {durable.Retry{InitialInterval: -time.Second}, "durable: Retry.InitialInterval is -1s: it must not be negative"},
		"a factor that shrinks":        {durable.Retry{Factor: 0.9}, "durable: Retry.Factor is 0.9: it must be between 1 and the largest float32, or 0 for the default"},
		"a factor that is no number":   {durable.Retry{Factor: math.NaN()}, "durable: Retry.Factor is NaN: it must be between 1 and the largest float32, or 0 for the default"},
		"an infinite factor":           {durable.Retry{Factor: math.Inf(1)}, "durable: Retry.Factor is +Inf: it must be between 1 and the largest float32, or 0 for the default"},
		"a negative longest interval":  {durable.Retry{MaxInterval: -1}, "durable: Retry.MaxInterval is -1ns: it must not be negative"},
		"an interval beyond the limit": {durable.Retry{InitialInterval: 2 * time.Second, MaxInterval: time.Second}, "durable: Retry.MaxInterval is 1s: it must be at least InitialInterval, which is 2s"},
		"several": {durable.Retry{MaxAttempts: -1, InitialInterval: -1}, "durable: Retry.MaxAttempts is -1: it must be between 1 and 4294967295, or 0 for no limit\n" +
			"durable: Retry.InitialInterval is -1ns: it must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.retry.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestADefaultForStepsThatIsOutOfBoundsIsAnErrorOfTheStart(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t, fx.Supply(fxrestate.Config{Steps: durable.Retry{Factor: 0.5}}))
	require.ErrorContains(t, err, "fxrestate: Steps: durable: Retry.Factor is 0.5: it must be between 1 and the largest float32, or 0 for the default")
}

// The application's own values for contexts are kept beside the default for steps.
func TestADefaultForStepsLeavesTheContextOfTheEndpointAlone(t *testing.T) {
	t.Parallel()
	cfg := fxrestate.Config{Steps: durable.Retry{MaxAttempts: 1}}
	cfg.Endpoint.Context = func(ctx context.Context) context.Context { return context.WithValue(ctx, visitor{}, "Ada") }
	try(t, cfg, func(ctx restate.Context, _ int32) (string, error) {
		_, err := count.Run(ctx, func(ctx context.Context) (int, error) { return 0, fmt.Errorf("hello %v", ctx.Value(visitor{})) })
		return err.Error(), nil
	}).returns(t, "hello Ada")
}
