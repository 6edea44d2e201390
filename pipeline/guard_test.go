package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

type order struct {
	Item   string `json:"item"`
	Amount int    `json:"amount"`
}

func guards(gs ...pipeline.Guard) func(*pipeline.Config) {
	return func(cfg *pipeline.Config) { cfg.Handler.Guards = gs }
}

func TestAGuardThatRefusesEndsTheInvocationWith403(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var ran atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: guards(pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
				in, err := pipeline.InputOf[order](inv)
				return in.Amount <= 100, err
			})),
			method: method(func(restate.Context, order) (string, error) { ran.Add(1); return "done", nil }),
		})

		refused := a.call(order{Amount: 101})
		require.Equal(t, http.StatusForbidden, refused.status)
		require.Equal(t, "Forbidden", refused.Message)
		require.Equal(t, []pipeline.Outcome{pipeline.Terminal}, a.outcomes(refused.id))
		require.Zero(t, ran.Load())
		var refusal *pipeline.RefusedError
		require.ErrorAs(t, a.watch.of(t, refused.id)[0].Err, &refusal)

		malformed := a.post("", []byte(`{"amount":`))
		require.Equal(t, http.StatusBadRequest, malformed.status)

		require.Equal(t, http.StatusOK, a.call(order{Amount: 100}).status)
		require.EqualValues(t, 1, ran.Load())
	})
}

func TestAGuardThatCannotDecideIsRetried(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var asked atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: guards(pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
				if asked.Add(1) < 3 {
					return false, errors.New("no connection to the user database")
				}
				return true, nil
			})),
			method: method(func(restate.Context, order) (string, error) { return "done", nil }),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status)
		require.Equal(t, []pipeline.Outcome{pipeline.Retryable, pipeline.Retryable, pipeline.Completed}, a.outcomes(out.id))
	})
}

func TestWhatAPlainGuardLetInStaysInWhenTheWorldChanges(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var open atomic.Bool
		open.Store(true)
		var asked, attempts atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: guards(pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
				asked.Add(1)
				return open.Load(), nil
			})),
			method: method(func(ctx restate.Context, _ order) (string, error) {
				attempt := attempts.Add(1)
				open.Store(false) // the world changes
				if err := restate.Sleep(ctx, time.Millisecond); err != nil {
					return "", err
				}
				if attempt < 3 {
					return "", errors.New("try again")
				}
				return "done", nil
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.EqualValues(t, 1, asked.Load(), "the guard decides once")
		require.GreaterOrEqual(t, attempts.Load(), int32(3))

		require.Equal(t, http.StatusForbidden, a.call(order{}).status, "a new invocation finds it closed")
	})
}

func TestAGuardIsAskedAgainWhenNothingOfTheFirstAttemptIsJournaled(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var open atomic.Bool
		open.Store(true)
		a := serve(t, spec{
			always: always,
			configure: guards(pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
				return open.Load(), nil
			})),
			method: method(func(restate.Context, order) (string, error) {
				open.Store(false)
				return "", errors.New("try again")
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusForbidden, out.status)
		require.Equal(t, []pipeline.Outcome{pipeline.Retryable, pipeline.Terminal}, a.outcomes(out.id))
	})
}

func TestADurableGuardKeepsItsJournaledDecision(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var open atomic.Bool
		open.Store(true)
		var asked, ran, attempts atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: guards(pipeline.Durable(pipeline.DurableGuardFunc(func(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
				ran.Add(1)
				return restate.Run(ctx, func(restate.RunContext) (bool, error) {
					asked.Add(1)
					return open.Load(), nil
				})
			}))),
			method: method(func(restate.Context, order) (string, error) {
				open.Store(false)
				if attempts.Add(1) < 3 {
					return "", errors.New("try again")
				}
				return "done", nil
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.EqualValues(t, 1, asked.Load(), "the decision is in the journal")
		require.GreaterOrEqual(t, ran.Load(), int32(3), "the guard runs in every attempt")
		require.Equal(t, []string{"Input", "Run", "Output"}, a.journal(out.id))

		out = a.call(order{})
		require.Equal(t, http.StatusForbidden, out.status)
		require.Equal(t, []string{"Input", "Run", "Output"}, a.journal(out.id))
	})
}

func TestAPlainGuardBehindADurableOneIsNotSkippedByTheLattersJournal(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var asked atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: guards(
				pipeline.GuardFunc(openGuard), // finds at each attempt whether it replays
				pipeline.Durable(pipeline.DurableGuardFunc(func(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
					return restate.Run(ctx, func(restate.RunContext) (bool, error) { return true, nil })
				})),
				pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
					if asked.Add(1) == 1 {
						return false, errors.New("cannot decide yet")
					}
					return false, nil
				}),
			),
			method: method(func(restate.Context, order) (string, error) { return "must not run", nil }),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusForbidden, out.status, out.body)
		require.EqualValues(t, 2, asked.Load())
	})
}
