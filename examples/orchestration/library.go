package main

import (
	"slices"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// The state of a library.
var (
	shelf   = durable.NewStateKey[[]string]("services")
	updated = durable.NewStateKey[time.Time]("updated")
)

// Library is a virtual object: the services that one user has.
type Library struct{}

// NewLibrary is the constructor of Library.
func NewLibrary() *Library { return &Library{} }

// Add adds a service. A second time changes nothing.
func (*Library) Add(ctx restate.ObjectContext, service string) error {
	all, err := shelf.Get(ctx)
	if err != nil || slices.Contains(all, service) {
		return err
	}
	if err := shelf.Set(ctx, append(all, service)); err != nil {
		return err
	}
	now, err := durable.Now(ctx)
	if err != nil {
		return err
	}
	return updated.Set(ctx, now)
}

// List returns the services of the user. It does not wait for an Add that runs.
func (*Library) List(ctx restate.ObjectSharedContext) ([]string, error) {
	return shelf.GetOr(ctx, []string{})
}
