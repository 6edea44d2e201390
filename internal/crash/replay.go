package crash

import (
	"context"
	"net/http"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

// Replay replays the journals of all invocations that have ended to the process that
// lives, each some times, and returns what was found by it. No step runs again, unless the
// handler does something else than before. It is a finding, too, if it writes more.
func (in *Injector) Replay(ctx context.Context, times int) []*Finding {
	in.mu.Lock()
	before, next := len(in.findings), http.Handler(nil)
	if in.process != nil {
		next = in.process.next
	}
	in.mu.Unlock()
	if next == nil {
		return nil
	}
	for _, inv := range in.Invocations() {
		for range times {
			if !inv.Journal.Ended || ctx.Err() != nil || !in.replay(ctx, next, &inv) {
				break
			}
		}
	}
	return in.Findings()[before:]
}

// replay reports whether the handler did what the journal says.
func (in *Injector) replay(ctx context.Context, next http.Handler, inv *Invocation) bool {
	j := &inv.Journal
	more := false
	a := runtime.Start(in.inside(next, j.uri), runtime.Request{
		Service: inv.Service, Handler: inv.Handler, Header: j.header,
		Start: new(in.seeded(inv, *j.Start)), Journal: j.frames(), RequestResponse: true,
		OnMessage: func(_ *runtime.Attempt, f protocol.Frame) {
			if more || !f.Type.IsCommand() {
				return
			}
			more = true
			in.mu.Lock()
			defer in.mu.Unlock()
			in.find(&Finding{
				Handler: inv.Target(), Invocation: inv.ID, Entry: len(j.Commands),
				Recorded: "the end of the journal", Attempted: commandOf(f).describe(),
			})
		},
	})
	stop := context.AfterFunc(ctx, a.Cut)
	defer stop()
	if e := a.Wait(); e.Kind == runtime.Failed {
		in.mu.Lock()
		defer in.mu.Unlock()
		return !in.failed(inv, j, e.Error) && !more
	}
	return !more
}

// seeded returns a start message with the seed of the run.
func (in *Injector) seeded(inv *Invocation, start protocol.Start) protocol.Start {
	if start.RandomSeed != 0 { // it is since V6
		start.RandomSeed = inv.seed(in.plan.Seed)
	}
	return start
}
