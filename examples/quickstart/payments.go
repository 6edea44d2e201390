package main

import (
	"context"
	"errors"
	"log/slog"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

var errBadItem = errors.New("an item needs a sku, a positive quantity and a price")

// CardTerminal charges cards. A real one would call a bank.
type CardTerminal struct{ log *slog.Logger }

// NewCardTerminal is the constructor of CardTerminal.
func NewCardTerminal(log *slog.Logger) *CardTerminal { return &CardTerminal{log} }

// Charge charges a card.
func (t *CardTerminal) Charge(ctx context.Context, customer string, cents int, key string) error {
	t.log.InfoContext(ctx, "card charged", "customer", customer, "cents", cents, "key", key)
	return nil
}

// Charge is a request for a payment.
type Charge struct {
	Customer string `json:"customer"`
	Cents    int    `json:"cents"`
}

// Receipt confirms a payment.
type Receipt struct {
	ID string `json:"id"`
}

// Payments is a service: its handlers have no state.
type Payments struct{ terminal *CardTerminal }

// NewPayments is the constructor of Payments.
func NewPayments(terminal *CardTerminal) *Payments { return &Payments{terminal} }

// chargeCard is a step of Charge.
var chargeCard = durable.NewStep[restate.Void]("charge-card")

// Charge charges a card. The step is retried until it succeeds, and its result is
// journaled: if the application crashes after it, the card is not charged again.
func (p *Payments) Charge(ctx restate.Context, in Charge) (Receipt, error) {
	id := restate.UUID(ctx).String() // the same one on every attempt
	err := durable.RunVoid(ctx, chargeCard, func(ctx context.Context) error {
		return p.terminal.Charge(ctx, in.Customer, in.Cents, id)
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: id}, nil
}
