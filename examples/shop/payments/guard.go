package payments

import (
	"context"

	"github.com/fxrestate/go/pipeline"
)

// maxAmount is the limit of one charge, in cents.
const maxAmount = 10_000

// priced is the input of either kind of charge.
type priced interface{ cents() int }

func (c Charge) cents() int { return c.Amount }

// AmountLimit is a guard that refuses large charges.
type AmountLimit struct{}

// NewAmountLimit is the constructor of AmountLimit.
func NewAmountLimit() *AmountLimit { return &AmountLimit{} }

// Allow is asked once for each invocation. False is answered with 403.
func (*AmountLimit) Allow(_ context.Context, inv *pipeline.Invocation) (bool, error) {
	in, err := pipeline.InputOf[priced](inv)
	return err == nil && in.cents() <= maxAmount, err
}
