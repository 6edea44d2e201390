package durable_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// SagaTrips books and cancels.
type SagaTrips struct {
	other rpc.Service[*SagaTrips]

	mu       sync.Mutex
	did      []string
	attempts map[string]int
	arrived  chan string   // gets what blocks
	released chan struct{} // closed: nothing blocks any more
}

// do records what took place outside.
func (s *SagaTrips) do(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, what)
}

func (s *SagaTrips) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.did)
}

// attempt counts how often it was called for something.
func (s *SagaTrips) attempt(of string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts[of]++
	return s.attempts[of]
}

func full(what string) error {
	return restate.ToTerminalError(fmt.Errorf("%s is full", what), restate.WithErrorCode(http.StatusConflict))
}

// Book books three things. The one that is to fail does so after it took place.
func (s *SagaTrips) Book(ctx restate.Context, fails string) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		for _, what := range []string{"flight", "car", "hotel"} {
			undo.Step("cancel-"+what, func(restate.RunContext) error {
				s.do("cancel " + what)
				return nil
			})
			if err := restate.RunVoid(ctx, func(restate.RunContext) error {
				s.do("book " + what)
				if what == fails {
					return full(what)
				}
				return nil
			}, restate.WithName("book-"+what)); err != nil {
				return "nothing", err
			}
			if err := restate.Sleep(ctx, time.Millisecond); err != nil {
				return "", err
			}
		}
		return "booked", nil
	})
}

// Flaky fails once outside of its steps.
func (s *SagaTrips) Flaky(ctx restate.Context) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("cancel", s.undo("cancel"))
		if err := restate.RunVoid(ctx, s.undo("book")); err != nil {
			return err
		}
		if s.attempt("flaky") == 1 {
			return errors.New("try again")
		}
		return nil
	})
}

func (s *SagaTrips) undo(what string) func(restate.RunContext) error {
	return func(restate.RunContext) error {
		s.do(what)
		return nil
	}
}

// Linger waits until it is cancelled; its second compensation blocks.
func (s *SagaTrips) Linger(ctx restate.Context) error {
	err := durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("cancel-flight", s.undo("cancel flight"))
		undo.Step("cancel-car", func(restate.RunContext) error {
			s.arrived <- "cancel car"
			<-s.released
			s.do("cancel car")
			return nil
		})
		undo.Step("cancel-hotel", s.undo("cancel hotel"))
		if err := restate.RunVoid(ctx, func(restate.RunContext) error {
			s.arrived <- "book"
			return nil
		}, restate.WithName("book")); err != nil {
			return err
		}
		_, err := restate.Awakeable[string](ctx).Result()
		return err
	})
	if !durable.IsCancelled(err) {
		return restate.TerminalErrorf("not cancelled: %v", err)
	}
	return err
}

// Undoable has compensations that fail for good.
func (s *SagaTrips) Undoable(ctx restate.Context) (string, error) {
	_, err := durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		undo.Step("cancel-flight", s.undo("cancel flight"))
		undo.Step("cancel-car", func(restate.RunContext) error { return restate.TerminalErrorf("car is gone") })
		undo.Step("cancel-hotel", s.undo("cancel hotel"))
		undo.Step("cancel-train", func(restate.RunContext) error { return errors.New("no rails") },
			restate.WithMaxRetryAttempts(2), restate.WithInitialRetryInterval(time.Millisecond))
		return "", full("ship")
	})
	var c *durable.CompensationError
	if !errors.As(err, &c) || len(c.Failed) != 2 {
		return "", restate.TerminalErrorf("no CompensationError of two: %v", err)
	}
	return "", err
}

// Retried has a compensation that calls, and fails in passing after it.
func (s *SagaTrips) Retried(ctx restate.Context) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("cancel-flight", s.undo("cancel flight"))
		undo.Call("cancel-car", func(ctx restate.Context) error {
			if err := rpc.CallVoid(ctx, s.other, (*SagaTrips).Cancel, "car"); err != nil {
				return err
			}
			if s.attempt("retried") == 1 {
				return errors.New("try again")
			}
			return nil
		})
		undo.Step("cancel-hotel", s.undo("cancel hotel"))
		return full("ship")
	})
}

