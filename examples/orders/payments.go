package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"sync"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/pipeline"
)

// The errors of the bank. The first is final, the second is retried.
var (
	errDeclined = errors.New("the card is declined")
	errBusy     = errors.New("the bank does not respond")
)

// Bank charges cards. A payment id is charged once. A real bank is another system.
type Bank struct {
	log *slog.Logger

	mu   sync.Mutex
	paid map[string]int
	busy map[string]bool
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank {
	return &Bank{log: log, paid: map[string]int{}, busy: map[string]bool{}}
}

// Charge charges a card. "Broke" has no money, and the first charge of "Unlucky"
// gets no response.
func (b *Bank) Charge(ctx context.Context, customer string, cents int, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if customer == "Broke" {
		return errDeclined
	}
	if customer == "Unlucky" && !b.busy[id] {
		b.busy[id] = true
		return errBusy
	}
	b.paid[id] = cents
	b.log.InfoContext(ctx, "card charged", "customer", customer, "cents", cents)
	return nil
}

// Paid returns the payments by their ids, in cents.
func (b *Bank) Paid() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.paid)
}

// Charge is a request for a payment.
type Charge struct {
	Customer string `json:"customer" validate:"required"`
	Cents    int    `json:"cents" validate:"gt=0"`
}

// Receipt confirms a payment.
type Receipt struct {
	ID string `json:"id"`
}

// Payments is a service that takes money.
type Payments struct{ bank *Bank }

// NewPayments is the constructor of Payments.
func NewPayments(bank *Bank) *Payments { return &Payments{bank} }

// chargeCard is a step of Charge.
var chargeCard = durable.NewStep[restate.Void]("charge-card")

// Charge charges a card once, because the result of the step is journaled.
func (p *Payments) Charge(ctx restate.Context, in Charge) (Receipt, error) {
	id := restate.UUID(ctx).String() // the same one on every attempt
	err := durable.RunVoid(ctx, chargeCard, func(ctx context.Context) error {
		return p.bank.Charge(ctx, in.Customer, in.Cents, id)
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: id}, nil
}

// declined makes declined payments terminal. Other errors of the bank are retried.
func declined(err error) restate.TerminalError {
	if errors.Is(err, errDeclined) {
		return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusPaymentRequired))
	}
	return nil
}

// maxCharge is the limit of one charge, in cents.
const maxCharge = 50_000

// ChargeLimit is a guard that rejects large charges.
type ChargeLimit struct{ log *slog.Logger }

// NewChargeLimit is the constructor of ChargeLimit.
func NewChargeLimit(log *slog.Logger) *ChargeLimit { return &ChargeLimit{log} }

// Allow admits charges up to the limit.
func (l *ChargeLimit) Allow(ctx context.Context, inv *pipeline.Invocation) (bool, error) {
	in, err := pipeline.InputOf[Charge](inv)
	if err != nil {
		return false, err
	}
	if in.Cents > maxCharge {
		l.log.InfoContext(ctx, "charge refused", "customer", in.Customer, "cents", in.Cents)
		return false, nil // responds with 403
	}
	return true, nil
}
