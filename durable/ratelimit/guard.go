package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// Guard returns the constructor of a guard, for fxrestate.Guards. An invocation takes a token
// of the bucket that by names for it, and is refused if there is none, with a terminal error
// with code 429. One without a name passes.
//
//	fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: 10, Burst: 20}, ratelimit.PerHandler))
//
// The guard is a durable one: it takes one token for an invocation, however often that is
// retried, at the cost of a call. by must return the same for each attempt: it may look at the
// handler, the key, the headers and the input.
func Guard(r Rate, by func(*pipeline.Invocation) string) func(rpc.Object[*Limiter]) (pipeline.Guard, error) {
	return func(limiters rpc.Object[*Limiter]) (pipeline.Guard, error) {
		if err := r.check(); err != nil {
			return nil, err
		}
		if by == nil {
			return nil, errors.New("ratelimit: Guard without a function that names the bucket; take ratelimit.PerHandler")
		}
		return pipeline.Durable(&guard{NewClient(limiters), r, by}), nil
	}
}

type guard struct {
	client Client
	rate   Rate
	by     func(*pipeline.Invocation) string
}

// Allow takes a token.
func (g *guard) Allow(ctx restate.Context, inv *pipeline.Invocation) (bool, error) {
	key := g.by(inv)
	if key == "" {
		return true, nil
	}
	err := g.client.Bucket(bounded(key), g.rate).Take(ctx)
	return err == nil, err
}

// PerHandler names one bucket for each handler.
func PerHandler(inv *pipeline.Invocation) string { return inv.String() }

// PerKey names one bucket for each key of a virtual object, for all of its handlers.
func PerKey(inv *pipeline.Invocation) string { return inv.Service() + "/" + inv.Key() }

// PerHeader names one bucket for each value of a header and each handler, such as that of a
// tenant. Invocations without the header share one. Whoever chooses the value chooses the
// bucket: take a header that the caller cannot set.
func PerHeader(name string) func(*pipeline.Invocation) string {
	return func(inv *pipeline.Invocation) string { return inv.String() + "/" + inv.Header(name) }
}

// maxKey bounds a key, in bytes. Keys may come from outside.
const maxKey = 256

// bounded returns a key that names one bucket, of any text.
func bounded(key string) string {
	if valid := strings.ToValidUTF8(key, "?"); valid == key && len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
