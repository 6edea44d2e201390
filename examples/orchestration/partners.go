package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// errNoResponse is not terminal: the step is retried.
var errNoResponse = errors.New("there is no response")

// records are what a partner has by id. Real partners are other systems.
type records struct {
	log *slog.Logger

	mu      sync.Mutex
	byID    map[string]string
	removed map[string]bool
	tries   map[string]int
}

func newRecords(log *slog.Logger) *records {
	return &records{log: log, byID: map[string]string{}, removed: map[string]bool{}, tries: map[string]int{}}
}

// try counts the attempts for an id.
func (r *records) try(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries[id]++
	return r.tries[id]
}

// put creates a record. One that was removed before is refused: a request that was under
// way may come after its cancellation.
func (r *records) put(ctx context.Context, id, value string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.removed[id] {
		return refuse(http.StatusConflict, "it was removed before")
	}
	r.byID[id] = value
	r.log.InfoContext(ctx, "created", "id", id, "what", value)
	return nil
}

func (r *records) remove(ctx context.Context, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
	r.removed[id] = true
	r.log.InfoContext(ctx, "removed", "id", id)
}

// All returns the records in alphabetical order.
func (r *records) All() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, slices.Sorted(maps.Values(r.byID))...)
}

// Tries returns how often a partner was asked for something that has an id.
func (r *records) Tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := 0
	for n := range maps.Values(r.tries) {
		sum += n
	}
	return sum
}

// Billing has the recurring payments, by ids of their callers.
type Billing struct{ *records }

// NewBilling is the constructor of Billing.
func NewBilling(log *slog.Logger) *Billing { return &Billing{newRecords(log)} }

// Create begins a recurring payment. The card "0000" never gets a response.
func (b *Billing) Create(ctx context.Context, card, id string) error {
	if b.try(id); card == "0000" {
		return errNoResponse
	}
	return b.put(ctx, id, card)
}

// Remove ends a recurring payment, if there is one.
func (b *Billing) Remove(ctx context.Context, id string) error {
	b.remove(ctx, id)
	return nil
}

// Streaming has the subscriptions, by service and payment.
type Streaming struct{ *records }

// NewStreaming is the constructor of Streaming.
func NewStreaming(log *slog.Logger) *Streaming { return &Streaming{newRecords(log)} }

// Create subscribes to a service. Netflix does not respond to the first two requests,
// and Disney is not for sale.
func (s *Streaming) Create(ctx context.Context, service, payment string) error {
	id := payment + "/" + service
	tries := s.try(id)
	switch {
	case service == "Netflix" && tries < 3:
		return errNoResponse
	case service == "Disney":
		return refuse(http.StatusConflict, "Disney is not for sale")
	}
	return s.put(ctx, id, service)
}

// Remove ends a subscription, if there is one.
func (s *Streaming) Remove(ctx context.Context, service, payment string) error {
	s.remove(ctx, payment+"/"+service)
	return nil
}

// Provider takes payments that it confirms later: somebody has to approve them.
type Provider struct {
	*records

	mu    sync.Mutex
	waits map[string]string
}

// NewProvider is the constructor of Provider.
func NewProvider(log *slog.Logger) *Provider {
	return &Provider{records: newRecords(log), waits: map[string]string{}}
}

// Initiate begins a payment.
func (p *Provider) Initiate(ctx context.Context, in Payment, id, confirmation string) error {
	if err := p.put(ctx, id, in.Order); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits[in.Order] = confirmation
	p.log.InfoContext(ctx, "confirm the payment by /payments/Confirm", "order", in.Order, "id", confirmation)
	return nil
}

// Withdraw ends a payment, if there is one.
func (p *Provider) Withdraw(ctx context.Context, id string) error {
	p.remove(ctx, id)
	return nil
}

// Waits returns what the payment of an order is confirmed by, and "" before it was
// initiated.
func (p *Provider) Waits(order string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waits[order]
}

// Post delivers mails.
type Post struct{ *records }

// NewPost is the constructor of Post.
func NewPost(log *slog.Logger) *Post { return &Post{newRecords(log)} }

// Deliver delivers a mail.
func (p *Post) Deliver(ctx context.Context, m Mail) error {
	return p.put(ctx, m.ID, m.To+": "+m.Text)
}
