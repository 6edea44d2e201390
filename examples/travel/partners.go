package main

import (
	"errors"
	"log/slog"
	"maps"
	"sync"
)

// ledger is what a partner keeps: amounts by id. Real partners are elsewhere.
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

// Entries returns what is booked.
func (l *ledger) Entries() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.entries)
}

// Hotels books rooms under an id of the caller's: the same id is the same room.
type Hotels struct {
	ledger

	log *slog.Logger
}

// NewHotels is the constructor of Hotels.
func NewHotels(log *slog.Logger) *Hotels { return &Hotels{log: log} }

// Book books a room. The Grand has none.
func (h *Hotels) Book(hotel, id string) error {
	if hotel == "Grand" {
		return refuse("the hotel is full")
	}
	h.put(id, 1)
	h.log.Info("room booked", "hotel", hotel)
	return nil
}

// Cancel gives a room back, if it was booked.
func (h *Hotels) Cancel(hotel, id string) error {
	h.remove(id)
	h.log.Info("room cancelled", "hotel", hotel)
	return nil
}

// Bank takes payments under an id of the caller's: the same id is the same
// payment.
type Bank struct {
	ledger

	log *slog.Logger
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank { return &Bank{log: log} }

// limit is what the bank lends, in cents.
const limit = 100_000

// errUnreachable is no refusal: the step is tried again.
var errUnreachable = errors.New("the bank does not answer")

// Charge takes a payment. A first charge for "Unlucky" gets no answer.
func (b *Bank) Charge(customer string, cents int, id string) error {
	_, again := b.Entries()[id]
	if cents > limit {
		return refuse("the card is declined")
	}
	b.put(id, cents)
	b.log.Info("card charged", "customer", customer, "cents", cents)
	if customer == "Unlucky" && !again {
		return errUnreachable
	}
	return nil
}

// Refund gives a payment back, if there was one.
func (b *Bank) Refund(id string) error {
	b.remove(id)
	b.log.Info("card refunded")
	return nil
}
