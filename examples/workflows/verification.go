package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Patience is how a user is waited for.
type Patience struct {
	Remind time.Duration // how often the user is reminded
	GiveUp time.Duration // how long the user is waited for
}

// The state of a verification, the signal that it waits for, and its steps.
var (
	secret     = durable.NewStateKey[string]("secret")
	verified   = durable.NewPromiseKey[bool]("verified")
	makeSecret = durable.NewStep[string]("make-secret")
	ask        = durable.NewStep[restate.Void]("ask")
)

// Verification is a workflow that waits for a user to click a link in a mail.
type Verification struct {
	directory *Directory
	mailbox   *Mailbox
	secrets   Secrets
	patience  Patience
}

// NewVerification is the constructor of Verification.
func NewVerification(directory *Directory, mailbox *Mailbox, secrets Secrets, patience Patience) *Verification {
	return &Verification{directory, mailbox, secrets, patience}
}

// Run creates a user, asks for the verification, and returns how often the user was
// reminded of it. If the time is over (408) or the workflow is cancelled, the user is
// deleted.
func (v *Verification) Run(ctx restate.WorkflowContext, in User) (int, error) {
	id := restate.Key(ctx)
	// Made in a step: what comes of the ctx follows from the id of the invocation.
	code, err := makeSecret.Run(ctx, func(context.Context) (string, error) { return v.secrets(), nil })
	if err != nil {
		return 0, err
	}
	if err := secret.Set(ctx, code); err != nil {
		return 0, err
	}
	return durable.Saga(ctx, func(undo *durable.Compensations) (int, error) {
		undo.Step("delete", func(ctx restate.RunContext) error { return v.directory.Delete(ctx, id) })
		// A click that comes later is refused. If there was one already, this fails.
		undo.Call("close", func(restate.Context) error {
			_ = verified.Reject(ctx, undo.Cause())
			return nil
		})
		err := durable.RunVoid(ctx, createUser, func(ctx context.Context) error { return v.directory.Create(ctx, id, in) })
		if err != nil {
			return 0, err
		}
		if err := v.mail(ctx, Mail{id + "-verify", in, "please verify your address", code}); err != nil {
			return 0, err
		}
		return v.wait(ctx, in, code)
	})
}

// wait sends reminders until the user clicks or the time is over. All timers are durable:
// none begins anew after a crash.
func (v *Verification) wait(ctx restate.WorkflowContext, in User, code string) (int, error) {
	clicked := verified.Future(ctx).Void()
	tooLate := durable.After(ctx, v.patience.GiveUp)
	for reminders := 0; ; {
		first, err := durable.First(clicked, durable.After(ctx, v.patience.Remind), tooLate).Await(ctx)
		if err != nil {
			return reminders, err
		}
		switch first.Index {
		case 0:
			return reminders, nil
		case 1:
			reminders++
			id := fmt.Sprintf("%s-reminder-%d", restate.Key(ctx), reminders)
			if err := v.mail(ctx, Mail{id, in, "please do not forget", code}); err != nil {
				return reminders, err
			}
		default:
			late := durable.NewTimeoutError("nobody has verified the address")
			if clicked := verified.Reject(ctx, late); clicked != nil {
				return reminders, nil // at this moment
			}
			return reminders, late
		}
	}
}

func (v *Verification) mail(ctx restate.Context, m Mail) error {
	return durable.RunVoid(ctx, ask, func(ctx context.Context) error { return v.mailbox.Deliver(ctx, m) })
}

// Verify is the link in the mail. A wrong secret is refused (403), and the workflow goes
// on waiting. So is a click that comes too late, or a second one (409).
func (*Verification) Verify(ctx restate.WorkflowSharedContext, clicked string) error {
	code, err := secret.Get(ctx)
	switch {
	case err != nil:
		return err
	case code == "" || clicked != code:
		return refuse(http.StatusForbidden, "this is not the secret")
	}
	return verified.Resolve(ctx, true)
}
