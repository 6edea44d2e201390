package pipeline_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// PipeStuck fails until it is mended.
type PipeStuck struct {
	mended atomic.Bool
	tries  atomic.Int32
}

func (s *PipeStuck) fail(err error) (string, error) {
	s.tries.Add(1)
	if s.mended.Load() {
		return "mended", nil
	}
	return "", err
}

func (s *PipeStuck) Plain(restate.Context) (string, error) {
	return s.fail(errors.New("the till is shut"))
}

func (s *PipeStuck) Coded(restate.Context) (string, error) {
	return s.fail(fmt.Errorf("till: %w", restate.ToRetryableError(errors.New("shut for now"), restate.WithErrorCode(503))))
}

func (s *PipeStuck) CodedStep(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) {
		return s.fail(restate.ToRetryableError(errors.New("shut for now"), restate.WithErrorCode(503)))
	}, restate.WithName("till"))
}

// failures is what the server knows of the failures of an invocation.
type failures struct {
	Status  string `json:"status"`
	Retries int    `json:"retry_count"`
	Last    string `json:"last_failure"`
	Code    string `json:"last_failure_error_code"`
}

// awaitFailures waits until an invocation has been tried again a few times.
func awaitFailures(t *testing.T, id string) failures {
	t.Helper()
	var now failures
	testkit.Eventually(t, func() error {
		rows := testkit.Query[failures](t, "SELECT status, retry_count, last_failure, last_failure_error_code FROM sys_invocation WHERE id = ?", id)
		require.Len(t, rows, 1)
		if now = rows[0]; now.Retries < 3 {
			return fmt.Errorf("%+v", now)
		}
		return nil
	})
	return now
}

func TestAPlainErrorIsRetriedAndTheServerCounts(t *testing.T) {
	t.Parallel()
	for handler, want := range map[string]string{
		"Plain":     "[500 Internal] the till is shut",
		"Coded":     "till: [503] shut for now", // the SDK tells the code of a handler's error in its text alone
		"CodedStep": "[503] shut for now",
	} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			stuck, name := &PipeStuck{}, testkit.Unique("pipe-stuck")
			testkit.Start(t, fxrestate.Service[*PipeStuck](testkit.Made(stuck), fxrestate.Name(name), testkit.RetrySoon()))
			id := testkit.Submit(t, testkit.Path(name, handler), nil)
			now := awaitFailures(t, id)
			require.Contains(t, now.Last, want)
			require.Equal(t, "RT0007", now.Code)
			stuck.mended.Store(true)
			require.Equal(t, "mended", testkit.Decode[string](t, testkit.Attach(t, id)))
			// The server counts an attempt when it starts: the one that was mended may be the last it had counted.
			require.GreaterOrEqual(t, stuck.tries.Load(), int32(now.Retries))
		})
	}
}

func TestCancellationDoesNotReachWhatNeverWaits(t *testing.T) {
	t.Parallel()
	stuck, name := &PipeStuck{}, testkit.Unique("pipe-stuck")
	testkit.Start(t, fxrestate.Service[*PipeStuck](testkit.Made(stuck), fxrestate.Name(name), testkit.RetrySoon()))
	id := testkit.Submit(t, testkit.Path(name, "Plain"), nil)
	awaitFailures(t, id)
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	testkit.AwaitEntry(t, testkit.Admin(), id, "Notification: Signal")
	before := stuck.tries.Load()
	testkit.Eventually(t, func() error {
		if n := stuck.tries.Load(); n < before+3 {
			return fmt.Errorf("%d attempts", n)
		}
		return nil
	})
	require.NotEqual(t, "completed", testkit.Look(t, id).Status, "it goes on failing")
	require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
	killed := testkit.Attach(t, id)
	require.Equal(t, http.StatusConflict, killed.Status)
	require.Equal(t, "killed", testkit.Failed(t, killed).Message)
}

// PipeChain calls a service that refuses.
type PipeChain struct {
	course rpc.Service[*PipeDebt]
}

func NewPipeChain(c rpc.Service[*PipeDebt]) *PipeChain { return &PipeChain{c} }

func (c *PipeChain) Pass(ctx restate.Context) (string, error) {
	return rpc.Call(ctx, c.course, (*PipeDebt).Pay, "Ada")
}

func (c *PipeChain) Wrap(ctx restate.Context) (string, error) {
	out, err := rpc.Call(ctx, c.course, (*PipeDebt).Pay, "Ada")
	if err != nil {
		return "", fmt.Errorf("chain: %w", err)
	}
	return out, nil
}

func (c *PipeChain) Catch(ctx restate.Context) (string, error) {
	_, err := rpc.Call(ctx, c.course, (*PipeDebt).Pay, "Ada")
	failure := restate.AsTerminalError(err)
	if failure == nil {
		return "", fmt.Errorf("no terminal error: %w", err)
	}
	return fmt.Sprint(failure.Code(), " ", failure.Message(), " ", failure.Metadata().Get("owed")), nil
}

// PipeDebt refuses, with a terminal error inside of others.
type PipeDebt struct{}

func (*PipeDebt) Pay(_ restate.Context, who string) (string, error) {
	broke := restate.ToTerminalError(errors.New("pay first"), restate.WithErrorCode(402), restate.WithMetadata("owed", "7"))
	return "", fmt.Errorf("debt of %s: %w", who, fmt.Errorf("ledger: %w", broke))
}

func TestATerminalErrorPassesOnWithItsCode(t *testing.T) {
	t.Parallel()
	chain, debt := testkit.Unique("pipe-chain"), testkit.Unique("pipe-debt")
	a := testkit.Start(t,
		fxrestate.Service[*PipeChain](NewPipeChain, fxrestate.Name(chain), testkit.RetrySoon()),
		fxrestate.Service[*PipeDebt](func() *PipeDebt { return &PipeDebt{} }, fxrestate.Name(debt), testkit.RetrySoon()))
	for _, uncaught := range []string{"Pass", "Wrap"} {
		t.Run(uncaught, func(t *testing.T) {
			out := testkit.Post(t, testkit.Path(chain, uncaught), nil)
			require.Equal(t, http.StatusPaymentRequired, out.Status, uncaught)
			require.Equal(t, "pay first", testkit.Failed(t, out).Message, "the terminal error alone, without what is around it")
		})
	}
	require.Equal(t, "402 pay first 7", testkit.Decode[string](t, testkit.Post(t, testkit.Path(chain, "Catch"), nil)))

	logged := map[string]int{}
	for _, line := range a.Lines("Invocation returned a terminal failure") {
		logged[fmt.Sprint(line.ContextMap()["method"], " ", line.ContextMap()["err"])]++
	}
	require.Equal(t, 3, logged[debt+"/Pay debt of Ada: ledger: pay first"], "the log has all of it: %v", logged)
}
