package conformance_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
)

// step runs a step that gives a value or fails.
func (x *run) step(name, value string, err error, opts ...restate.RunOption) (string, error) {
	return restate.Run(x.ctx, func(restate.RunContext) (string, error) { return value, err }, append(opts, restate.WithName(name))...)
}

var stepScenarios = map[string]scenario{
	"steps follow each other": {
		programs: map[string]program{"": func(x *run) (any, error) {
			one, err := x.step("one", x.With(), nil)
			if err != nil {
				return nil, err
			}
			two, err := x.step("", one+"!", nil)
			return []string{one, two}, err
		}},
		run: func(s *session) { s.call("/Plain/Do", "a") },
	},
	"a step fails for good": {
		programs: map[string]program{"": func(x *run) (any, error) {
			_, err := x.step("pay", "", restate.ToTerminalError(errors.New("no money"), restate.WithErrorCode(402), restate.WithMetadata("cents", "7"), restate.WithMetadata("a", "b")))
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
	"a step succeeds when it is tried again": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			return restate.Run(x.ctx, func(restate.RunContext) (int, error) {
				n := x.Nth("step")
				if n < 3 {
					return 0, fmt.Errorf("failure %d", n)
				}
				return n, nil
			}, restate.WithName("flaky"))
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a step has its own policy": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			n, err := restate.Run(x.ctx, func(restate.RunContext) (int, error) {
				return 0, fmt.Errorf("failure %d", x.Nth("step"))
			}, restate.WithName("hopeless"), restate.WithMaxRetryAttempts(3), restate.WithInitialRetryInterval(time.Millisecond))
			return []any{n, failure(err)}, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"an exhausted step ends the invocation": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			return restate.Run(x.ctx, func(restate.RunContext) (int, error) {
				return 0, fmt.Errorf("failure %d", x.Nth("step"))
			}, restate.WithMaxRetryAttempts(2), restate.WithInitialRetryInterval(time.Millisecond))
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"steps run side by side": {
		unordered: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			var futures []restate.RunAsyncFuture[int]
			for i := range 4 {
				futures = append(futures, restate.RunAsync(x.ctx, func(restate.RunContext) (int, error) {
					if i == 2 {
						return 0, restate.TerminalErrorf("not %d", i)
					}
					return i, nil
				}, restate.WithName(fmt.Sprint("step", i))))
			}
			var results []any
			for _, f := range futures {
				n, err := f.Result()
				results = append(results, n, failure(err))
			}
			return results, nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a handler ends without waiting for a step": {
		programs: map[string]program{"": func(x *run) (any, error) {
			restate.RunAsync(x.ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("left"))
			return "done", nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a handler fails with a code and metadata": {
		programs: map[string]program{"": func(x *run) (any, error) {
			var code int
			if _, err := fmt.Sscan(x.With(), &code); err != nil {
				return nil, err
			}
			return nil, restate.ToTerminalError(errors.New("no ünicode"), restate.WithErrorCode(restate.Code(code)), restate.WithMetadata("x", "é"))
		}},
		run: func(s *session) {
			for _, code := range []int{400, 404, 409, 418, 429, 470, 500, 502, 599} {
				s.call("/Plain/Do", fmt.Sprint(code))
			}
		},
	},
	"a code that is no HTTP status": {
		programs: map[string]program{"": func(x *run) (any, error) {
			var code int
			if _, err := fmt.Sscan(x.With(), &code); err != nil {
				return nil, err
			}
			return nil, restate.ToTerminalError(errors.New("odd"), restate.WithErrorCode(restate.Code(code)))
		}},
		run: func(s *session) {
			for _, code := range []int{1, 99, 204, 302, 600, 999, 1000, 65535} {
				s.call("/Plain/Do", fmt.Sprint(code))
			}
		},
	},
	"a handler fails and is tried again": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			if n := x.Nth("start"); n < 4 {
				return nil, fmt.Errorf("failure %d", n)
			}
			return "at last", nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"a panic is tried again": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			if x.Nth("start") < 2 {
				panic("ouch")
			}
			return "at last", nil
		}},
		run: func(s *session) { s.call("/Plain/Do", "") },
	},
	"the last attempt ends the invocation": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			if x.With() == "later" {
				if _, err := x.step("before", "", nil); err != nil {
					return nil, err
				}
			}
			return nil, fmt.Errorf("failure %d", x.Nth("start"))
		}},
		run: func(s *session) {
			s.call("/Plain/Thrice", "")
			s.call("/Plain/Thrice", "later")
		},
	},
	"a handler takes another path": {
		fails: true,
		programs: map[string]program{"": func(x *run) (any, error) {
			if x.Nth("start") == 1 {
				if _, err := x.step("one", "", nil); err != nil {
					return nil, err
				}
				return nil, errors.New("again")
			}
			if x.With() == "name" {
				return x.step("two", "", nil)
			}
			return nil, restate.Sleep(x.ctx, time.Millisecond, restate.WithName("another"))
		}},
		run: func(s *session) {
			s.call("/Plain/Thrice", "name")
			s.call("/Plain/Thrice", "")
		},
	},
	"an invocation is killed while it backs off": {
		programs: map[string]program{"": func(x *run) (any, error) {
			if _, err := x.step("one", "", nil); err != nil {
				return nil, err
			}
			return nil, errors.New("never")
		}},
		run: func(s *session) {
			id := s.send("/Plain/Slow/send", "", "")
			s.await(id, admin.StatusBackingOff)
			s.env.Invocation(id).Kill()
			s.attach(id)
		},
	},
	"what cannot be done to an invocation that is over": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			id := s.call("/Plain/Do", "").Header.Get(idHeader)
			s.get("/restate/invocation/" + id + "/attach")
			s.env.Invocation(id).AwaitStatus(admin.StatusCompleted)
			s.request(http.MethodPost, "/restate/awakeables/sign_1"+strings.Repeat("A", 38)+"/resolve", []byte("1"), "Content-Type", "application/json")
		},
	},
	"a result is not JSON": {
		programs: map[string]program{"": func(*run) (any, error) { return nil, nil }},
		run:      func(s *session) { s.call("/Plain/Do", "") },
	},
	"the input is large": {
		programs: map[string]program{"": func(x *run) (any, error) { return len(x.With()), nil }},
		run: func(s *session) {
			s.request(http.MethodPost, "/Bytes/raw", make([]byte, 1<<20), "Content-Type", "application/octet-stream")
		},
	},
}
