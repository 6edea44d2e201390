package main

import (
	"context"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// trusted is what the agent may pay alone for a claim, in euros. The limit is here, where the money is,
// and not in the instructions: a model can be talked into anything.
const trusted = 1_000

// Patience is how long a person may take to decide.
type Patience time.Duration

// Claim is what a customer wants.
type Claim struct {
	Euros  int    `json:"euros" jsonschema:"description=the amount"`
	Reason string `json:"reason" jsonschema:"description=what happened"`
}

// Filed is a claim with its id, which the bank pays once.
type Filed struct {
	ID    string `json:"id"`
	Claim Claim  `json:"claim"`
}

// Verdict is what a person decides.
type Verdict struct {
	Approved bool   `json:"approved"`
	By       string `json:"by"`
}

// Payment is a claim that was paid.
type Payment struct {
	Euros int    `json:"euros"`
	By    string `json:"by"` // who has decided
}

// What a claim waits for, and its steps.
var (
	verdict  = durable.NewAwakeable[Verdict]("verdict")
	askDesk  = durable.NewStep[restate.Void]("ask-desk")
	pay      = durable.NewStep[restate.Void]("pay")
	takeBack = durable.NewStep[restate.Void]("take-back")
)

// Claims is a service that settles claims.
type Claims struct {
	desk     *Desk
	bank     *Bank
	patience time.Duration
}

// NewClaims is the constructor of Claims.
func NewClaims(desk *Desk, bank *Bank, patience Patience) *Claims {
	return &Claims{desk, bank, time.Duration(patience)}
}

// Settle pays a claim, if a person approves it or the amount is small.
func (c *Claims) Settle(ctx restate.Context, in Filed) (Payment, error) {
	if in.Claim.Euros < 1 {
		return Payment{}, refuse(http.StatusBadRequest, "the amount must be positive")
	}
	decided := Verdict{Approved: true, By: "the agent"}
	if in.Claim.Euros > trusted {
		var err error
		if decided, err = c.decide(ctx, in); err != nil {
			return Payment{}, err
		}
	}
	if !decided.Approved {
		return Payment{}, refuse(http.StatusForbidden, decided.By+" has refused the claim")
	}
	err := durable.RunVoid(ctx, pay, func(ctx context.Context) error { return c.bank.Pay(ctx, in.ID, in.Claim.Euros) })
	return Payment{in.Claim.Euros, decided.By}, err
}

// decide asks a person. While it waits it needs no process, and the time also runs while
// none is there. If the time is over (408) or the claim is cancelled, the question is
// withdrawn.
func (c *Claims) decide(ctx restate.Context, in Filed) (Verdict, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (Verdict, error) {
		id, decided, err := verdict.New(ctx)
		if err != nil {
			return Verdict{}, err
		}
		undo.Step("withdraw", func(ctx restate.RunContext) error { return c.desk.Withdraw(ctx, id) })
		if err := durable.RunVoid(ctx, askDesk, func(ctx context.Context) error {
			return c.desk.Ask(ctx, id, in.Claim)
		}); err != nil {
			return Verdict{}, err
		}
		said, err := decided.OrTimeout(ctx, c.patience).Await(ctx)
		if durable.IsTimeout(err) {
			err = durable.NewTimeoutError("nobody has decided in time")
		}
		return said, err
	})
}

// TakeBack gives a payment back, if there was one. A payment with its id that comes later
// is refused.
func (c *Claims) TakeBack(ctx restate.Context, id string) error {
	return durable.RunVoid(ctx, takeBack, func(ctx context.Context) error { return c.bank.TakeBack(ctx, id) })
}
