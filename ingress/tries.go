package ingress

import (
	"context"
	"errors"
	"fmt"
)

// maxTries bounds how often a handler may fail with forgotten failures under one
// idempotency key of a client. Each of them is a request that a later try makes first.
const maxTries = 20

// tryKey returns the idempotency key of a try. Each forgotten failure has a key, so that
// equal requests of the next try are one invocation too.
func tryKey(key string, try int) string {
	if try == 1 {
		return key
	}
	return fmt.Sprintf("%s;try=%d", key, try)
}

// forgets tells whether err is a failure of the handler that the route forgets.
func (m mounted) forgets(err error) bool {
	failed, ok := errors.AsType[*CallError](err)
	return ok && m.Forget(failed)
}

// call calls the handler. The result of an earlier request that failed with a forgotten
// failure is not the answer to this one.
func (m mounted) call(ctx context.Context, to callee, in payload, o requestOptions) (a answer, err error) {
	key := o.idempotencyKey
	for try := 1; ; try++ {
		a, err = to.call(ctx, in, o)
		if key == "" || m.Forget == nil || try == maxTries || !a.deduplicated || !m.forgets(err) {
			return a, err
		}
		o.idempotencyKey = tryKey(key, try+1)
	}
}

// submit sends to the handler, with tries as in call.
func (m mounted) submit(ctx context.Context, to callee, in payload, o requestOptions) (accepted, error) {
	key := o.idempotencyKey
	for try := 1; ; try++ {
		known, err := to.send(ctx, in, o)
		if err != nil || key == "" || m.Forget == nil || try == maxTries || known.Status != PreviouslyAccepted {
			return known, err
		}
		_, err = to.client.fetch(ctx, verbOutput, to.name(), byID(known.InvocationID))
		switch failed, ok := errors.AsType[*CallError](err); {
		case ok && m.Forget(failed):
		case ok, err == nil, errors.Is(err, ErrNotReady):
			return known, nil // it runs, or its result stands
		default:
			return accepted{}, err // whether it has failed is not known
		}
		o.idempotencyKey = tryKey(key, try+1)
	}
}
