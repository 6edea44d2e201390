package fxrestate

import (
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/ratelimit"
	"github.com/fxrestate/go/handler"
)

// RateLimits serves the token buckets of package ratelimit, and provides a [ratelimit.Client]
// and a [ratelimit.Ingress]. [ratelimit.Guard] needs it. List it once. Options are those of
// [Object].
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
		Handler((*ratelimit.Limiter).Sweep, restate.WithIngressPrivate(true)),
	}, opts...)
	return ownOption{fx.Options(
		register[*ratelimit.Limiter](handler.Object, ratelimit.New, opts, position),
		fx.Provide(ratelimit.NewClient, ratelimit.NewIngress),
	)}
}
