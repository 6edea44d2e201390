// Package signups makes customers of those who have the mailbox that they name.
package signups

import (
	"context"
	"crypto/rand"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/problem"
	"github.com/fxrestate/go/rpc"
)

// Form is the input of a signup.
type Form struct {
	Name  string `json:"name" validate:"required"`
	Email string `json:"email" validate:"required,email"`
}

// Signup is a workflow: it runs once for each id.
type Signup struct {
	mailer        *notifications.Mailer
	ledger        *customers.Ledger
	notifications rpc.Service[*notifications.Service]
}

// NewSignup is the constructor of Signup.
func NewSignup(m *notifications.Mailer, l *customers.Ledger, n rpc.Service[*notifications.Service]) *Signup {
	return &Signup{m, l, n}
}

// The parts of a signup: how far it is, the code that it waits for, and its steps.
var (
	status    = durable.NewStateKey[string]("status") // "pending", "verified", "refused"
	submitted = durable.NewPromiseKey[string]("submitted")
	makeCode  = durable.NewStep[string]("make-code")
	sendCode  = durable.NewStep[restate.Void]("send-code")
	activate  = durable.NewStep[restate.Void]("activate")
)

// Run sends a code, waits until somebody submits one, and activates the customer if it is
// the same.
func (s *Signup) Run(ctx restate.WorkflowContext, in Form) (string, error) {
	if err := status.Set(ctx, "pending"); err != nil {
		return "", err
	}
	// Made in a step: what comes of the ctx follows from the id of the invocation.
	code, err := makeCode.Run(ctx, func(context.Context) (string, error) { return rand.Text()[:6], nil })
	if err != nil {
		return "", err
	}
	id := restate.UUID(ctx).String() // the same on every attempt
	err = durable.RunVoid(ctx, sendCode, func(ctx context.Context) error {
		return s.mailer.Deliver(ctx, id, notifications.Mail{To: in.Email, Text: "Your code: " + code})
	})
	if err != nil {
		return "", err
	}

	// Suspends, for a minute or a week: nothing runs meanwhile.
	got, err := submitted.Result(ctx)
	if err != nil {
		return "", err
	}
	if got != code {
		if err := status.Set(ctx, "refused"); err != nil {
			return "", err
		}
		return "", problem.Invalid("the code is wrong")
	}

	err = durable.RunVoid(ctx, activate, func(ctx context.Context) error { return s.ledger.Open(ctx, in.Email) })
	if err != nil {
		return "", err
	}
	welcome := notifications.Welcome{Email: in.Email, Name: in.Name}
	if _, err := rpc.SendVoid(ctx, s.notifications, (*notifications.Service).SendWelcome, welcome); err != nil {
		return "", err
	}
	return "verified", status.Set(ctx, "verified")
}

// Code is what a customer found in the mail.
type Code struct {
	Code string `json:"code"`
}

// Confirm submits the code. There is one try.
func (*Signup) Confirm(ctx restate.WorkflowSharedContext, in Code) error {
	return submitted.Resolve(ctx, in.Code)
}

// Status returns how far the signup is, while it runs and afterwards.
func (*Signup) Status(ctx restate.WorkflowSharedContext) (string, error) {
	now, known, err := status.Lookup(ctx)
	if err == nil && !known {
		err = problem.NotFound("signup", restate.Key(ctx))
	}
	return now, err
}
