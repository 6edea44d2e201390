package endpoint

import (
	"context"
	"log/slog"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/tally"
)

// refusals are the tallies of an endpoint. The zero refusals discard.
type refusals struct{ unsigned, tooLarge, otherVersion, overloaded, stopping, held tally.Tally }

// all has each tally with its cause.
func (r *refusals) all() map[event.Cause]*tally.Tally {
	return map[event.Cause]*tally.Tally{
		event.Unsigned: &r.unsigned, event.TooLarge: &r.tooLarge, event.OtherVersion: &r.otherVersion,
		event.Overloaded: &r.overloaded, event.Stopping: &r.stopping, event.Held: &r.held,
	}
}

func (r *refusals) init(log *slog.Logger) {
	for cause, t := range r.all() {
		t.Write = func(count int, last error) {
			event.Log(context.Background(), log, event.Refused{Cause: cause, Requests: count, Reason: last.Error()})
		}
	}
}

func (r *refusals) flush() {
	for _, t := range r.all() {
		t.Flush()
	}
}
