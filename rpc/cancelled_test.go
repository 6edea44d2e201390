package rpc_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Quitter is cancelled after it has sent something, and before it knows the id.
type Quitter struct {
	refuser rpc.Service[*Refuser]
	name    string // of the refuser
	begun   chan struct{}
	proceed chan struct{}

	attempts atomic.Int32
}

// wait lets the test cancel the invocation.
func (q *Quitter) wait() {
	q.begun <- struct{}{}
	<-q.proceed
}

func (q *Quitter) ways() map[string]func(ctx restate.Context) error {
	send := func(ctx restate.Context) (rpc.Handle[restate.Void], error) {
		defer q.wait()
		return rpc.Send0Void(ctx, q.refuser, (*Refuser).Hang)
	}
	start := func(ctx restate.Context) (durable.Future[restate.Void], error) {
		defer q.wait()
		return rpc.Start0Void(ctx, q.refuser, (*Refuser).Hang)
	}
	return map[string]func(ctx restate.Context) error{
		"the id of what was sent": func(ctx restate.Context) error {
			sent, err := send(ctx)
			if err != nil {
				return err
			}
			_, err = sent.ID(ctx)
			return err
		},
		"the result of what was sent": func(ctx restate.Context) error {
			sent, err := send(ctx)
			if err != nil {
				return err
			}
			_, err = sent.Attach(ctx)
			return err
		},
		"the end of what was sent": func(ctx restate.Context) error {
			sent, err := send(ctx)
			if err != nil {
				return err
			}
			return sent.Cancel(ctx)
		},
		"the id of a call": func(ctx restate.Context) error {
			f, err := start(ctx)
			if err != nil {
				return err
			}
			_, err = f.ID(ctx)
			return err
		},
		"the end of a call": func(ctx restate.Context) error {
			f, err := start(ctx)
			if err != nil {
				return err
			}
			return f.Cancel(ctx)
		},
		"the id, with the SDK's client": func(ctx restate.Context) error {
			sent := restate.ServiceSend(ctx, q.name, "Hang").Send(restate.Void{})
			q.wait()
			return errors.New("an id: " + sent.GetInvocationId())
		},
		"the id, and goes on": func(ctx restate.Context) error {
			sent, err := send(ctx)
			if err != nil {
				return err
			}
			_, first := sent.ID(ctx)
			_, again := sent.ID(ctx)
			if !durable.IsSelfCancelled(first) || !durable.IsSelfCancelled(again) {
				return restate.TerminalErrorf("not cancelled: %v, %v", first, again)
			}
			if err := restate.RunVoid(ctx, func(restate.RunContext) error { return nil }); err != nil {
				return err
			}
			if q.attempts.Load() < 3 {
				return errors.New("once more")
			}
			return first
		},
	}
}

// Quit waits in one of the ways.
func (q *Quitter) Quit(ctx restate.Context, way string) error {
	q.attempts.Add(1)
	return q.ways()[way](ctx)
}

func TestACallerThatIsCancelledBeforeItKnowsTheIDOfWhatItSentEnds(t *testing.T) {
	t.Parallel()
	for way := range (&Quitter{}).ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			refuser, name := testkit.Unique("refuser"), testkit.Unique("quitter")
			q := &Quitter{name: refuser, begun: make(chan struct{}, 100), proceed: make(chan struct{})}
			testkit.Start(t,
				fxrestate.Service[*Refuser](testkit.Made(&Refuser{}), fxrestate.Name(refuser)),
				fxrestate.Service[*Quitter](func(r rpc.Service[*Refuser]) *Quitter { q.refuser = r; return q },
					fxrestate.Name(name), testkit.RetryAtOnce(10)))
			id := testkit.Submit(t, testkit.Path(name, "Quit"), way)
			<-q.begun
			require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
			testkit.Eventually(t, func() error {
				signals := testkit.Query[struct{}](t, `SELECT entry_type FROM sys_journal WHERE id = ? AND entry_type = 'Notification: Signal'`, id)
				if len(signals) == 0 {
					return errors.New("not cancelled yet")
				}
				return nil
			})
			close(q.proceed)
			testkit.Eventually(t, func() error {
				if now := testkit.Look(t, id); now.Status != "completed" {
					return fmt.Errorf("it is %s after %d attempts", now.Status, q.attempts.Load())
				}
				return nil
			})
			require.Equal(t, "[409] Cancelled", testkit.Look(t, id).Failure)
		})
	}
}
