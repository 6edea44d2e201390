package fxrestate

import (
	"fmt"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/ratelimit"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

// RateLimits serves the token buckets of package ratelimit, and provides a [ratelimit.Client]
// and a [ratelimit.Ingress]. [ratelimit.Guard] needs it. List it once. Options are those of
// [Object].
//
// The ingress does not serve the buckets: whoever can call them can fill and empty them, and
// set their rates. A ratelimit.Ingress needs that, and is an error of fx.New without. Where
// only your own programs can call the ingress, say so:
//
//	fxrestate.RateLimits(restate.WithIngressPrivate(false)),
//
//	fxrestate.RateLimits(),
//	fxrestate.Service[*Payments](NewPayments,
//		fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: 10, Burst: 20}, ratelimit.PerHandler)),
//	),
//
// Guards do not run for the handlers that take tokens and give them back, as a guard itself
// does. They do run for those that show and set rates.
func RateLimits(opts ...restate.ServiceDefinitionOption) fx.Option {
	position := caller()
	opts = append([]restate.ServiceDefinitionOption{
		patient(),
		unguarded((*ratelimit.Limiter).ReserveN, (*ratelimit.Limiter).CancelReservation, (*ratelimit.Limiter).Sweep),
		restate.WithIngressPrivate(true),
		Handler((*ratelimit.Limiter).Sweep, restate.WithIngressPrivate(true)),
	}, opts...)
	return ownOption{fx.Options(
		register[*ratelimit.Limiter](handler.Object, ratelimit.New, opts, position),
		fx.Provide(ratelimit.NewClient, func(client *ingress.Client) (ratelimit.Ingress, error) {
			if !isPublic(opts) {
				return ratelimit.Ingress{}, fmt.Errorf("fxrestate: RateLimits (%s): a ratelimit.Ingress is wanted, and the ingress does not serve the buckets; take a ratelimit.Client in a handler, or, where only your own programs can call the ingress, list fxrestate.RateLimits(restate.WithIngressPrivate(false))", position)
			}
			return ratelimit.NewIngress(client), nil
		}),
	)}
}

// isPublic reports whether the last option that says so has the ingress serve a service.
func isPublic(opts []restate.ServiceDefinitionOption) bool {
	for _, o := range slices.Backward(opts) {
		switch o {
		case restate.WithIngressPrivate(false):
			return true
		case restate.WithIngressPrivate(true):
			return false
		}
	}
	return true
}
