package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Outcome is what came of each of several subscriptions.
type Outcome struct {
	Active []string          `json:"active"`
	Failed map[string]string `json:"failed,omitempty"` // why, by service
}

// Parallel is a service that subscribes a user to all services at once.
type Parallel struct {
	billing   *Billing
	streaming *Streaming
}

// NewParallel is the constructor of Parallel.
func NewParallel(billing *Billing, streaming *Streaming) *Parallel {
	return &Parallel{billing, streaming}
}

// Add pays, subscribes to all services at once, and returns what came of each. One that
// is down does not keep the others waiting.
func (p *Parallel) Add(ctx restate.Context, in Subscribe) (Outcome, error) {
	id := restate.UUID(ctx).String()
	if err := durable.RunVoid(ctx, pay, func(ctx context.Context) error {
		return p.billing.Create(ctx, in.Card, id)
	}); err != nil {
		return Outcome{}, err
	}
	var begun []durable.Future[restate.Void]
	for _, service := range in.Services {
		begun = append(begun, subscribe.Start(ctx, func(ctx context.Context) (restate.Void, error) {
			return restate.Void{}, p.streaming.Create(ctx, service, id)
		}))
	}
	ended, err := durable.AllSettled(begun...).Await(ctx)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Active: []string{}, Failed: map[string]string{}}
	for i, service := range in.Services {
		if err := ended[i].Err; err != nil {
			out.Failed[service] = err.Error()
		} else {
			out.Active = append(out.Active, service)
		}
	}
	return out, nil
}
