package main

import (
	"context"
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// User is who signs up. The id of the user is that of the workflow.
type User struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// The steps that have to do with users.
var (
	createUser = durable.NewStep[restate.Void]("create")
	activate   = durable.NewStep[restate.Void]("activate")
)

// Users is a service that workflows call.
type Users struct{ directory *Directory }

// NewUsers is the constructor of Users.
func NewUsers(directory *Directory) *Users { return &Users{directory} }

// Activate lets a user log in.
func (u *Users) Activate(ctx restate.Context, id string) error { return u.set(ctx, id, true) }

// Deactivate no longer lets a user log in.
func (u *Users) Deactivate(ctx restate.Context, id string) error { return u.set(ctx, id, false) }

func (u *Users) set(ctx restate.Context, id string, active bool) error {
	return durable.RunVoid(ctx, activate, func(ctx context.Context) error {
		return u.directory.SetActive(ctx, id, active)
	})
}

// refuse makes a terminal error: it is not retried.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}
