package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

var waitingScenarios = map[string]scenario{
	"an awakeable is completed from outside": {
		programs: map[string]program{"": func(x *run) (any, error) {
			a := restate.Awakeable[any](x.ctx)
			if _, err := x.step("tell", a.Id(), nil); err != nil {
				return nil, err
			}
			v, err := a.Result()
			return []any{v, failure(err)}, nil
		}},
		run: func(s *session) {
			for _, verb := range []string{"resolve", "reject"} {
				id := s.send("/Plain/Do/send", "", "")
				awakeable := s.told(id, "tell")
				s.request(http.MethodPost, "/restate/awakeables/"+awakeable+"/"+verb, []byte(`"because"`), "Content-Type", "application/json")
				s.attach(id)
				s.request(http.MethodPost, "/restate/awakeables/"+awakeable+"/"+verb, []byte(`"twice"`), "Content-Type", "application/json")
			}
			s.request(http.MethodPost, "/restate/awakeables/nonsense/resolve", []byte(`1`))
			s.request(http.MethodPost, "/restate/awakeables/sign_1nonsense/reject", []byte(`1`))
			s.request(http.MethodPost, "/restate/awakeables/nonsense/else", []byte(`1`))
			s.request(http.MethodPost, "/restate/awakeables/nonsense", nil)
			s.request(http.MethodGet, "/restate/awakeables/nonsense/resolve", nil)
		},
	},
	"an awakeable is completed by a handler": {
		programs: map[string]program{
			"": func(x *run) (any, error) {
				a := restate.Awakeable[any](x.ctx)
				restate.ServiceSend(x.ctx, "Plain", "Do").Send(x.Part(x.With(), a.Id()))
				v, err := a.Result()
				return []any{v, failure(err)}, nil
			},
			"resolve": func(x *run) (any, error) {
				restate.ResolveAwakeable(x.ctx, x.With(), []int{1})
				return nil, nil
			},
			"reject": func(x *run) (any, error) {
				restate.RejectAwakeable(x.ctx, x.With(), restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(403)))
				return nil, nil
			},
		},
		unordered: true,
		run: func(s *session) {
			s.call("/Plain/Do", "resolve")
			s.call("/Plain/Do", "reject")
		},
	},
	"signals come by name": {
		programs: map[string]program{
			"": func(x *run) (any, error) {
				v, err := restate.Signal[any](x.ctx, "go").Result()
				if err != nil {
					return nil, err
				}
				_, stop := restate.Signal[any](x.ctx, "stop").Result()
				return []any{v, failure(stop)}, nil
			},
			"resolve": func(x *run) (any, error) {
				restate.ResolveSignal(x.ctx, x.With(), "go", 7)
				return nil, nil
			},
			"reject": func(x *run) (any, error) {
				restate.RejectSignal(x.ctx, x.With(), "stop", restate.ToTerminalError(errors.New("enough"), restate.WithErrorCode(410), restate.WithMetadata("k", "v")))
				return nil, nil
			},
		},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.env.Invocation(id).AwaitStatus(admin.StatusSuspended, admin.StatusRunning)
			s.post("/Plain/Do", s.do("resolve", id))
			s.env.Invocation(id).AwaitEntry("Notification: Signal")
			s.post("/Plain/Do", s.do("reject", id))
			s.attach(id)
			s.post("/Plain/Do", s.do("resolve", id))
		},
	},
	"sleeps and timers": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if err := restate.Sleep(x.ctx, 10*time.Millisecond, restate.WithName("sleep")); err != nil {
				return nil, err
			}
			long := restate.After(x.ctx, time.Hour, restate.WithName("long"))
			short := restate.After(x.ctx, 30*time.Millisecond, restate.WithName("short"))
			first, err := restate.WaitFirst(x.ctx, long, short)
			if err != nil {
				return nil, err
			}
			return first == short, restate.Sleep(x.ctx, 0)
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"futures are combined": {
		unordered: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			timer := durable.After(x.ctx, 20*time.Millisecond)
			hour := durable.After(x.ctx, time.Hour)
			_, timeout := hour.OrTimeout(x.ctx, 5*time.Millisecond).Await(x.ctx)
			first, err := durable.First(timer, hour).Await(x.ctx)
			if err != nil {
				return nil, err
			}
			return []any{first, failure(timeout)}, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"calls of package rpc": {
		unordered: true,
		programs: map[string]program{"echo": echo, "fail": fail, "": func(x *run) (any, error) {
			do := rpc.Named[In, any]("Plain", "Do")
			one, err := do.Call(x.ctx, x.Part("echo", "1"))
			if err != nil {
				return nil, err
			}
			_, failed := do.Call(x.ctx, x.Part("fail", "2"))
			three, err := do.Start(x.ctx, x.Part("echo", "3"))
			if err != nil {
				return nil, err
			}
			four, err := do.Start(x.ctx, x.Part("echo", "4"))
			if err != nil {
				return nil, err
			}
			all, err := durable.All(three, four).Await(x.ctx)
			if err != nil {
				return nil, err
			}
			sent, err := do.Send(x.ctx, x.Part("echo", "5"), restate.WithDelay(10*time.Millisecond))
			if err != nil {
				return nil, err
			}
			five, err := sent.Attach(x.ctx)
			return []any{one, failure(failed), all, five}, err
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"the losers of a race are cancelled": {
		unordered: true,
		programs: map[string]program{"nap": nap, "echo": echo, "": func(x *run) (any, error) {
			do := rpc.Named[In, any]("Plain", "Do")
			slow, err := do.Start(x.ctx, x.Part("nap", ""))
			if err != nil {
				return nil, err
			}
			fast, err := do.Start(x.ctx, x.Part("echo", ""))
			if err != nil {
				return nil, err
			}
			first, err := durable.First(slow, fast).Await(x.ctx)
			if err != nil {
				return nil, err
			}
			if err := durable.CancelRest(x.ctx, slow, fast); err != nil {
				return nil, err
			}
			_, lost := slow.Await(x.ctx)
			return []any{first.Index, failure(lost)}, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a saga is undone": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			return durable.Saga(x.ctx, func(undo *durable.Compensations) (string, error) {
				undo.Step("undo one", func(restate.RunContext) error { return nil })
				if _, err := x.step("one", "1", nil); err != nil {
					return "", err
				}
				undo.Step("undo two", func(restate.RunContext) error {
					if x.Nth("undo") == 1 {
						return errors.New("once")
					}
					return nil
				})
				_, err := x.step("two", "", restate.TerminalErrorf("no"))
				return "", err
			})
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a step is declared": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			step := durable.NewStep[int]("declared", durable.Retry{MaxAttempts: 2, InitialInterval: time.Millisecond})
			return step.Run(x.ctx, func(context.Context) (int, error) {
				if n := x.Nth("step"); n < 2 {
					return 0, fmt.Errorf("failure %d", n)
				}
				return 2, nil
			})
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"an attempt asks when it is to be tried again": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			if n := x.Nth("start"); n < 3 {
				return nil, pipeline.RetryAfter(fmt.Errorf("failure %d", n), 20*time.Millisecond)
			}
			return "at last", nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"an invocation pauses after its last attempt": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if n := x.Nth("start"); n < 3 {
				return nil, fmt.Errorf("failure %d", n)
			}
			return "at last", nil
		}},
		run: func(s *session) {
			id := s.send("/Plain/Once/send", "", "")
			i := s.env.Invocation(id)
			now := i.AwaitStatus(admin.StatusPaused)
			s.note("paused: %s %s", now.LastFailure, now.LastFailureCode)
			i.Resume()
			now = i.Await("fails again", func(now admin.Invocation) bool {
				return now.Status == admin.StatusPaused && now.LastFailure != "failure 1"
			})
			s.note("paused: %s %s", now.LastFailure, now.LastFailureCode)
			i.Resume()
			s.attach(id)
		},
	},
	"a handler asks for a pause": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if _, err := x.step("before", "1", nil); err != nil {
				return nil, err
			}
			if x.Nth("after") == 1 {
				return nil, pipeline.Pause(errors.New("look first"))
			}
			return "resumed", nil
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			now := s.env.Invocation(id).AwaitStatus(admin.StatusPaused)
			s.note("paused: %s %s", now.LastFailure, now.LastFailureCode)
			s.env.Invocation(id).Resume()
			s.attach(id)
		},
	},
	"a paused invocation is cancelled": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if x.Nth("start") == 1 {
				return nil, pipeline.Pause(errors.New("look first"))
			}
			return nil, restate.Sleep(x.ctx, time.Hour)
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.await(id, admin.StatusPaused)
			s.env.Invocation(id).Cancel()
			s.attach(id)
		},
	},
	"a paused invocation is killed": {
		programs: map[string]program{"": func(x *run) (any, error) { return nil, errors.New("never") }},
		run: func(s *session) {
			id := s.send("/Plain/Once/send", "", "")
			s.await(id, admin.StatusPaused)
			s.env.Invocation(id).Kill()
			s.attach(id)
		},
	},
	"an invocation that backs off": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if x.Nth("start") == 1 {
				return nil, errors.New("failure 1")
			}
			return "at last", nil
		}},
		run: func(s *session) {
			id := s.send("/Plain/Slow/send", "", "")
			i := s.env.Invocation(id)
			now := i.AwaitStatus(admin.StatusBackingOff)
			s.note("%s: %s %s, attempts %d", now.Status, now.LastFailure, now.LastFailureCode, now.RetryCount)
			i.Resume()
			s.attach(id)
		},
	},
	"the application dies while a handler waits": {
		alone: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			before, err := x.step("before", "1", nil)
			if err != nil {
				return nil, err
			}
			if err := restate.Sleep(x.ctx, 2*time.Second, restate.WithName("sleep")); err != nil {
				return nil, err
			}
			after, err := x.step("after", "2", nil)
			return []string{before, after}, err
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "")
			s.env.Invocation(id).AwaitEntry("Sleep sleep")
			s.env.KillApp()
			later := s.send("/Plain/Do/send", "", "")
			s.env.StartApp()
			s.attach(id)
			s.attach(later)
			s.env.RestartApp()
			s.call("/Plain/Do", "")
		},
	},
	"a suspended invocation is paused": {
		programs: map[string]program{"": func(x *run) (any, error) {
			return restate.Awakeable[any](x.ctx).Result()
		}, "tell": func(x *run) (any, error) {
			a := restate.Awakeable[any](x.ctx)
			if _, err := x.step("tell", a.Id(), nil); err != nil {
				return nil, err
			}
			return a.Result()
		}},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "tell", "")
			awakeable := s.told(id, "tell")
			if s.replay {
				// A server does not pause what is suspended.
				s.await(id, admin.StatusSuspended)
				s.env.Invocation(id).Pause()
				s.await(id, admin.StatusSuspended)
			} else {
				s.env.Invocation(id).Pause()
				s.await(id, admin.StatusPaused)
			}
			s.request(http.MethodPost, "/restate/awakeables/"+awakeable+"/resolve", []byte(`1`), "Content-Type", "application/json")
			if !s.replay {
				s.await(id, admin.StatusPaused)
				s.env.Invocation(id).Resume()
			}
			s.attach(id)
		},
	},
	"random values are those of the invocation": {
		programs: map[string]program{"": func(x *run) (any, error) {
			number, id := restate.Rand(x.ctx).Uint64(), restate.UUID(x.ctx)
			attempt, same := x.Nth("attempt"), x.Nth(fmt.Sprint(number, id))
			if _, err := x.step("between", "", nil); err != nil {
				return nil, err
			}
			return []bool{attempt == same, restate.Rand(x.ctx).Uint64() == number}, nil
		}},
		run: func(s *session) {
			s.call("/Plain/Do", "")
		},
	},
}
