package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Subscribe is a request for subscriptions, which are paid for by one recurring payment.
type Subscribe struct {
	User     string   `json:"user"`
	Card     string   `json:"card"`
	Services []string `json:"services"`
}

// The steps of all services that subscribe. A payment that gets no response is given up
// after three attempts: the step then fails with a terminal error. A subscription is
// attempted until there is a response.
var (
	pay       = durable.NewStep[restate.Void]("pay", durable.Retry{MaxAttempts: 3})
	subscribe = durable.NewStep[restate.Void]("subscribe", durable.Retry{InitialInterval: 100 * time.Millisecond})
)

// Subscriptions is a service that subscribes a user to one service after the other.
type Subscriptions struct {
	billing   *Billing
	streaming *Streaming
}

// NewSubscriptions is the constructor of Subscriptions.
func NewSubscriptions(billing *Billing, streaming *Streaming) *Subscriptions {
	return &Subscriptions{billing, streaming}
}

// Add pays and subscribes, and returns the id of the payment. After a crash it goes on
// where it was. A failure leaves what was done before: see [Saga.Add].
func (s *Subscriptions) Add(ctx restate.Context, in Subscribe) (string, error) {
	if in.Card == "" {
		return "", refuse(http.StatusUnprocessableEntity, "there is no card")
	}
	id := restate.UUID(ctx).String() // the same one on every attempt
	if err := durable.RunVoid(ctx, pay, func(ctx context.Context) error {
		return s.billing.Create(ctx, in.Card, id)
	}); err != nil {
		return "", err
	}
	for _, service := range in.Services {
		if err := durable.RunVoid(ctx, subscribe, func(ctx context.Context) error {
			return s.streaming.Create(ctx, service, id)
		}); err != nil {
			return "", err
		}
	}
	return id, nil
}

// refuse makes a terminal error: it is not retried.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}
