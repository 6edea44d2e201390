package rpc_test

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Mails are sent on their own.
type Mails struct{}

func (*Mails) Welcome(_ restate.Context, to string) (string, error) { return "welcome " + to, nil }

func (*Mails) Remind(_ restate.Context, to string) error {
	fmt.Println("remember,", to)
	return nil
}

// Accounts does not wait for the mails that it has sent.
type Accounts struct {
	mails rpc.Service[*Mails]
}

func NewAccounts(mails rpc.Service[*Mails]) *Accounts { return &Accounts{mails} }

// Create returns the id of the delayed invocation.
func (a *Accounts) Create(ctx restate.Context, user string) (string, error) {
	// However often it is sent, it is one invocation.
	if _, err := rpc.Send(ctx, a.mails, (*Mails).Welcome, user, restate.WithIdempotencyKey("welcome-"+user)); err != nil {
		return "", err
	}
	// Restate waits, and not this handler.
	reminder, err := rpc.SendVoid(ctx, a.mails, (*Mails).Remind, user, restate.WithDelay(50*time.Millisecond))
	if err != nil {
		return "", err
	}
	return reminder.ID(ctx)
}

func ExampleSend() {
	client, stop := testkit.StartApp(
		fxrestate.Service[*Mails](func() *Mails { return &Mails{} }),
		fxrestate.Service[*Accounts](NewAccounts),
	)
	defer stop()
	ctx := context.Background()

	id, err := ingress.Call(ctx, ingress.NewService[*Accounts](client), (*Accounts).Create, "Ada")
	fmt.Println("created", err)
	_, err = ingress.HandleOf[restate.Void](client, id).Attach(ctx)
	fmt.Println("reminded", err)
	// Unordered output:
	// created <nil>
	// remember, Ada
	// reminded <nil>
}
