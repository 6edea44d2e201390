package admin

import (
	"context"
	"time"
)

// Retrying selects the invocations that have failed and are tried again: at least one attempt
// of them failed since they last suspended.
func Retrying() InvocationFilter {
	return InvocationFilter{Statuses: []InvocationStatus{StatusRunning, StatusReady, StatusBackingOff}, MinRetries: 2}
}

// Stuck selects the invocations that will not go on by themselves soon, or not at all: paused
// ones, and those that wait for their next attempt after a failure.
func Stuck() InvocationFilter {
	return InvocationFilter{Statuses: []InvocationStatus{StatusPaused, StatusBackingOff}}
}

// Unchanged selects the invocations that have started and have not changed since a time, those
// first that have not for longest. Suspended ones are among them: they may rightly wait for
// long.
func Unchanged(since time.Time) InvocationFilter {
	return InvocationFilter{
		Statuses:       []InvocationStatus{StatusPending, StatusReady, StatusRunning, StatusSuspended, StatusBackingOff, StatusPaused},
		ModifiedBefore: since,
	}
}

// KeyQueue is what goes on for one key of a virtual object, whose exclusive handlers run one
// at a time.
type KeyQueue struct {
	// Holder is the invocation that holds the key, so that the others wait for it. Nil if
	// none does.
	Holder *Invocation
	// Waiting are the first of those that wait, in the order in which they will run.
	Waiting []Invocation
	// Length is how many wait.
	Length int
}

// maxWaiting limits KeyQueue.Waiting.
const maxWaiting = defaultLimit

// Queue returns which invocation holds a key of a virtual object, or the run of a workflow, and
// the first 100 of those that wait for it. It is a look at a moment: the holder may have ended
// when you see it. It is empty for a service or a key that the server does not know.
func (c *Client) Queue(ctx context.Context, service, key string) (KeyQueue, error) {
	type row struct {
		ID     string `json:"id"`
		Length int    `json:"length"`
	}
	var queue KeyQueue
	holders, err := Query[row](ctx, c, "SELECT invocation_id AS id FROM sys_keyed_service_status "+
		"WHERE service_name = ? AND service_key = ? AND invocation_id IS NOT NULL", service, key)
	if err != nil {
		return queue, err
	}
	waiting, err := Query[row](ctx, c, "SELECT id, count(*) OVER () AS length FROM sys_inbox "+
		"WHERE service_name = ? AND service_key = ? ORDER BY sequence_number LIMIT ?", service, key, maxWaiting)
	if err != nil {
		return queue, err
	}
	var ids []string
	for _, r := range append(holders, waiting...) {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return queue, nil
	}
	found, err := c.invocations(ctx, conditions{in("id", ids)}, len(ids))
	if err != nil {
		return queue, err
	}
	byID := make(map[string]Invocation, len(found))
	for _, i := range found {
		byID[i.ID] = i
	}
	for _, r := range holders {
		if i, ok := byID[r.ID]; ok {
			queue.Holder = &i
		}
	}
	for _, r := range waiting {
		queue.Length = r.Length
		if i, ok := byID[r.ID]; ok {
			queue.Waiting = append(queue.Waiting, i)
		}
	}
	return queue, nil
}
