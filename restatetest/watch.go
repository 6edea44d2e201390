package restatetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
)

// watch ends what the test waits for when its deadline is near: the invocations that have not
// ended are killed, so that calls of them return, and the test can say what hung and show
// its log. Without it go test would end the process. The function that is returned ends
// the watch, and waits for it.
func (e *Env) watch() (end func()) {
	last, limited := e.lastMoment()
	if !limited {
		return func() {}
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		timer := time.NewTimer(time.Until(last))
		defer timer.Stop()
		select {
		case <-timer.C:
			e.endAll()
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// endAll fails the test with the invocations that have not ended, and kills them.
func (e *Env) endAll() {
	ctx, cancel := e.cleanupContext()
	defer cancel()
	all, err := e.backend.invocations(ctx, admin.InvocationFilter{Statuses: statuses, Limit: most})
	if err != nil {
		return // a server that is down; the test's own deadline ends it
	}
	var said strings.Builder
	for _, inv := range all {
		if inv.Status == admin.StatusCompleted {
			continue
		}
		fmt.Fprintf(&said, "\n%s/%s (%s) is %s after %d attempts %s", inv.Service, inv.Handler, inv.ID, inv.Status, inv.RetryCount, inv.LastFailure)
		_ = e.backend.change(ctx, inv.ID, verbKill) // it may have ended
	}
	if said.Len() > 0 {
		e.t.Errorf("restatetest: the deadline of the test is near, so these are killed; give calls that may hang a context with a timeout:%s", said.String())
	}
}
