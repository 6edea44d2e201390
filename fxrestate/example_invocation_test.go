package fxrestate_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// Reports take their time.
type Reports struct{}

func (*Reports) Write(ctx restate.Context, about string) (string, error) {
	if about == "everything" {
		return restate.Awakeable[string](ctx).Result() // never comes
	}
	return "all about " + about, nil
}

// Desk orders one report at a time.
type Desk struct {
	reports fxrestate.ServiceClient[*Reports]
}

var deskOrder = fxrestate.NewStateKey[string]("order")

func NewDesk(reports fxrestate.ServiceClient[*Reports]) *Desk { return &Desk{reports} }

// Order keeps the id of what it sent.
func (d *Desk) Order(ctx restate.ObjectContext, about string) error {
	sent, err := fxrestate.Send(ctx, d.reports, (*Reports).Write, about)
	if err != nil {
		return err
	}
	return deskOrder.Set(ctx, sent.ID())
}

// Fetch waits for the report.
func (d *Desk) Fetch(ctx restate.ObjectSharedContext) (string, error) {
	id, err := deskOrder.Get(ctx)
	if err != nil {
		return "", err
	}
	return fxrestate.InvocationByID[string](id).Attach(ctx)
}

// Withdraw cancels it.
func (d *Desk) Withdraw(ctx restate.ObjectSharedContext) error {
	id, err := deskOrder.Get(ctx)
	if err != nil {
		return err
	}
	return fxrestate.InvocationByID[string](id).Cancel(ctx)
}

func ExampleInvocation() {
	client, stop := startExample(
		fxrestate.Service[*Reports](func() *Reports { return &Reports{} }),
		fxrestate.Object[*Desk](NewDesk),
	)
	defer stop()
	ctx, desk := context.Background(), ingress.Object[*Desk](client).Key("ExampleInvocation")

	_ = ingress.CallVoid(ctx, desk, (*Desk).Order, "tea")
	report, err := ingress.Call0(ctx, desk, (*Desk).Fetch)
	fmt.Println(report, err)

	_ = ingress.CallVoid(ctx, desk, (*Desk).Order, "everything")
	_ = ingress.Call0Void(ctx, desk, (*Desk).Withdraw)
	_, err = ingress.Call0(ctx, desk, (*Desk).Fetch)
	fmt.Println("cancelled:", fxrestate.IsCancelled(err))
	// Output:
	// all about tea <nil>
	// cancelled: true
}
