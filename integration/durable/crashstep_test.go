package durable_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// The building blocks of [Refunds].
var (
	refundAsked    = durable.NewStateKey[string]("asked")
	refundApproval = durable.NewAwakeable[refundDecision]("approval")
	refundNote     = durable.NewStep[restate.Void]("note")
	refundPay      = durable.NewStep[string]("pay")
)

type refundDecision struct{ By string }

// Refunds waits for an approval and pays in a step.
type Refunds struct{ outside testkit.Outside }

func NewRefunds(o testkit.Outside) *Refunds { return &Refunds{o} }

func (r *Refunds) Request(ctx restate.ObjectContext, cents int) (string, error) {
	if err := durable.RunVoid(ctx, refundNote, func(ctx context.Context) error { return r.outside.Effect(ctx, "note") }); err != nil {
		return "", err
	}
	id, approval, err := refundApproval.New(ctx)
	if err != nil {
		return "", err
	}
	if err := refundAsked.Set(ctx, id); err != nil {
		return "", err
	}
	d, err := approval.OrTimeout(ctx, time.Hour).Await(ctx)
	if err != nil {
		return "", err
	}
	return refundPay.Run(ctx, func(ctx context.Context) (string, error) {
		return fmt.Sprintf("%d cents by %s", cents, d.By), r.outside.Effect(ctx, "pay")
	})
}

func (r *Refunds) Asked(ctx restate.ObjectSharedContext) (string, error) { return refundAsked.Get(ctx) }

func TestAwakeablesAndStepsSurviveTheApplication(t *testing.T) {
	t.Parallel()
	w, name := testkit.NewWorld(t), testkit.Unique("refunds")
	paying := w.Block("pay")
	p := testkit.Spawn(t, "refunds", name, w)
	id := testkit.Submit(t, testkit.Path(name, "Ada", "Request"), 1950)
	asked := func() (awakeable string) {
		testkit.Eventually(t, func() error {
			if awakeable = testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Ada", "Asked"), nil)); awakeable == "" {
				return errors.New("nobody was asked")
			}
			return nil
		})
		return awakeable
	}
	awakeable := asked()

	p.Kill() // while it waits
	p.Start()
	require.Equal(t, awakeable, asked())
	client, err := ingress.New(testkit.Config().Ingress, nil)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	require.NoError(t, ingress.Resolve(t.Context(), client, refundApproval, awakeable, refundDecision{By: "Grace"}))
	testkit.Receive(t, paying, "the payment")

	p.Kill() // in a step
	w.Release("pay")
	p.Start()
	require.Equal(t, "1950 cents by Grace", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.Equal(t, 1, w.Count("note"), "its result was journaled")
	require.GreaterOrEqual(t, w.Count("pay"), 2, "it was under way")
}
