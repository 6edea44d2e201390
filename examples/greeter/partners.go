package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Mailbox stands for a mail provider, which delivers an id once.
type Mailbox struct {
	log *slog.Logger

	mu        sync.Mutex
	tried     map[string]int
	delivered map[string]string // text by id
}

// NewMailbox is the constructor of Mailbox.
func NewMailbox(log *slog.Logger) *Mailbox {
	return &Mailbox{log: log, tried: map[string]int{}, delivered: map[string]string{}}
}

// errNoResponse is not terminal: the step is tried again.
var errNoResponse = errors.New("the mail provider does not respond")

// Deliver sends a mail. The first two attempts for Alice fail.
func (m *Mailbox) Deliver(ctx context.Context, id, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tried[id]++
	if strings.Contains(text, "Alice") && m.tried[id] < 3 {
		return errNoResponse
	}
	if _, done := m.delivered[id]; !done {
		m.log.InfoContext(ctx, "a mail", "text", text)
	}
	m.delivered[id] = text
	return nil
}

// Texts returns how often each text was delivered.
func (m *Mailbox) Texts() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]int{}
	for _, text := range m.delivered {
		all[text]++
	}
	return all
}

// Access stands for the systems that know roles and permissions.
type Access struct {
	log *slog.Logger

	mu    sync.Mutex
	given map[string][]string
}

// NewAccess is the constructor of Access.
func NewAccess(log *slog.Logger) *Access { return &Access{log: log, given: map[string][]string{}} }

// SetRole gives a role, and returns false for that of an owner.
func (a *Access) SetRole(ctx context.Context, user, role string) (bool, error) {
	if role == "owner" {
		return false, nil
	}
	a.give(ctx, user, "role "+role)
	return true, nil
}

// Permit gives a permission.
func (a *Access) Permit(ctx context.Context, user, permission string) error {
	a.give(ctx, user, permission)
	return nil
}

// give does nothing for what a user has, as a crash can have it called twice.
func (a *Access) give(ctx context.Context, user, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.Contains(a.given[user], what) {
		return
	}
	a.given[user] = append(a.given[user], what)
	a.log.InfoContext(ctx, "given", "user", user, "what", what)
}

// Given returns what each user was given, in order.
func (a *Access) Given() map[string][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.given)
}
