// Command wrong_shape is compiled by a test of package ingress.
package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/ingress"
)

type Payments struct{}

func (*Payments) Charge(restate.Context, int) (string, error) { return "", nil }
func (*Payments) Notify(restate.Context, int) error           { return nil }
func (*Payments) Ping(restate.Context) (string, error)        { return "", nil }
func (*Payments) Touch(restate.Context) error                 { return nil }
func (*Payments) Pure(restate.Context) string                 { return "" }

var (
	ctx      = context.Background()
	payments ingress.Service[*Payments]
)

func main() {
	_, _ = ingress.Call(ctx, payments, (*Payments).Notify, 7)  // ERROR does not match inferred type // SEE CallVoid
	_, _ = ingress.Call(ctx, payments, (*Payments).Ping, 7)    // ERROR does not match inferred type // SEE Call0
	_ = ingress.CallVoid(ctx, payments, (*Payments).Charge, 7) // ERROR does not match inferred type // SEE Call
	_, _ = ingress.Call0(ctx, payments, (*Payments).Touch)     // ERROR does not match inferred type // SEE Call0Void
	_, _ = ingress.Call(ctx, payments, (*Payments).Pure, 7)    // ERROR does not match inferred type // SEE Named
	_, _ = ingress.Send(ctx, payments, (*Payments).Notify, 7)  // ERROR does not match inferred type // SEE SendVoid
	_, _ = ingress.Send0(ctx, payments, (*Payments).Charge)    // ERROR does not match inferred type // SEE Send
	_ = ingress.Lookup(payments, (*Payments).Ping)             // ERROR does not match inferred type // SEE Lookup0
	_ = ingress.Handler(payments, (*Payments).Touch, nil)      // ERROR does not match inferred type // SEE Handler0Void
}
