package crash

import (
	"net/http"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

// newTwin starts a second attempt beside a living one, with the same journal. Nobody takes
// what it writes.
func (in *Injector) newTwin(a *attempt, start protocol.Start) *runtime.Attempt {
	twin := runtime.Start(in.inside(a.process.next, a.request.RequestURI), runtime.Request{
		Service: a.service, Handler: a.handler, Header: a.request.Header, Start: &start, Journal: a.requests.known,
		OnMessage: func(*runtime.Attempt, protocol.Frame) {},
		OnEnd: func(_ *runtime.Attempt, e runtime.Ending) {
			if e.Kind == runtime.Failed {
				in.mu.Lock()
				defer in.mu.Unlock()
				in.failed(a.invocation, &a.invocation.Journal, e.Error)
			}
		},
	})
	in.twins.Go(func() {
		select {
		case <-twin.Done():
		case <-in.ctx.Done():
			twin.Cut()
			twin.Wait()
		}
	})
	return twin
}

// inside returns a process for an attempt that Restate did not send.
func (in *Injector) inside(next http.Handler, uri string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = in.watched(r)
		r.RequestURI = uri
		next.ServeHTTP(w, r)
	})
}
