package payments

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"

	"github.com/fxrestate/go/examples/shop/problem"
)

// The errors of the bank. The first is final, the second is retried.
var (
	errDeclined = errors.New("the card is declined")
	errBusy     = errors.New("the bank does not respond")
)

// Bank charges cards. A real one is another system.
type Bank struct {
	log *slog.Logger

	mu     sync.Mutex
	known  map[string]int  // what was charged by the id of the transaction
	closed map[string]bool // ids that may not be charged any more
	busy   map[string]bool
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank {
	return &Bank{log: log, known: map[string]int{}, closed: map[string]bool{}, busy: map[string]bool{}}
}

// Charge charges a card once for an id, unless the id has been refunded. "broke" has no
// money, and the first response to "unlucky" gets lost.
func (b *Bank) Charge(ctx context.Context, id string, in Charge) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case in.Customer == "broke":
		return errDeclined
	case b.closed[id]:
		return problem.Conflict("the transaction was refunded")
	}
	if _, done := b.known[id]; !done {
		b.known[id] = in.Amount
		b.log.InfoContext(ctx, "card charged", "customer", in.Customer, "amount", in.Amount)
	}
	if in.Customer == "unlucky" && !b.busy[id] {
		b.busy[id] = true
		return errBusy
	}
	return nil
}

// Refund gives the money of a transaction back, once. A charge with that id that comes
// later is refused: it may be on its way, when an order is cancelled.
func (b *Bank) Refund(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed[id] = true
	amount, done := b.known[id]
	if !done {
		return problem.NotFound("transaction", id)
	}
	if amount > 0 {
		b.known[id] = 0
		b.log.InfoContext(ctx, "money returned", "amount", amount)
	}
	return nil
}

// Taken returns what was charged and not returned, by the id of the transaction.
func (b *Bank) Taken() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.known)
}
