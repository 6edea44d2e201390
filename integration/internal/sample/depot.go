package sample

import (
	restate "github.com/restatedev/sdk-go"
)

// Depot is a virtual object with one place in it.
type Depot struct{}

func (Depot) Store(ctx restate.ObjectContext, what string) error {
	restate.Set(ctx, "what", what)
	return nil
}

func (Depot) Look(ctx restate.ObjectSharedContext) (string, error) {
	return restate.Get[string](ctx, "what")
}
