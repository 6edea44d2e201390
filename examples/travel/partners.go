package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
)

// errUnreachable is not terminal: the step is retried.
var errUnreachable = errors.New("there is no response")

// ledger holds the amounts of a partner by id. The caller chooses the id: the same id is
// the same booking. Real partners are other systems.
type ledger struct {
	log *slog.Logger

	mu      sync.Mutex
	entries map[string]int
	removed map[string]int // how often
}

func newLedger(log *slog.Logger) *ledger {
	return &ledger{log: log, entries: map[string]int{}, removed: map[string]int{}}
}

// put makes a booking and reports whether it is new. What was removed before is refused: a
// request that was under way may come after its cancellation.
func (l *ledger) put(id string, amount int) (isNew bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removed[id] > 0 {
		return false, refuse("it was cancelled before")
	}
	_, again := l.entries[id]
	l.entries[id] = amount
	return !again, nil
}

// remove undoes a booking, if there is one, and returns how often it was called for it.
func (l *ledger) remove(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, id)
	l.removed[id]++
	return l.removed[id]
}

// Entries returns the booked amounts.
func (l *ledger) Entries() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.entries)
}

// Hotels books rooms.
type Hotels struct{ *ledger }

// NewHotels is the constructor of Hotels.
func NewHotels(log *slog.Logger) *Hotels { return &Hotels{newLedger(log)} }

// Book books a room. The Grand is full.
func (h *Hotels) Book(ctx context.Context, hotel, id string) error {
	if hotel == "Grand" {
		return refuse("the hotel is full")
	}
	if _, err := h.put(id, 1); err != nil {
		return err
	}
	h.log.InfoContext(ctx, "room booked", "hotel", hotel)
	return nil
}

// Cancel releases a room, if it was booked. The Ritz gives no response to a first
// cancellation, and the Bates keeps its guests.
func (h *Hotels) Cancel(ctx context.Context, hotel, id string) error {
	if hotel == "Bates" {
		return refuse("the Bates keeps its guests")
	}
	if h.remove(id) == 1 && hotel == "Ritz" {
		return errUnreachable
	}
	h.log.InfoContext(ctx, "room cancelled", "hotel", hotel)
	return nil
}

// Garage has the cars.
type Garage struct{ *ledger }

// NewGarage is the constructor of Garage.
func NewGarage(log *slog.Logger) *Garage { return &Garage{newLedger(log)} }

// Rent hands a car out.
func (g *Garage) Rent(ctx context.Context, car, id string) error {
	if _, err := g.put(id, 1); err != nil {
		return err
	}
	g.log.InfoContext(ctx, "car rented", "car", car)
	return nil
}

// Return takes a car back, if it was rented.
func (g *Garage) Return(ctx context.Context, id string) error {
	g.remove(id)
	g.log.InfoContext(ctx, "car returned")
	return nil
}

// Bank takes payments.
type Bank struct{ *ledger }

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank { return &Bank{newLedger(log)} }

// limit is the limit of one payment, in cents.
const limit = 100_000

// Charge takes a payment. The first charge of "Unlucky" gets no response.
func (b *Bank) Charge(ctx context.Context, customer string, cents int, id string) error {
	if cents > limit {
		return refuse("the card is declined")
	}
	isNew, err := b.put(id, cents)
	if err != nil {
		return err
	}
	b.log.InfoContext(ctx, "card charged", "customer", customer, "cents", cents)
	if customer == "Unlucky" && isNew {
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
