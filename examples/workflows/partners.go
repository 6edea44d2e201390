package main

import (
	"context"
	"crypto/rand"
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

	mu      sync.Mutex
	byID    map[string]T
	removed map[string]bool
}

func newRecords[T any](log *slog.Logger) *records[T] {
	return &records[T]{log: log, byID: map[string]T{}, removed: map[string]bool{}}
}

// put stores a record. One that was removed before is refused: a request that was under
// way may come after its cancellation.
func (r *records[T]) put(ctx context.Context, id string, value T) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.removed[id] {
		return refuse(http.StatusConflict, "it was removed before")
	}
	r.byID[id] = value
	r.log.InfoContext(ctx, "stored", "id", id, "what", value)
	return nil
}

func (r *records[T]) remove(ctx context.Context, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
	r.removed[id] = true
	r.log.InfoContext(ctx, "removed", "id", id)
}

// All returns the records by id.
func (r *records[T]) All() map[string]T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.byID)
}

// Directory has the users, and whether they are active.
type Directory struct {
	*records[bool]

	mu          sync.Mutex
	deactivated map[string]bool
}

// NewDirectory is the constructor of Directory.
func NewDirectory(log *slog.Logger) *Directory {
	return &Directory{records: newRecords[bool](log), deactivated: map[string]bool{}}
}

// Create creates a user who is not active, once for each id. The address taken@mail.com has
// a user already.
func (d *Directory) Create(ctx context.Context, id string, u User) error {
	if u.Email == "taken@mail.com" {
		return refuse(http.StatusConflict, "the address is taken")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.All()[id]; ok {
		return nil
	}
	return d.put(ctx, id, false)
}

// SetActive activates or deactivates a user, if there is one. Who was deactivated stays so:
// an activation that was under way may come after that.
func (d *Directory) SetActive(ctx context.Context, id string, active bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if active && d.deactivated[id] {
		return refuse(http.StatusConflict, "the user was deactivated before")
	}
	d.deactivated[id] = !active
	if _, ok := d.All()[id]; ok {
		return d.put(ctx, id, active)
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
	return m.put(ctx, mail.ID, mail)
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

// Secrets makes what nobody can guess.
type Secrets func() string

// NewSecrets is the constructor of Secrets.
func NewSecrets() Secrets { return rand.Text }

// Plans has those who pay.
type Plans struct{ *records[User] }

// NewPlans is the constructor of Plans.
func NewPlans(log *slog.Logger) *Plans { return &Plans{newRecords[User](log)} }

// Subscribe subscribes a user. Alice cannot have the plan.
func (p *Plans) Subscribe(ctx context.Context, id string, u User) error {
	if u.Name == "Alice" {
		return refuse(http.StatusPaymentRequired, "the plan is not available")
	}
	return p.put(ctx, id, u)
}

// Unsubscribe ends a subscription, if there is one.
func (p *Plans) Unsubscribe(ctx context.Context, id string) error {
	p.remove(ctx, id)
	return nil
}
