package main

import (
	"reflect"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Message is the input and output of most handlers.
type Message struct {
	Text string `json:"text"`
}

var plainType = reflect.TypeFor[*Plain]()

// Plain has the workloads without state.
type Plain struct{ name string }

// ServiceName names the service of the bare SDK.
func (p *Plain) ServiceName() string { return p.name }

// Echo returns its input.
func (*Plain) Echo(_ restate.Context, in Message) (Message, error) { return in, nil }

// Steps runs three durable steps.
func (*Plain) Steps(ctx restate.Context, in Message) (Message, error) {
	for range 3 {
		s, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in.Text, nil }, restate.WithName("step"))
		if err != nil {
			return Message{}, err
		}
		in.Text = s
	}
	return in, nil
}

// Sleep sleeps two seconds.
func (*Plain) Sleep(ctx restate.Context) error { return restate.Sleep(ctx, 2*time.Second) }

// Counter counts per key.
type Counter struct{ name string }

// ServiceName names the service of the bare SDK.
func (c *Counter) ServiceName() string { return c.name }

// Add adds to the count.
func (*Counter) Add(ctx restate.ObjectContext, delta int) (int, error) {
	n, err := restate.Get[int](ctx, "count")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "count", n+delta)
	return n + delta, nil
}

// Five has five handlers.
type Five struct{}

// One is a handler.
func (*Five) One(_ restate.Context, in Message) (Message, error) { return in, nil }

// Two is a handler.
func (*Five) Two(_ restate.Context, in []Message) (Message, error) { return in[0], nil }

// Three is a handler.
func (*Five) Three(_ restate.Context, in map[string]Message) (int, error) { return len(in), nil }

// Four is a handler.
func (*Five) Four(_ restate.Context, in string) error { return nil }

// Five is a handler.
func (*Five) Five(restate.Context) (time.Time, error) { return time.Time{}, nil }
