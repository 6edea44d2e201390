package main

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Greeting is whom to greet.
type Greeting struct {
	Name string `json:"name"`
}

// The mails of a greeting. A step that fails is tried again, until it succeeds.
var (
	notify = durable.NewStep[restate.Void]("notify")
	remind = durable.NewStep[restate.Void]("remind")
)

// Greeter is a service: any number of its invocations run at once.
type Greeter struct{ mailbox *Mailbox }

// NewGreeter is the constructor of Greeter.
func NewGreeter(mailbox *Mailbox) *Greeter { return &Greeter{mailbox} }

// Greet sends a mail, waits for a second, and sends a reminder.
func (g *Greeter) Greet(ctx restate.Context, in Greeting) (string, error) {
	id := restate.UUID(ctx).String() // the same in each attempt
	err := durable.RunVoid(ctx, notify, func(ctx context.Context) error {
		return g.mailbox.Deliver(ctx, id+"-greeting", "hi "+in.Name)
	})
	if err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, time.Second); err != nil {
		return "", err
	}
	err = durable.RunVoid(ctx, remind, func(ctx context.Context) error {
		return g.mailbox.Deliver(ctx, id+"-reminder", "remember, "+in.Name)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("You said hi to %s!", in.Name), nil
}