// Cancel is what compensations call.
func (s *SagaTrips) Cancel(ctx restate.Context, what string) error {
	return restate.RunVoid(ctx, s.undo("cancel "+what))
}

// Reserve learns from the step what is to be undone.
func (s *SagaTrips) Reserve(ctx restate.Context, fails bool) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		id, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
			if fails {
				return "", full("flight")
			}
			return "R" + fmt.Sprint(s.attempt("reserve")), nil
		})
		if err != nil {
			return err
		}
		undo.Step("cancel", s.undo("cancel "+id))
		return full("hotel")
	})
}

// Nested has a saga in a saga.
func (s *SagaTrips) Nested(ctx restate.Context) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("outer", s.undo("outer"))
		return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
			undo.Step("inner", s.undo("inner"))
			return full("hotel")
		})
	})
}

// Together undoes two things at a time: neither ends before the other has begun.
func (s *SagaTrips) Together(ctx restate.Context) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Call("cancel-all", func(ctx restate.Context) error {
			car, hotel := make(chan struct{}), make(chan struct{})
			cancel := func(what string, own chan<- struct{}, other <-chan struct{}) durable.Future[restate.Void] {
				f := restate.RunAsync(ctx, func(restate.RunContext) (restate.Void, error) {
					close(own)
					select {
					case <-other:
						s.do("cancel " + what)
						return restate.Void{}, nil
					case <-time.After(testkit.Within):
						return restate.Void{}, restate.TerminalErrorf("%s was alone", what)
					}
				}, restate.WithName("cancel-"+what))
				return durable.FutureOf(f, f.Result)
			}
			_, err := durable.All(cancel("car", car, hotel), cancel("hotel", hotel, car)).Await(ctx)
			return err
		})
		return full("ship")
	})
}

// Inside registers where it is lost.
func (s *SagaTrips) Inside(ctx restate.Context) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		return restate.RunVoid(ctx, func(restate.RunContext) error {
			undo.Step("cancel", s.undo("cancel"))
			return nil
		}, restate.WithMaxRetryAttempts(1))
	})
}

func startSagas(t *testing.T) (*SagaTrips, string) {
	s, name := &SagaTrips{attempts: map[string]int{}, arrived: make(chan string, 100), released: make(chan struct{})}, testkit.Unique("saga")
	testkit.Start(t, fxrestate.Service[*SagaTrips](func(other rpc.Service[*SagaTrips]) *SagaTrips {
		s.other = other
		return s
	}, fxrestate.Name(name), testkit.RetrySoon()))
	t.Cleanup(func() {
		select {
		case <-s.released:
		default:
			close(s.released)
		}
	})
	return s, name
}

func TestSagaUndoesInReverseWhatWasDoneBeforeTheFailure(t *testing.T) {
	t.Parallel()
	for fails, test := range map[string]struct {
		did     []string
		journal []string
	}{
		"flight": {
			[]string{"book flight", "cancel flight"},
			[]string{"Run book-flight", "Run cancel-flight"},
		},
		"car": {
			[]string{"book flight", "book car", "cancel car", "cancel flight"},
			[]string{"Run book-flight", "Run book-car", "Run cancel-car", "Run cancel-flight"},
		},
		"hotel": {
			[]string{"book flight", "book car", "book hotel", "cancel hotel", "cancel car", "cancel flight"},
			[]string{"Run book-flight", "Run book-car", "Run book-hotel", "Run cancel-hotel", "Run cancel-car", "Run cancel-flight"},
		},
		"nothing": {
			[]string{"book flight", "book car", "book hotel"},
			[]string{"Run book-flight", "Run book-car", "Run book-hotel"},
		},
	} {
		t.Run(fails, func(t *testing.T) {
			t.Parallel()
			s, name := startSagas(t)
			a := testkit.Post(t, testkit.Path(name, "Book"), fails)
			if fails == "nothing" {
				require.Equal(t, "booked", testkit.Decode[string](t, a))
			} else {
				got := testkit.Failed(t, a)
				require.Equal(t, http.StatusConflict, got.Code)
				require.Equal(t, fails+" is full", got.Message)
			}
			require.Equal(t, test.did, s.all())
			require.Equal(t, test.journal, stepsOf(testkit.Journal(t, a.Header.Get("X-Restate-Id"))))
		})
	}
}

