package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Saga is a service that subscribes a user to all services or to none.
type Saga struct {
	billing   *Billing
	streaming *Streaming
}

// NewSaga is the constructor of Saga.
func NewSaga(billing *Billing, streaming *Streaming) *Saga { return &Saga{billing, streaming} }

// Add pays and subscribes, and returns the id of the payment. If one of the services
// refuses, or the invocation is cancelled, what was done is undone in reverse order.
func (s *Saga) Add(ctx restate.Context, in Subscribe) (string, error) {
	id := restate.UUID(ctx).String()
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		// The id is ours, so each compensation is registered before its step: the step may
		// take effect although its response is lost.
		undo.Step("undo-pay", func(ctx restate.RunContext) error { return s.billing.Remove(ctx, id) })
		if err := durable.RunVoid(ctx, pay, func(ctx context.Context) error {
			return s.billing.Create(ctx, in.Card, id)
		}); err != nil {
			return "", err
		}
		for _, service := range in.Services {
			undo.Step("undo-subscribe", func(ctx restate.RunContext) error { return s.streaming.Remove(ctx, service, id) })
			if err := durable.RunVoid(ctx, subscribe, func(ctx context.Context) error {
				return s.streaming.Create(ctx, service, id)
			}); err != nil {
				return "", err
			}
		}
		return id, nil
	})
}
