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
var errNoResponse = errors.New("the bank does not respond")

// Bank charges cards, once for each payment id. A real bank is another system.
type Bank struct {
	log *slog.Logger

	mu       sync.Mutex
	down     bool
	charged  map[string]int
	refunded map[string]bool
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank {
	return &Bank{log: log, charged: map[string]int{}, refunded: map[string]bool{}}
}

// Down is a switch: while the bank is down, it responds to no charge, although it makes
// those that it gets.
func (b *Bank) Down(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

// Charge charges a card. "Broke" has no money, and "Unlucky" gets no response to a first
// charge.
func (b *Bank) Charge(ctx context.Context, customer string, cents int, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, again := b.charged[id]
	switch {
	case customer == "Broke":
		return refuse(http.StatusPaymentRequired, "the card is declined")
	case b.refunded[id]:
		return refuse(http.StatusConflict, "the payment was refunded")
	}
	b.charged[id] = cents
	if b.down || customer == "Unlucky" && !again {
		return errNoResponse
	}
	b.log.InfoContext(ctx, "card charged", "customer", customer, "cents", cents)
	return nil
}

// Refund gives a payment back and reports whether there was one. A charge with its id
// that comes later is refused.
func (b *Bank) Refund(ctx context.Context, id string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, paid := b.charged[id]
	b.refunded[id] = true
	b.log.InfoContext(ctx, "card refunded", "paid", paid)
	return paid, nil
}

// Balance returns the sum of what was charged and not refunded, in cents.
func (b *Bank) Balance() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := 0
	for id, cents := range b.charged {
		if !b.refunded[id] {
			sum += cents
		}
	}
	return sum
}

// Post delivers mails, once for each id. A real post is another system.
type Post struct {
	log *slog.Logger

	mu    sync.Mutex
	mails map[string]Mail
}

// NewPost is the constructor of Post.
func NewPost(log *slog.Logger) *Post { return &Post{log: log, mails: map[string]Mail{}} }

// Deliver delivers a mail.
func (p *Post) Deliver(ctx context.Context, m Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails[m.ID] = m
	p.log.InfoContext(ctx, "mail delivered", "to", m.To, "text", m.Text)
	return nil
}

// Texts returns the mails of a customer in alphabetical order.
func (p *Post) Texts(to string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	texts := []string{}
	for m := range maps.Values(p.mails) {
		if m.To == to {
			texts = append(texts, m.Text)
		}
	}
	slices.Sort(texts)
	return texts
}
