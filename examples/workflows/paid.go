package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// buyPlan is a step of PaidSignup.
var buyPlan = durable.NewStep[restate.Void]("subscribe")

// PaidSignup is a workflow that signs a user up for the paid plan, or not at all.
type PaidSignup struct {
	directory *Directory
	plans     *Plans
	users     UsersClient
}

// NewPaidSignup is the constructor of PaidSignup.
func NewPaidSignup(directory *Directory, plans *Plans, users UsersClient) *PaidSignup {
	return &PaidSignup{directory, plans, users}
}

// Run creates the user, activates it, and subscribes it to the plan. If one of them is
// refused, or the workflow is cancelled, those before it are undone in reverse order.
func (p *PaidSignup) Run(ctx restate.WorkflowContext, in User) error {
	id := restate.Key(ctx)
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("delete", func(ctx restate.RunContext) error { return p.directory.Delete(ctx, id) })
		err := durable.RunVoid(ctx, createUser, func(ctx context.Context) error { return p.directory.Create(ctx, id, in) })
		if err != nil {
			return err
		}
		undo.Call("deactivate", func(ctx restate.Context) error { return p.users.Deactivate(ctx, id) })
		if err := p.users.Activate(ctx, id); err != nil {
			return err
		}
		undo.Step("unsubscribe", func(ctx restate.RunContext) error { return p.plans.Unsubscribe(ctx, id) })
		return durable.RunVoid(ctx, buyPlan, func(ctx context.Context) error { return p.plans.Subscribe(ctx, id, in) })
	})
}
