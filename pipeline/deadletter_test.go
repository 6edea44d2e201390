package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

func TestADeadLetterTellsEachTerminalFailureOnce(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		letters := make(chan pipeline.Letter, 100)
		cemetery := serve(t, spec{method: method(func(_ restate.Context, l pipeline.Letter) (string, error) {
			letters <- l
			return "", nil
		})})
		closed := errors.New("closed")
		first := true
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Global.DeadLetter = &pipeline.DeadLetter{
					Service: cemetery.service, Handler: "Do",
					Send: func(ctx restate.Context, l pipeline.Letter) error {
						restate.ServiceSend(ctx, cemetery.service, "Do").Send(l)
						if first {
							first = false
							return errors.New("the process crashes here")
						}
						return nil
					},
				}
				cfg.Handler.Guards = []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
					return inv.Header("x-refuse") == "", nil
				})}
				cfg.Service.AsTerminalError = func(err error) restate.TerminalError {
					if errors.Is(err, closed) {
						return restate.ToTerminalError(err, restate.WithErrorCode(410), restate.WithMetadata("why", "late"))
					}
					return nil
				}
			},
			method: method(func(ctx restate.Context, in order) (string, error) {
				if in.Item == "good" {
					return "done", nil
				}
				if _, err := sleeper(ctx, in); err != nil {
					return "", err
				}
				return "", closed
			}),
		})
		require.Equal(t, http.StatusOK, a.call(order{Item: "good"}).status)
		require.Equal(t, http.StatusForbidden, a.call(order{}, "X-Refuse", "yes").status)

		out := a.call(order{Item: "book"}, "X-Tenant", "acme")
		require.Equal(t, http.StatusGone, out.status, out.body)
		letter := <-letters
		require.Equal(t, "acme", letter.Headers["x-tenant"])
		letter.Headers = nil
		require.Equal(t, pipeline.Letter{
			Service: a.service, Handler: "Do", InvocationID: out.id, Input: []byte(`{"item":"book","amount":0}`),
			Code: 410, Message: "closed", Metadata: map[string]string{"why": "late"},
		}, letter)

		malformed := a.post("", []byte(`{"item":`))
		require.Equal(t, http.StatusBadRequest, malformed.status)
		letter = <-letters
		require.Equal(t, malformed.id, letter.InvocationID)
		require.Equal(t, `{"item":`, string(letter.Input))

		select {
		case l := <-letters:
			t.Fatalf("a letter too many: %+v", l)
		case <-time.After(100 * time.Millisecond): // nothing to wait for: what must not come
		}
	})
}

func TestADeadLetterHandlerGetsNoLettersAboutItself(t *testing.T) {
	t.Parallel()
	_, err := runFake(t, newFake(), pipeline.Config{
		Global: pipeline.Stages{DeadLetter: &pipeline.DeadLetter{
			Service: "shop", Handler: "Buy",
			Send: func(restate.Context, pipeline.Letter) error { t.Error("must not be sent"); return nil },
		}},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, restate.TerminalErrorf("sold out") }),
	})
	require.True(t, restate.IsTerminalError(err))
}

func TestTheDeadLetterOfTheHandlerCountsBeforeTheGlobalOne(t *testing.T) {
	t.Parallel()
	var sent []string
	to := func(name string) *pipeline.DeadLetter {
		return &pipeline.DeadLetter{Service: name, Handler: "Do", Send: func(restate.Context, pipeline.Letter) error {
			sent = append(sent, name)
			return nil
		}}
	}
	_, err := runFake(t, newFake(), pipeline.Config{
		Global: pipeline.Stages{DeadLetter: to("global")}, Handler: pipeline.Stages{DeadLetter: to("handler")},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return nil, restate.TerminalErrorf("sold out") }),
	})
	require.Error(t, err)
	require.Equal(t, []string{"handler"}, sent)
}
