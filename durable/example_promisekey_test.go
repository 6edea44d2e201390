package durable_test

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// leaveDecision is declared beside the handlers that use it.
var leaveDecision = durable.NewPromiseKey[string]("decision")

// Leave is a workflow that waits for somebody, but not for ever.
type Leave struct{}

func (*Leave) Run(ctx restate.WorkflowContext, patience time.Duration) (string, error) {
	decision, err := leaveDecision.Future(ctx).OrTimeout(ctx, patience).Await(ctx)
	if durable.IsTimeout(err) {
		if closed := leaveDecision.Reject(ctx, err); closed != nil {
			return leaveDecision.Result(ctx) // it came at this moment, and counts
		}
		return "nobody decided", nil // and a late decision is told so
	}
	return decision, err
}

func (*Leave) Decide(ctx restate.WorkflowSharedContext, decision string) error {
	return leaveDecision.Resolve(ctx, decision)
}

// Decided does not wait.
func (*Leave) Decided(ctx restate.WorkflowSharedContext) (bool, error) {
	_, ok, err := leaveDecision.Peek(ctx)
	return ok, err
}

func ExamplePromiseKey() {
	client, stop := testkit.StartApp(fxrestate.Workflow[*Leave](func() *Leave { return &Leave{} }))
	defer stop()
	ctx, leaves := context.Background(), ingress.NewWorkflow[*Leave](client)

	ada := leaves.ID("Ada")
	run, _ := ingress.Send(ctx, ada, (*Leave).Run, time.Hour)
	fmt.Println(ingress.Call0(ctx, ada, (*Leave).Decided))
	fmt.Println(ingress.CallVoid(ctx, ada, (*Leave).Decide, "granted"))
	fmt.Println(ingress.Call0(ctx, ada, (*Leave).Decided))
	fmt.Println(run.Attach(ctx))

	fmt.Println(ingress.Call(ctx, leaves.ID("Bea"), (*Leave).Run, 10*time.Millisecond))
	late := ingress.CallVoid(ctx, leaves.ID("Bea"), (*Leave).Decide, "granted")
	fmt.Println(restate.AsTerminalError(late).Code())
	// Output:
	// false <nil>
	// <nil>
	// true <nil>
	// granted <nil>
	// nobody decided <nil>
	// 409
}
