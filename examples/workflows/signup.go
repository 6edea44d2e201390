package main

import (
	"cmp"
	"context"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Status is how far a signup is.
type Status struct {
	Step     string `json:"step"` // "creating", "created", "done", "failed"
	User     User   `json:"user"`
	Welcomed bool   `json:"welcomed"` // false: nobody has accepted the mail
}

// The state of a signup, the event that its user was created, and the step that sends
// the mail, at most three times.
var (
	progress = durable.NewStateKey[Status]("status")
	created  = durable.NewPromiseKey[string]("created")
	welcome  = durable.NewStep[restate.Void]("welcome", durable.Retry{MaxAttempts: 3, InitialInterval: 100 * time.Millisecond})
)

// Signup is a workflow: it runs once for each user.
type Signup struct {
	directory *Directory
	mailbox   *Mailbox
	users     UsersClient
}

// NewSignup is the constructor of Signup.
func NewSignup(directory *Directory, mailbox *Mailbox, users UsersClient) *Signup {
	return &Signup{directory, mailbox, users}
}

// Run creates the user, activates it, and sends a welcome. A mail that nobody accepts is
// no reason to fail.
func (s *Signup) Run(ctx restate.WorkflowContext, in User) (Status, error) {
	id, now := restate.Key(ctx), Status{Step: "creating", User: in}
	if err := progress.Set(ctx, now); err != nil {
		return now, err
	}
	err := durable.RunVoid(ctx, createUser, func(ctx context.Context) error { return s.directory.Create(ctx, id, in) })
	if err != nil {
		return now, s.fail(ctx, now, err)
	}
	now.Step = "created"
	if err := progress.Set(ctx, now); err != nil {
		return now, err
	}
	if err := created.Resolve(ctx, id); err != nil {
		return now, err
	}

	if err := s.users.Activate(ctx, id); err != nil {
		return now, err
	}
	err = durable.RunVoid(ctx, welcome, func(ctx context.Context) error {
		return s.mailbox.Deliver(ctx, Mail{id + "-welcome", in, "welcome", ""})
	})
	if durable.IsCancelled(err) {
		return now, err
	}
	now.Step, now.Welcomed = "done", err == nil
	return now, progress.Set(ctx, now)
}

// fail tells those who wait for the user, and those who ask.
func (*Signup) fail(ctx restate.WorkflowContext, now Status, err error) error {
	now.Step = "failed"
	return cmp.Or(progress.Set(ctx, now), created.Reject(ctx, err), err)
}

// Status returns how far the signup is, while it runs and afterwards.
func (*Signup) Status(ctx restate.WorkflowSharedContext) (Status, error) {
	now, known, err := progress.Lookup(ctx)
	if err == nil && !known {
		err = refuse(http.StatusNotFound, "there is no such signup")
	}
	return now, err
}

// Created waits until the user is created, and fails as the creation does.
func (*Signup) Created(ctx restate.WorkflowSharedContext) (string, error) { return created.Result(ctx) }
