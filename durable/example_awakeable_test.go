package durable_test

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Decision is what somebody decides about a refund.
type Decision struct {
	Approved bool   `json:"approved"`
	By       string `json:"by"`
}

// The building blocks of [Refunds].
var (
	approval = durable.NewAwakeable[Decision]("approval")
	ask      = durable.NewStep[restate.Void]("ask")
	refund   = durable.NewStep[string]("refund", durable.Retry{MaxAttempts: 5, InitialInterval: 100 * time.Millisecond})
)

// Refunds waits for approvals.
type Refunds struct {
	asked chan string // in place of a mail
}

func (r *Refunds) Request(ctx restate.Context, cents int) (string, error) {
	id, decision, err := approval.New(ctx)
	if err != nil {
		return "", err
	}
	if err := durable.RunVoid(ctx, ask, func(context.Context) error {
		r.asked <- id
		return nil
	}); err != nil {
		return "", err
	}
	d, err := decision.OrTimeout(ctx, 24*time.Hour).Await(ctx)
	if err != nil {
		return "", err
	}
	if !d.Approved {
		return "refused by " + d.By, nil
	}
	return refund.Run(ctx, func(context.Context) (string, error) {
		return fmt.Sprintf("%d cents, approved by %s", cents, d.By), nil
	})
}

func ExampleAwakeable() {
	asked := make(chan string, 1)
	client, stop := testkit.StartApp(fxrestate.Service[*Refunds](func() *Refunds { return &Refunds{asked} }))
	defer stop()
	ctx, refunds := context.Background(), ingress.NewService[*Refunds](client)

	sent, err := ingress.Send(ctx, refunds, (*Refunds).Request, 1950)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = ingress.Resolve(ctx, client, approval, <-asked, Decision{Approved: true, By: "Ada"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sent.Attach(ctx))
	// Output: 1950 cents, approved by Ada <nil>
}
