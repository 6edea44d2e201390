package conformance_test

import (
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
)

// settled waits until the handler has been told of what it has completed itself: the SDK
// asks for a promise whenever it makes one.
func settled(p restate.DurablePromise[string], err error) (any, error) {
	if err != nil {
		return nil, err
	}
	_, _ = p.Result()
	return nil, nil
}

var workflowScenarios = map[string]scenario{
	"a workflow waits for a promise": {
		unordered: true,
		programs: map[string]program{
			"": func(x *run) (any, error) {
				restate.Set(x.ctx, "state", x.With())
				v, err := restate.Promise[string](x.ctx, "answer").Result()
				if x.With() == "hide" {
					return failure(err), nil
				}
				return v, err
			},
			"resolve": func(x *run) (any, error) {
				answer := restate.Promise[string](x.ctx, "answer")
				return settled(answer, answer.Resolve(x.With()))
			},
			"reject": func(x *run) (any, error) {
				answer := restate.Promise[string](x.ctx, "answer")
				return settled(answer, answer.Reject(restate.ToTerminalError(errors.New(x.With()), restate.WithErrorCode(403), restate.WithMetadata("k", "v"))))
			},
			"peek": func(x *run) (any, error) {
				v, err := restate.Promise[*string](x.ctx, "answer").Peek()
				return []any{v, failure(err)}, nil
			},
			"state": func(x *run) (any, error) { return restate.Get[string](x.ctx, "state") },
		},
		run: func(s *session) {
			id := s.send("/Flow/w1/Run/send", "", "x")
			s.env.Invocation(id).AwaitEntry("GetPromise answer")
			s.send("/Flow/w1/Run/send", "", "again")
			s.call("/Flow/w1/Run", "called")
			s.post("/Flow/w1/Look", s.do("peek", ""))
			s.post("/Flow/w1/Look", s.do("state", ""))
			s.get("/restate/workflow/Flow/w1/output")
			s.post("/Flow/w1/Look", s.do("resolve", "yes"))
			s.attachTo("/restate/workflow/Flow/w1/attach")
			s.get("/restate/workflow/Flow/w1/output")
			s.post("/Flow/w1/Look", s.do("peek", ""))
			s.post("/Flow/w1/Look", s.do("resolve", "twice"))
			s.post("/Flow/w1/Look", s.do("reject", "twice"))
			s.call("/Flow/w1/Run", "after the end")
			s.send("/Flow/w1/Run/send", "", "after the end")
			s.post("/Flow/w1/Look", s.do("state", ""))

			s.post("/Flow/w2/Look", s.do("reject", "no"))
			s.call("/Flow/w2/Run", "hide")
			s.post("/Flow/w3/Look", s.do("reject", "no"))
			s.post("/Flow/w3/Look", s.do("peek", ""))
			s.call("/Flow/w3/Run", "")
			s.get("/restate/workflow/Flow/w4/output")
			s.request("GET", "/restate/workflow/Flow/w4/attach", nil)
		},
	},
	"a shared handler cannot write": {
		programs: map[string]program{"": func(x *run) (any, error) {
			restate.Set(x.ctx, "a", 1)
			return nil, nil
		}},
		run: func(s *session) { s.call("/Flow/write/Look", "") },
	},
	"a workflow is sent later": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			id := s.send("/Flow/late/Run/send?delay=1h", "", "x")
			s.await(id, admin.StatusScheduled)
			s.send("/Flow/late/Run/send", "", "y")
			s.env.Invocation(id).Cancel()
			s.gone(id)
			s.call("/Flow/late/Run", "z")
		},
	},
	"a workflow is purged": {
		programs: map[string]program{"": func(x *run) (any, error) {
			restate.Set(x.ctx, "a", x.With())
			return restate.Keys(x.ctx)
		}},
		run: func(s *session) {
			a := s.call("/Flow/purge/Run", "1")
			s.env.Invocation(a.Header.Get(idHeader)).Purge()
			s.gone(a.Header.Get(idHeader))
			s.call("/Flow/purge/Run", "2")
		},
	},
}
