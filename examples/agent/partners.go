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

// Sky is the [Station] of this program.
type Sky struct {
	mu    sync.Mutex
	reads map[string]int
}

// NewSky is the constructor of Sky.
func NewSky() *Sky { return &Sky{reads: map[string]int{}} }

// Read returns the weather. The station of Denver is down at first, and nobody knows
// where Atlantis is.
func (s *Sky) Read(_ context.Context, city string) (Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[city]++
	switch {
	case city == "Atlantis":
		return Report{}, refuse(http.StatusNotFound, "there is no such city")
	case city == "Denver" && s.reads[city] < 3:
		return Report{}, errNoResponse
	}
	return Report{City: city, Sky: "sunny", Celsius: 10 + len(city)}, nil
}

// Bank pays, once for each id. A real bank is another system.
type Bank struct {
	log *slog.Logger

	mu     sync.Mutex
	paid   map[string]int
	closed map[string]int // taken back
}

// NewBank is the constructor of Bank.
func NewBank(log *slog.Logger) *Bank {
	return &Bank{log: log, paid: map[string]int{}, closed: map[string]int{}}
}

// Pay pays.
func (b *Bank) Pay(ctx context.Context, id string, euros int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, late := b.closed[id]; late {
		return refuse(http.StatusConflict, "the payment was taken back")
	}
	b.paid[id] = euros
	b.log.InfoContext(ctx, "paid", "euros", euros)
	return nil
}

// TakeBack takes a payment back, if there was one, and refuses it if it comes later.
func (b *Bank) TakeBack(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed[id] += b.paid[id]
	b.log.InfoContext(ctx, "taken back", "euros", b.paid[id])
	delete(b.paid, id)
	return nil
}

// Paid returns the payments, the smallest first.
func (b *Bank) Paid() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Values(b.paid))
}

// TakenBack returns the sum of what was taken back.
func (b *Bank) TakenBack() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := 0
	for euros := range maps.Values(b.closed) {
		sum += euros
	}
	return sum
}

// Desk is where people decide on claims. A real one is a web page.
type Desk struct {
	log *slog.Logger

	mu        sync.Mutex
	waits     map[string]Claim
	withdrawn map[string]bool
}

// NewDesk is the constructor of Desk.
func NewDesk(log *slog.Logger) *Desk {
	return &Desk{log: log, waits: map[string]Claim{}, withdrawn: map[string]bool{}}
}

// Ask puts a question on the desk. id is the awakeable that the verdict resolves.
func (d *Desk) Ask(ctx context.Context, id string, claim Claim) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.withdrawn[id] {
		return refuse(http.StatusConflict, "the question was withdrawn")
	}
	d.waits[id] = claim
	d.log.InfoContext(ctx, "decide on a claim", "euros", claim.Euros, "reason", claim.Reason,
		"by", "POST /restate/awakeables/"+id+"/resolve", "with", `{"approved":true,"by":"Ada"}`)
	return nil
}

// Withdraw takes a question off the desk, and refuses it if it comes later.
func (d *Desk) Withdraw(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.waits, id)
	d.withdrawn[id] = true
	return nil
}

// Questions returns the ids of the questions on the desk.
func (d *Desk) Questions() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.waits))
}
