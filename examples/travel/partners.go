package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
)

// ledger holds the amounts of a partner by id. Real partners are other systems.
type ledger struct {
	mu      sync.Mutex
	entries map[string]int
}

func (l *ledger) put(id string, amount int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[string]int{}
	}
	l.entries[id] = amount
}

func (l *ledger) remove(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, id)
}

// Entries returns the booked amounts.
func (l *ledger) Entries() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.entries)
}

// Hotels books rooms. The caller chooses the id: the same id is the same room.
type Hotels struct {
	ledger

	log *slog.Logger
}

// NewHotels is the constructor of Hotels.
func NewHotels(log *slog.Logger) *Hotels { return &Hotels{log: log} }

// Book books a room. The Grand is full.
func (h *Hotels) Book(ctx context.Context, hotel, id string) error {
	if hotel == "Grand" {
		return refuse("the hotel is full")
	}
	h.put(id, 1)
	h.log.InfoContext(ctx, "room booked", "hotel", hotel)
	return nil
}

// Cancel releases a room, if it was booked.
func (h *Hotels) Cancel(ctx context.Context, hotel, id string) error {
	h.remove(id)
	h.log.InfoContext(ctx, "room cancelled", "hotel", hotel)
	return nil
}

// Bank takes payments. The caller chooses the id: the same id is the same payment.
type Bank struct {
	ledger

	log *slog.Logger
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank { return &Bank{log: log} }

// limit is the limit of one payment, in cents.
const limit = 100_000

// errUnreachable is not terminal: the step is retried.
var errUnreachable = errors.New("the bank does not respond")

// Charge takes a payment. The first charge of "Unlucky" gets no response.
func (b *Bank) Charge(ctx context.Context, customer string, cents int, id string) error {
	_, again := b.Entries()[id]
	if cents > limit {
		return refuse("the card is declined")
	}
	b.put(id, cents)
	b.log.InfoContext(ctx, "card charged", "customer", customer, "cents", cents)
	if customer == "Unlucky" && !again {
		return errUnreachable
	}
	return nil
}

// Refund returns a payment, if there was one.
func (b *Bank) Refund(ctx context.Context, id string) error {
	b.remove(id)
	b.log.InfoContext(ctx, "card refunded")
	return nil
}
