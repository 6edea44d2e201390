package main

import (
	"context"
	"errors"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Patience is how long a payment waits for its confirmation.
type Patience time.Duration

// Payment is a request for a payment.
type Payment struct {
	Order string `json:"order"`
	Cents int    `json:"cents"`
}

// Confirmation is what the payment provider sends to our webhook.
type Confirmation struct {
	ID          string `json:"id"` // which it got with the payment
	Transaction string `json:"transaction,omitempty"`
	Declined    string `json:"declined,omitempty"` // why
}

// The awakeable of a payment, which is the id of its transaction, and its step.
var (
	confirmed = durable.NewAwakeable[string]("confirmed")
	initiate  = durable.NewStep[restate.Void]("initiate")
)

// Payments is a service whose payments somebody else confirms.
type Payments struct {
	provider *Provider
	patience time.Duration
}

// NewPayments is the constructor of Payments.
func NewPayments(provider *Provider, patience Patience) *Payments {
	return &Payments{provider, time.Duration(patience)}
}

// Process initiates a payment, waits for its confirmation, and returns the id of the
// transaction. While it waits it needs no process; the time also runs while none is
// there. If it is too late (408), declined or cancelled, the payment is withdrawn.
func (p *Payments) Process(ctx restate.Context, in Payment) (string, error) {
	id := restate.UUID(ctx).String()
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		confirmation, transaction, err := confirmed.New(ctx)
		if err != nil {
			return "", err
		}
		undo.Step("withdraw", func(ctx restate.RunContext) error { return p.provider.Withdraw(ctx, id) })
		if err := durable.RunVoid(ctx, initiate, func(ctx context.Context) error {
			return p.provider.Initiate(ctx, in, id, confirmation)
		}); err != nil {
			return "", err
		}
		return transaction.OrTimeout(ctx, p.patience).Await(ctx)
	})
}

// Confirm is the webhook of the provider. The first confirmation of a payment counts,
// and one that is too late changes nothing.
func (*Payments) Confirm(ctx restate.Context, in Confirmation) error {
	if in.Declined != "" {
		return confirmed.Reject(ctx, in.ID, errors.New(in.Declined))
	}
	return confirmed.Resolve(ctx, in.ID, in.Transaction)
}
