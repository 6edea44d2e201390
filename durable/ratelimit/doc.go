// Package ratelimit has token buckets in Restate: limits that hold for all replicas of all
// applications, and survive each of them. The arithmetic and the names are those of
// golang.org/x/time/rate, and time is journaled.
//
//	fxrestate.RateLimits(), // once
//	fxrestate.Service[*Payments](NewPayments,
//		fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: 10, Burst: 20}, ratelimit.PerHandler)),
//	),
//
// [Guard] stands in front of handlers. [Client], inside handlers, and [Ingress], outside, have
// the buckets themselves: to take tokens, to reserve them and wait, to change rates.
// [Ingress.Middleware] stands in front of controllers.
//
// What is over the limit is a terminal error with code 429. Routes of package ingress and
// ingress.WriteProblem answer it with the header Retry-After.
//
// A bucket is made when it is first used, and removed when it has been full for a minute: a
// key for each customer costs nothing while the customer is away. Each bucket decides one
// request after the other, and each decision is a call: a limit for all requests of a busy
// service needs several buckets, or a limit in memory.
package ratelimit
