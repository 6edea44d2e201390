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

// records are what a partner has by id. Real partners are other systems.
type records[T any] struct {
	log *slog.Logger

	mu   sync.Mutex
	byID map[string]T
}

func newRecords[T any](log *slog.Logger) *records[T] {
	return &records[T]{log: log, byID: map[string]T{}}
}

func (r *records[T]) put(ctx context.Context, id string, value T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID[id] = value
	r.log.InfoContext(ctx, "stored", "id", id, "what", value)
}

func (r *records[T]) remove(ctx context.Context, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
	r.log.InfoContext(ctx, "removed", "id", id)
}

// All returns the records by id.
func (r *records[T]) All() map[string]T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.byID)
}

// Directory has the users, and whether they are active.
type Directory struct{ *records[bool] }

// NewDirectory is the constructor of Directory.
func NewDirectory(log *slog.Logger) *Directory { return &Directory{newRecords[bool](log)} }

// Create creates a user who is not active. The address taken@mail.com has a user already.
func (d *Directory) Create(ctx context.Context, id string, u User) error {
	if u.Email == "taken@mail.com" {
		return refuse(http.StatusConflict, "the address is taken")
	}
	d.put(ctx, id, false)
	return nil
}

// SetActive activates or deactivates a user, if there is one.
func (d *Directory) SetActive(ctx context.Context, id string, active bool) error {
	if _, ok := d.All()[id]; ok {
		d.put(ctx, id, active)
	}
	return nil
}

// Delete deletes a user, if there is one. One that is active cannot be deleted.
func (d *Directory) Delete(ctx context.Context, id string) error {
	if d.All()[id] {
		return refuse(http.StatusConflict, "the user is active")
	}
	d.remove(ctx, id)
	return nil
}

// errNoResponse is not terminal: the step is retried.
var errNoResponse = errors.New("the mail server does not respond")

// Mail is a mail to a user.
type Mail struct {
	ID     string // a mail with the same id is the same mail
	To     User
	Text   string
	Secret string // of the link, if there is one
}

// Mailbox delivers mails.
type Mailbox struct {
	*records[Mail]

	mu      sync.Mutex
	refused int
}

// NewMailbox is the constructor of Mailbox.
func NewMailbox(log *slog.Logger) *Mailbox { return &Mailbox{records: newRecords[Mail](log)} }

// Deliver delivers a mail. Those to Alice get no response.
func (m *Mailbox) Deliver(ctx context.Context, mail Mail) error {
	if mail.To.Name == "Alice" {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.refused++
		return errNoResponse
	}
	m.put(ctx, mail.ID, mail)
	return nil
}

// IDs returns the ids of the mails in alphabetical order.
func (m *Mailbox) IDs() []string { return slices.Sorted(maps.Keys(m.All())) }

// Refused returns how many mails got no response.
func (m *Mailbox) Refused() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused
}

// Secret returns the secret that was sent for a workflow, or "".
func (m *Mailbox) Secret(id string) string { return m.All()[id+"-verify"].Secret }

// Plans has those who pay.
type Plans struct{ *records[User] }

// NewPlans is the constructor of Plans.
func NewPlans(log *slog.Logger) *Plans { return &Plans{newRecords[User](log)} }

// Subscribe subscribes a user. Alice cannot have the plan.
func (p *Plans) Subscribe(ctx context.Context, id string, u User) error {
	if u.Name == "Alice" {
		return refuse(http.StatusPaymentRequired, "the plan is not available")
	}
	p.put(ctx, id, u)
	return nil
}

// Unsubscribe ends a subscription, if there is one.
func (p *Plans) Unsubscribe(ctx context.Context, id string) error {
	p.remove(ctx, id)
	return nil
}
