package conformance_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
)

// echo is a program that other programs call.
func echo(x *run) (any, error) {
	headers := x.ctx.Request().Headers.ToMap()
	return []any{x.With(), headers["x-own"]}, nil
}

// fail ends with a failure that has all parts.
func fail(x *run) (any, error) {
	return nil, restate.ToTerminalError(fmt.Errorf("failed: %s", x.With()), restate.WithErrorCode(418), restate.WithMetadata("k", "v"))
}

// nap sleeps for an hour.
func nap(x *run) (any, error) {
	err := restate.Sleep(x.ctx, time.Hour, restate.WithName("nap"))
	if err != nil {
		return nil, err
	}
	return "slept", nil
}

// callers call each kind of handler.
func (x *run) service(part, with string, opts ...restate.RequestOption) (any, error) {
	return restate.Service[any](x.ctx, "Plain", "Do").Request(x.Part(part, with), opts...)
}

var callScenarios = map[string]scenario{
	"handlers of all kinds are called": {
		programs: map[string]program{"echo": echo, "": func(x *run) (any, error) {
			service, err := x.service("echo", "a")
			if err != nil {
				return nil, err
			}
			headed, err := x.service("echo", "b", restate.WithHeaders(map[string]string{"x-own": "h", "X-Upper": "U"}))
			if err != nil {
				return nil, err
			}
			object, err := restate.Object[any](x.ctx, "Object", x.Key(), "Do").Request(x.Part("echo", "c"))
			if err != nil {
				return nil, err
			}
			shared, err := restate.Object[any](x.ctx, "Object", x.Key(), "Look").Request(x.Part("echo", "d"))
			if err != nil {
				return nil, err
			}
			flow, err := restate.Workflow[any](x.ctx, "Flow", x.Key(), "Run").Request(x.Part("echo", "e"))
			if err != nil {
				return nil, err
			}
			look, err := restate.Workflow[any](x.ctx, "Flow", x.Key(), "Look").Request(x.Part("echo", "f"))
			if err != nil {
				return nil, err
			}
			hidden, err := restate.Service[any](x.ctx, "Plain", "Hidden").Request(x.Part("echo", "g"))
			if err != nil {
				return nil, err
			}
			private, err := restate.Service[any](x.ctx, "Private", "Do").Request(x.Part("echo", "h"))
			return []any{service, headed, object, shared, flow, look, hidden, private}, err
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a call fails": {
		programs: map[string]program{"fail": fail, "": func(x *run) (any, error) {
			_, err := x.service("fail", "a")
			if x.With() == "hide" {
				return failure(err), nil
			}
			return nil, err
		}},
		run: func(s *session) {
			s.call("/Plain/Do", "hide")
			s.call("/Plain/Do", "")
		},
	},
	"calls run side by side": {
		unordered: true,
		programs: map[string]program{"echo": echo, "fail": fail, "": func(x *run) (any, error) {
			var futures []restate.ResponseFuture[any]
			for i, part := range []string{"echo", "fail", "echo"} {
				futures = append(futures, restate.Service[any](x.ctx, "Plain", "Do").RequestFuture(x.Part(part, fmt.Sprint(i))))
			}
			var results []any
			for _, f := range futures {
				v, err := f.Response()
				results = append(results, v, failure(err))
			}
			return results, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a call has an idempotency key": {
		programs: map[string]program{"echo": echo, "": func(x *run) (any, error) {
			var all []any
			for _, with := range []string{"first", "second"} {
				v, err := x.service("echo", with, restate.WithIdempotencyKey(x.Key()))
				if err != nil {
					return nil, err
				}
				w, err := restate.Object[any](x.ctx, "Object", x.Key(), "Look").Request(x.Part("echo", with), restate.WithIdempotencyKey("a b/ü"))
				if err != nil {
					return nil, err
				}
				all = append(all, v, w)
			}
			return all, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"invocations are sent": {
		unordered: true,
		programs: map[string]program{"echo": echo, "": func(x *run) (any, error) {
			a := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("echo", "a")).GetInvocationId()
			b := restate.ObjectSend(x.ctx, "Object", x.Key(), "Do").Send(x.Part("echo", "b"), restate.WithDelay(20*time.Millisecond), restate.WithHeaders(map[string]string{"x-own": "h"})).GetInvocationId()
			c := restate.WorkflowSend(x.ctx, "Flow", x.Key(), "Run").Send(x.Part("echo", "c")).GetInvocationId()
			d := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("echo", "d"), restate.WithIdempotencyKey(x.Key())).GetInvocationId()
			e := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("echo", "e"), restate.WithIdempotencyKey(x.Key())).GetInvocationId()
			return []any{a, b, c, d, e, d == e}, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"what was sent is attached to": {
		unordered: true,
		programs: map[string]program{"echo": echo, "fail": fail, "": func(x *run) (any, error) {
			a := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("echo", "a"), restate.WithDelay(20*time.Millisecond)).GetInvocationId()
			b := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("fail", "b")).GetInvocationId()
			va, err := restate.AttachInvocation[any](x.ctx, a).Response()
			if err != nil {
				return nil, err
			}
			vb, err := restate.AttachInvocation[any](x.ctx, b).Response()
			again, err2 := restate.AttachInvocation[any](x.ctx, b).Response()
			_, unknown := restate.AttachInvocation[any](x.ctx, "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN").Response()
			return []any{va, vb, failure(err), again, failure(err2), failure(unknown)}, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a handler is called that there is not": {
		programs: map[string]program{"": func(x *run) (any, error) {
			switch x.With() {
			case "service":
				return restate.Service[any](x.ctx, "Nowhere", "Do").Request(1)
			case "handler":
				return restate.Service[any](x.ctx, "Plain", "None").Request(1)
			case "key":
				return restate.Object[any](x.ctx, "Plain", "k", "Do").Request(1)
			case "no key":
				return restate.Service[any](x.ctx, "Object", "Do").Request(1)
			case "attach":
				return restate.AttachInvocation[any](x.ctx, "inv_nonsense").Response()
			case "cancel":
				restate.CancelInvocation(x.ctx, "inv_nonsense")
				return nil, restate.Sleep(x.ctx, time.Millisecond)
			case "awakeable":
				restate.ResolveAwakeable(x.ctx, "sign_1nonsense", 1)
				return nil, restate.Sleep(x.ctx, time.Millisecond)
			case "promise":
				_, err := restate.Promise[any](x.ctx, "p").Peek()
				return nil, err
			default:
				return nil, nil
			}
		}},
		run: func(s *session) {
			for _, what := range []string{"service", "handler", "key", "attach", "cancel", "awakeable", "promise"} {
				s.call("/Plain/Thrice", what)
			}
		},
	},
	"the children of a cancelled invocation are cancelled": {
		unordered: true,
		programs: map[string]program{"nap": nap, "": func(x *run) (any, error) {
			a := restate.Service[any](x.ctx, "Plain", "Do").RequestFuture(x.Part("nap", "a"))
			restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("nap", "sent"))
			b := restate.Object[any](x.ctx, "Object", x.Key(), "Do").RequestFuture(x.Part("nap", "b"))
			_, errA := a.Response()
			_, errB := b.Response()
			// The calls have ended, too, when those have who attach to them later.
			_, endA := restate.AttachInvocation[any](x.ctx, a.GetInvocationId()).Response()
			_, endB := restate.AttachInvocation[any](x.ctx, b.GetInvocationId()).Response()
			return []string{failure(errA), failure(errB), failure(endA), failure(endB)}, nil
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.await(id, admin.StatusSuspended, admin.StatusRunning)
			for _, child := range s.children(id, 3) {
				s.env.Invocation(child).AwaitEntry("Sleep nap")
			}
			s.env.Invocation(id).Cancel()
			s.attach(id)
			s.env.Invocation(s.children(id, 3)[1]).Kill() // sent, and so not cancelled
		},
	},
	"the children of a killed invocation are killed": {
		unordered: true,
		programs: map[string]program{"nap": nap, "": func(x *run) (any, error) {
			restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("nap", "sent")).GetInvocationId()
			return x.service("nap", "called")
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			children := s.children(id, 2)
			for _, child := range children {
				s.env.Invocation(child).AwaitEntry("Sleep nap")
			}
			s.env.Invocation(id).Kill()
			s.attach(id)
		},
	},
	"what a handler has called is killed": {
		programs: map[string]program{"nap": nap, "": func(x *run) (any, error) {
			_, err := x.service("nap", "")
			if x.With() == "hide" {
				return failure(err), nil
			}
			return nil, err
		}},
		run: func(s *session) {
			for _, with := range []string{"hide", ""} {
				id := s.send("/Plain/Do/send", "", with)
				child := s.children(id, 1)[0]
				s.env.Invocation(child).AwaitEntry("Sleep nap")
				s.env.Invocation(child).Kill()
				s.attach(id)
			}
		},
	},
	"what a handler has called waits for its turn": {
		unordered: true,
		programs: map[string]program{"nap": nap, "echo": echo, "": func(x *run) (any, error) {
			f := restate.Object[any](x.ctx, "Object", x.Key(), "Do").RequestFuture(x.Part("echo", ""))
			id := f.GetInvocationId()
			_, err := f.Response()
			_, end := restate.AttachInvocation[any](x.ctx, id).Response()
			return []string{failure(err), failure(end)}, nil
		}},
		run: func(s *session) {
			first := s.send("/Object/"+url.PathEscape(s.name)+"/Do/send", "nap", "")
			s.env.Invocation(first).AwaitEntry("Sleep nap")
			id := s.send("/Plain/Do/send", "", "")
			child := s.children(id, 1)[0]
			s.await(child, admin.StatusPending)
			s.env.Invocation(id).Cancel()
			s.attach(id)
			s.gone(child)
			s.env.Invocation(first).Kill()
			s.attach(first)
		},
	},
	"an invocation is cancelled while it sleeps": {
		programs: map[string]program{"": nap},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.env.Invocation(id).AwaitEntry("Sleep nap")
			s.env.Invocation(id).Cancel()
			s.attach(id)
		},
	},
	"a cancelled invocation goes on": {
		programs: map[string]program{"": func(x *run) (any, error) {
			first := restate.Sleep(x.ctx, time.Hour, restate.WithName("first"))
			second, err := x.step("compensate", "done", nil)
			if err != nil {
				return nil, err
			}
			third := restate.Sleep(x.ctx, time.Millisecond)
			return []string{failure(first), second, failure(third)}, nil
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.env.Invocation(id).AwaitEntry("Sleep first")
			s.env.Invocation(id).Cancel()
			s.attach(id)
		},
	},
	"what has not started is cancelled": {
		programs: map[string]program{"": echo, "nap": nap},
		run: func(s *session) {
			later := s.send("/Plain/Do/send?delay=1h", "", "")
			s.await(later, admin.StatusScheduled)
			s.env.Invocation(later).Cancel()
			s.gone(later)

			first := s.send("/Object/cancel/Do/send", "nap", "")
			s.env.Invocation(first).AwaitEntry("Sleep nap")
			second := s.send("/Object/cancel/Do/send", "", "")
			s.await(second, admin.StatusPending)
			s.env.Invocation(second).Cancel()
			s.gone(second)
			s.env.Invocation(first).Kill()
			s.attach(first)

			later = s.send("/Plain/Do/send?delay=1h", "", "")
			s.await(later, admin.StatusScheduled)
			s.env.Invocation(later).Kill()
			s.gone(later)
		},
	},
	"an object does one thing at a time": {
		programs: map[string]program{"": func(x *run) (any, error) {
			all, err := restate.Get[string](x.ctx, "all")
			if err != nil {
				return nil, err
			}
			if err := restate.Sleep(x.ctx, 5*time.Millisecond); err != nil {
				return nil, err
			}
			restate.Set(x.ctx, "all", all+x.With())
			return all, nil
		}},
		run: func(s *session) {
			var ids []string
			for _, with := range []string{"a", "b", "c", "d"} {
				ids = append(ids, s.send("/Object/order/Do/send", "", with))
			}
			for _, id := range ids {
				s.attach(id)
			}
		},
	},
	"a handler cancels another one": {
		unordered: true,
		programs: map[string]program{"nap": nap, "": func(x *run) (any, error) {
			id := restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part("nap", "")).GetInvocationId()
			restate.CancelInvocation(x.ctx, id)
			_, err := restate.AttachInvocation[any](x.ctx, id).Response()
			return failure(err), nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"an invocation is purged": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			a := s.call("/Plain/Do", "", "Idempotency-Key", "purge")
			id := a.Header.Get(idHeader)
			s.env.Invocation(id).Purge()
			s.gone(id)
			s.call("/Plain/Do", "again", "Idempotency-Key", "purge")
		},
	},
	"what handlers call is not retained": {
		unordered: true,
		programs: map[string]program{"echo": echo, "": func(x *run) (any, error) {
			var ids []string
			for _, handler := range []string{"Unwritten", "Forgotten"} {
				f := restate.Service[any](x.ctx, "Plain", handler).RequestFuture(x.Part("echo", "1"))
				if _, err := f.Response(); err != nil {
					return nil, err
				}
				ids = append(ids, f.GetInvocationId())
			}
			return x.step("tell", strings.Join(ids, " "), nil)
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.attach(id)
			unwritten, forgotten, _ := strings.Cut(s.told(id, "tell"), " ")
			s.gone(unwritten)
			s.get("/restate/invocation/" + forgotten + "/output")
		},
	},
	"what is not retained": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			s.call("/Plain/Unwritten", "")
			s.call("/Plain/Unwritten", "1", "Idempotency-Key", "unwritten")
			s.call("/Plain/Unwritten", "2", "Idempotency-Key", "unwritten")
			a := s.call("/Plain/Forgotten", "")
			s.gone(a.Header.Get(idHeader))
			a = s.call("/Plain/Forgotten", "1", "Idempotency-Key", "forgotten")
			s.gone(a.Header.Get(idHeader))
			a = s.call("/Plain/Forgotten", "2", "Idempotency-Key", "forgotten")
			s.gone(a.Header.Get(idHeader))
		},
	},
}
