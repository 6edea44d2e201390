package main

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// count is the state of a counter.
var count = durable.NewStateKey[int]("count")

// Counter is a virtual object: each name has a state of its own, which one invocation
// at a time changes.
type Counter struct{}

// NewCounter is the constructor of Counter.
func NewCounter() *Counter { return &Counter{} }

// Greet counts the greetings of a name.
func (*Counter) Greet(ctx restate.ObjectContext) (string, error) {
	n, err := count.Get(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("hi %s, for the %d. time", restate.Key(ctx), n+1), count.Set(ctx, n+1)
}

// Forget begins from the beginning.
func (*Counter) Forget(ctx restate.ObjectContext) error { return count.Clear(ctx) }
