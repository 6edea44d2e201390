// Package customers has who signed up, and the points that they earn. Both are in the
// database, where many writers change one row.
package customers

import (
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

// Award is what an order earns.
type Award struct {
	Email  string `json:"email"`
	Points int    `json:"points"`
}

// Points is a service that adds points exactly once.
type Points struct {
	ledger *Ledger
	self   rpc.Service[*Points]
}

// NewPoints is the constructor of Points.
func NewPoints(ledger *Ledger, self rpc.Service[*Points]) *Points { return &Points{ledger, self} }

// remembered is how long a token is kept: longer than an invocation is retried.
const remembered = 24 * time.Hour

// The steps of the service.
var (
	add    = durable.NewStep[restate.Void]("add")
	forget = durable.NewStep[restate.Void]("forget")
	count  = durable.NewStep[int]("count")
)

// Earn adds points. An update such as points = points + 1 must not run twice, but a step
// does, if the process dies before its result is journaled. So each invocation has a token,
// the same in all of its attempts, that the database has seen or not. The message that
// removes it is sent first: it cannot be lost.
func (p *Points) Earn(ctx restate.Context, in Award) error {
	token := restate.UUID(ctx).String()
	if _, err := rpc.SendVoid(ctx, p.self, (*Points).Forget, token, restate.WithDelay(remembered)); err != nil {
		return err
	}
	return durable.RunVoid(ctx, add, func(ctx context.Context) error {
		return p.ledger.Add(ctx, token, in.Email, in.Points)
	})
}

// Forget removes a token that cannot come again.
func (p *Points) Forget(ctx restate.Context, token string) error {
	return durable.RunVoid(ctx, forget, func(ctx context.Context) error { return p.ledger.Forget(ctx, token) })
}

// Who names a customer.
type Who struct {
	Email string `json:"email" path:"email"`
}

// Count returns how many points a customer has. The read is journaled: whatever a handler
// decides by it is decided in the same way on a retry.
func (p *Points) Count(ctx restate.Context, in Who) (int, error) {
	return count.Run(ctx, func(ctx context.Context) (int, error) { return p.ledger.Points(ctx, in.Email) })
}
