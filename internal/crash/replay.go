package crash

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/fxrestate/go/internal/protocol"
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
	known := j.frames()
	start := *j.Start
	start.KnownEntries = uint32(len(known))
	if start.RandomSeed != 0 {
		start.RandomSeed = inv.seed(in.plan.Seed)
	}
	body := protocol.AppendMessage(nil, &start)
	for _, f := range known {
		body = f.Append(body)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, j.uri, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return false
	}
	r.RequestURI, r.Header = j.uri, j.header.Clone()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	right := true
	w := &listener{header: http.Header{}, body: newFeed(), frame: func(f protocol.Frame) {
		in.mu.Lock()
		defer in.mu.Unlock()
		switch {
		case f.Type == protocol.TypeError:
			before := len(in.findings)
			in.failed(inv, j, f)
			right = right && len(in.findings) == before
		case isEntry(f.Type):
			right = false
			in.find(&Finding{
				Handler: inv.Target(), Invocation: inv.ID, Entry: len(j.Commands),
				Recorded: "the end of the journal", Attempted: commandOf(f).describe(),
			})
		}
	}}
	serve(next, w, in.watched(r))
	return right
}