// stepsOf returns the named steps of a journal.
func stepsOf(journal []string) []string {
	return slices.DeleteFunc(journal, func(e string) bool {
		return !strings.HasPrefix(e, "Run ")
	})
}

func TestSagaUndoesNothingWhenItIsRetried(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Flaky"), nil).Status)
	require.GreaterOrEqual(t, s.attempts["flaky"], 2)
	require.Equal(t, []string{"book"}, s.all())
}

func TestSagaUndoesWhenItIsCancelledAndFinishesAlthoughItIsCancelledAgain(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	id := testkit.Submit(t, testkit.Path(name, "Linger"), nil)
	require.Equal(t, "book", testkit.Receive(t, s.arrived, "the booking"))
	testkit.AwaitEntry(t, testkit.Admin(), id, "Notification: Run")
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	require.Equal(t, "cancel car", testkit.Receive(t, s.arrived, "the compensation"))
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	testkit.Eventually(t, func() error { return twoSignals(testkit.Journal(t, id)) })
	close(s.released)

	got := testkit.Failed(t, testkit.Attach(t, id))
	require.Equal(t, http.StatusConflict, got.Code)
	require.Regexp(t, `^(?i:cancelled)$`, got.Message)
	did := s.all()
	require.Equal(t, "cancel hotel", did[0])
	require.Contains(t, did, "cancel car")
	require.Contains(t, did, "cancel flight")
}

// twoSignals returns nil if two cancellations are in a journal.
func twoSignals(journal []string) error {
	n := 0
	for _, e := range journal {
		if strings.HasPrefix(e, "Notification: Signal") {
			n++
		}
	}
	if n != 2 {
		return fmt.Errorf("%d signals in %q", n, journal)
	}
	return nil
}

func TestSagaUndoesNothingWhenItIsKilled(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	id := testkit.Submit(t, testkit.Path(name, "Linger"), nil)
	require.Equal(t, "book", testkit.Receive(t, s.arrived, "the booking"))
	testkit.AwaitEntry(t, testkit.Admin(), id, "Notification: Run")
	require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
	require.Equal(t, "killed", testkit.Failed(t, testkit.Attach(t, id)).Message)
	require.Empty(t, s.all())
}

func TestSagaGoesOnAfterACompensationThatFailsAndTellsAll(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Undoable"), nil))
	require.Equal(t, http.StatusConflict, got.Code)
	require.Equal(t, "ship is full; compensation cancel-train: no rails; compensation cancel-car: car is gone", got.Message)
	require.Equal(t, []string{"cancel hotel", "cancel flight"}, s.all())
}

func TestSagaGoesOnWithTheRemainingCompensationsAfterARetry(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	require.Equal(t, "ship is full", testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Retried"), nil)).Message)
	require.GreaterOrEqual(t, s.attempts["retried"], 2)
	require.Equal(t, []string{"cancel hotel", "cancel car", "cancel flight"}, s.all())
}

func TestSagaUndoesSeveralThingsAtATime(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	a := testkit.Post(t, testkit.Path(name, "Together"), nil)
	require.Equal(t, "ship is full", testkit.Failed(t, a).Message)
	require.ElementsMatch(t, []string{"cancel car", "cancel hotel"}, s.all())
	entries := testkit.Journal(t, a.Header.Get("X-Restate-Id"))
	begun := slices.Index(entries, "Run cancel-car")
	require.Equal(t, "Run cancel-hotel", entries[begun+1])
	require.Greater(t, slices.Index(entries, "Notification: Run"), begun+1, "%q", entries)
}

func TestSagaRegistersAfterTheStepThatTellsWhatToUndo(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Reserve"), true))
	require.Empty(t, s.all())
	testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Reserve"), false))
	require.Equal(t, []string{"cancel R1"}, s.all())
}

func TestSagaInASagaIsUndoneFirst(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	require.Equal(t, "hotel is full", testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Nested"), nil)).Message)
	require.Equal(t, []string{"inner", "outer"}, s.all())
}

func TestSagaRefusesCompensationsThatAReplayWouldLose(t *testing.T) {
	t.Parallel()
	s, name := startSagas(t)
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Inside"), nil))
	require.Contains(t, got.Message, "compensation cancel is registered inside restate.Run")
	require.Empty(t, s.all())
}
