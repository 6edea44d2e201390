// Package payments takes money, and gives it back.
package payments

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/handler"
)

// Charge is a request for a payment.
type Charge struct {
	Customer string `json:"customer" validate:"required"`
	Amount   int    `json:"amount" validate:"gt=0"` // in cents
}

// OrderCharge is a charge for an order.
type OrderCharge struct {
	Charge

	Order string `json:"order" validate:"required"`
}

// Receipt confirms a payment.
type Receipt struct {
	TransactionID string `json:"transactionId"`
}

// Service takes money.
type Service struct {
	bank   *Bank
	mailer *notifications.Mailer
}

// New is the constructor of Service.
func New(bank *Bank, mailer *notifications.Mailer) *Service { return &Service{bank, mailer} }

// The steps of the service. Each result is journaled, and a step that has one does not run
// again.
var (
	chargeCard  = durable.NewStep[restate.Void]("charge-card")
	sendReceipt = durable.NewStep[restate.Void]("send-receipt")
	refund      = durable.NewStep[restate.Void]("refund")
)

// Charge charges a card and sends a receipt.
func (s *Service) Charge(ctx restate.Context, in Charge) (Receipt, error) {
	return s.charge(ctx, restate.UUID(ctx).String(), in)
}

// ChargeOrder is Charge for an order. The transaction has the order's id, so that the order
// can be refunded although it got no receipt.
func (s *Service) ChargeOrder(ctx restate.Context, in OrderCharge) (Receipt, error) {
	return s.charge(ctx, in.Order, in.Charge)
}

// charge gives bank and mailer an id, the same on every attempt: a process may die when a
// step has had its effect, and its result is not journaled.
func (s *Service) charge(ctx restate.Context, id string, in Charge) (Receipt, error) {
	err := durable.RunVoid(ctx, chargeCard, func(ctx context.Context) error { return s.bank.Charge(ctx, id, in) })
	if err != nil {
		return Receipt{}, err
	}
	err = durable.RunVoid(ctx, sendReceipt, func(ctx context.Context) error {
		return s.mailer.Deliver(ctx, id, notifications.Mail{
			To: in.Customer, Text: fmt.Sprintf("Charged $%d.%02d.", in.Amount/100, in.Amount%100),
		})
	})
	return Receipt{TransactionID: id}, err
}

// Refund is a parameter object: its field is a property of the body, and required.
type Refund struct {
	handler.In

	TransactionID string `input:"transactionId"`
}

// Refund gives the money of a charge back.
func (s *Service) Refund(ctx restate.Context, in Refund) error {
	return durable.RunVoid(ctx, refund, func(ctx context.Context) error { return s.bank.Refund(ctx, in.TransactionID) })
}

// declined makes terminal what only the bank can change. Its other errors are retried.
func declined(err error) restate.TerminalError {
	if errors.Is(err, errDeclined) {
		return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusPaymentRequired))
	}
	return nil
}
