package rpc_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
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
	reports rpc.Service[*Reports]
}

var deskOrder = durable.NewStateKey[string]("order")

func NewDesk(reports rpc.Service[*Reports]) *Desk { return &Desk{reports} }

// Order keeps the id of what it sent.
func (d *Desk) Order(ctx restate.ObjectContext, about string) error {
	sent, err := rpc.Send(ctx, d.reports, (*Reports).Write, about)
	if err != nil {
		return err
	}
	id, err := sent.ID(ctx)
	if err != nil {
		return err
	}
	return deskOrder.Set(ctx, id)
}

// Fetch waits for the report.
func (d *Desk) Fetch(ctx restate.ObjectSharedContext) (string, error) {
	id, err := deskOrder.Get(ctx)
	if err != nil {
		return "", err
	}
	return rpc.HandleOf[string](id).Attach(ctx)
}

// Withdraw cancels it.
func (d *Desk) Withdraw(ctx restate.ObjectSharedContext) error {
	id, err := deskOrder.Get(ctx)
	if err != nil {
		return err
	}
	return rpc.HandleOf[string](id).Cancel(ctx)
}

func ExampleHandle() {
	client, stop := testkit.StartApp(
		fxrestate.Service[*Reports](func() *Reports { return &Reports{} }),
		fxrestate.Object[*Desk](NewDesk),
	)
	defer stop()
	ctx, desk := context.Background(), ingress.NewObject[*Desk](client).Key("ExampleHandle")

	_ = ingress.CallVoid(ctx, desk, (*Desk).Order, "tea")
	report, err := ingress.Call0(ctx, desk, (*Desk).Fetch)
	fmt.Println(report, err)

	_ = ingress.CallVoid(ctx, desk, (*Desk).Order, "everything")
	_ = ingress.Call0Void(ctx, desk, (*Desk).Withdraw)
	_, err = ingress.Call0(ctx, desk, (*Desk).Fetch)
	fmt.Println("cancelled:", durable.IsCancelled(err))
	// Output:
	// all about tea <nil>
	// cancelled: true
}
