package fxrestate

import (
	"context"

	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/compat"
)

// judgeServer warns of a server that is older than this module needs. It does so once,
// behind the start, which makes no request for it. A gateway may not pass GET /version, and
// that is no reason to say anything.
func (l *lifecycle) judgeServer(ctx context.Context) {
	if !backoff.Sleep(ctx, stuckAfter) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stuckTimeout)
	defer cancel()
	is, err := l.health.stuck.client.Version(ctx)
	if err != nil {
		l.log.DebugContext(ctx, "cannot look which version the restate-server has", "error", err)
		return
	}
	if wanted := compat.Server(); wanted.Of(is.Version) == compat.TooOld {
		l.log.WarnContext(ctx, "the restate-server is older than this version of fxrestate works with",
			"version", is.Version, "oldest", wanted.Minimum, "way out", wanted.Advice(is.Version))
	}
}
