package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/concurrency"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/steptimeout"
	"github.com/fxrestate/go/rpc"
)

// PipeMail is called by PipeOffice and tells what headers came with it.
type PipeMail struct{ got chan string }

func (m *PipeMail) Take(ctx restate.Context, what string) (string, error) {
	h := ctx.Request().Headers
	seen := fmt.Sprintf("%s tenant=%s own=%s both=%s", what, h.Get("x-tenant"), h.Get("x-own"), h.Get("x-both"))
	m.got <- seen
	return seen, nil
}

// PipeOffice calls PipeMail with each verb.
type PipeOffice struct {
	mail rpc.Service[*PipeMail]
}

func NewPipeOffice(mail rpc.Service[*PipeMail]) *PipeOffice { return &PipeOffice{mail} }

func (o *PipeOffice) Post(ctx restate.Context) ([]string, error) {
	headers := restate.WithHeaders(map[string]string{"x-own": "own", "x-both": "option"})
	called, err := rpc.Call(ctx, o.mail, (*PipeMail).Take, "call", headers)
	if err != nil {
		return nil, err
	}
	future, err := rpc.Start(ctx, o.mail, (*PipeMail).Take, "future", headers)
	if err != nil {
		return nil, err
	}
	sent, err := rpc.Send(ctx, o.mail, (*PipeMail).Take, "send", headers, restate.WithIdempotencyKey("k"), restate.WithDelay(time.Millisecond))
	if err != nil {
		return nil, err
	}
	answer, err := future.Await(ctx)
	if err != nil {
		return nil, err
	}
	attached, err := sent.Attach(ctx)
	bare, err2 := rpc.Call(ctx, o.mail, (*PipeMail).Take, "bare")
	return []string{called, answer, attached, bare}, errors.Join(err, err2)
}

func (o *PipeOffice) Short(ctx restate.Context) (string, error) {
	out, err := rpc.Call(ctx, o.mail, (*PipeMail).Take, "short")
	if t := restate.AsTerminalError(err); t != nil {
		return fmt.Sprint(t.Code()), nil
	}
	return out, err
}

func TestCallInterceptorsAddHeaders(t *testing.T) {
	t.Parallel()
	trail, mail, office := NewPipeTrail(), testkit.Unique("pipe-mail"), testkit.Unique("pipe-office")
	testkit.Start(t,
		fxrestate.Service[*PipeMail](testkit.Made(&PipeMail{make(chan string, 100)}), fxrestate.Name(mail)),
		fxrestate.Service[*PipeOffice](NewPipeOffice, fxrestate.Name(office),
			fxrestate.CallInterceptors(func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
				c.SetHeader("x-tenant", c.Invocation().Header("x-tenant"))
				c.SetHeader("x-both", "interceptor")
				err := next(ctx, c)
				trail.add("%s %s/%s %v key=%s delay=%v own=%s %v", c.Verb, c.Service, c.Handler, c.Input, c.IdempotencyKey, c.Delay, c.Headers()["x-own"], err)
				return err
			})))
	require.Equal(t, []string{
		"call tenant=acme own=own both=interceptor", "future tenant=acme own=own both=interceptor",
		"send tenant=acme own=own both=interceptor", "bare tenant=acme own= both=interceptor",
	}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(office, "Post"), nil, "X-Tenant", "acme")))
	to := mail + "/Take"
	for _, line := range []string{
		"call " + to + " call key= delay=0s own=own <nil>", "future " + to + " future key= delay=0s own=own <nil>",
		"send " + to + " send key=k delay=1ms own=own <nil>", "call " + to + " bare key= delay=0s own= <nil>",
	} {
		t.Run(line, func(t *testing.T) {
			require.GreaterOrEqual(t, trail.count(line), 1, "%s in %q", line, trail.all())
		})
	}
}

func TestCallInterceptorAnswersItself(t *testing.T) {
	t.Parallel()
	mail, office := testkit.Unique("pipe-mail"), testkit.Unique("pipe-office")
	got := make(chan string, 100)
	testkit.Start(t,
		fxrestate.Service[*PipeMail](testkit.Made(&PipeMail{got}), fxrestate.Name(mail)),
		fxrestate.Service[*PipeOffice](NewPipeOffice, fxrestate.Name(office),
			fxrestate.CallInterceptors(func(_ restate.Context, c *pipeline.Call, _ pipeline.CallNext) error {
				if c.Verb != pipeline.VerbCall {
					return nil // and no call: a mistake
				}
				if c.Invocation().Header("x-refuse") != "" {
					return restate.ToTerminalError(errors.New("no mail today"), restate.WithErrorCode(409))
				}
				*c.Output.(*string) = "from the cache"
				return nil
			})))
	require.Equal(t, "from the cache", testkit.Decode[string](t, testkit.Post(t, testkit.Path(office, "Short"), nil)))
	require.Equal(t, "409", testkit.Decode[string](t, testkit.Post(t, testkit.Path(office, "Short"), nil, "X-Refuse", "1")))
	require.Empty(t, got, "nothing was called")
}

// PipeClerk makes one call of a verb, and does not swallow its error.
type PipeClerk struct {
	mail rpc.Service[*PipeMail]
}

func (c *PipeClerk) Do(ctx restate.Context, verb pipeline.Verb) (string, error) {
	switch verb {
	case pipeline.VerbSend:
		sent, err := rpc.Send(ctx, c.mail, (*PipeMail).Take, "send")
		if err != nil {
			return "", err
		}
		return sent.Attach(ctx)
	case pipeline.VerbFuture:
		f, err := rpc.Start(ctx, c.mail, (*PipeMail).Take, "future")
		if err != nil {
			return "", err
		}
		return f.Await(ctx)
	default:
		return rpc.Call(ctx, c.mail, (*PipeMail).Take, "call")
	}
}

// startClerk runs a clerk whose errors come out at once.
func startClerk(t *testing.T, got chan string, interceptors ...any) (clerk, mail string) {
	clerk, mail = testkit.Unique("pipe-clerk"), testkit.Unique("pipe-mail")
	testkit.Start(t,
		fxrestate.Service[*PipeMail](testkit.Made(&PipeMail{got}), fxrestate.Name(mail)),
		fxrestate.Service[*PipeClerk](func(m rpc.Service[*PipeMail]) *PipeClerk { return &PipeClerk{m} }, fxrestate.Name(clerk),
			restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.KillOnMaxAttempts()),
			fxrestate.CallInterceptors(interceptors...)))
	return clerk, mail
}

func TestCallInterceptorThatMakesNoCallIsAMistake(t *testing.T) {
	t.Parallel()
	got := make(chan string, 100)
	for how, interceptor := range map[string]any{
		"by not calling next": func(restate.Context, *pipeline.Call, pipeline.CallNext) error { return nil },
		"by dropping the error of next": func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
			c.Input = func() {} // does not encode
			_ = next(ctx, c)
			return nil
		},
	} {
		t.Run(how, func(t *testing.T) {
			clerk, mail := startClerk(t, got, interceptor)
			for _, verb := range []pipeline.Verb{pipeline.VerbSend, pipeline.VerbFuture} {
				t.Run(string(verb), func(t *testing.T) {
					require.Equal(t, fmt.Sprintf("%v: %s of %s/Take", pipeline.ErrCallNotMade, verb, mail),
						testkit.Failed(t, testkit.Post(t, testkit.Path(clerk, "Do"), verb)).Message)
				})
			}
		})
	}
	require.Empty(t, got)
}

func TestCallInterceptorCallsNextOnce(t *testing.T) {
	t.Parallel()
	got := make(chan string, 100)
	clerk, mail := startClerk(t, got, func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
		if err := next(ctx, c); err != nil {
			return err
		}
		return next(ctx, c)
	})
	for _, verb := range []pipeline.Verb{pipeline.VerbCall, pipeline.VerbFuture, pipeline.VerbSend} {
		t.Run(string(verb), func(t *testing.T) {
			require.Equal(t, fmt.Sprintf("%v, around the %s of %s/Take", pipeline.ErrNextTwice, verb, mail),
				testkit.Failed(t, testkit.Post(t, testkit.Path(clerk, "Do"), verb)).Message)
			require.Contains(t, testkit.Receive(t, got, "the only call"), verb)
		})
	}
	require.Empty(t, got)
}

func TestCallInterceptorCannotRedirectACall(t *testing.T) {
	t.Parallel()
	got := make(chan string, 100)
	clerk, _ := startClerk(t, got, func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
		c.Service, c.Handler, c.Key, c.IdempotencyKey, c.Delay = "nobody", "Nothing", "k", "i", testkit.Within
		c.Input = c.Input.(string) + " changed"
		return next(ctx, c)
	})
	for _, verb := range []pipeline.Verb{pipeline.VerbCall, pipeline.VerbFuture, pipeline.VerbSend} {
		t.Run(string(verb), func(t *testing.T) {
			require.Contains(t, testkit.Decode[string](t, testkit.Post(t, testkit.Path(clerk, "Do"), verb)), string(verb)+" changed")
		})
	}
}

// PipeStairs has steps of all sorts.
type PipeStairs struct {
	executed atomic.Int32
	failures atomic.Int32
}

func (s *PipeStairs) Climb(ctx restate.Context) (string, error) {
	step := func(ctx restate.RunContext) (string, error) {
		s.executed.Add(1)
		_, limited := ctx.Deadline()
		return fmt.Sprintf("%v %t", ctx.Value(pipeKey{}), limited), nil
	}
	direct, err := restate.Run(ctx, step, restate.WithName("direct"))
	if err != nil {
		return "", err
	}
	async, err := restate.RunAsync(ctx, step, restate.WithName("async")).Result()
	if err != nil {
		return "", err
	}
	below, missing := durable.FromContext(context.WithValue(ctx, pipeKey{}, "Ada"))
	if missing != nil {
		return "", missing
	}
	found, err := restate.Run(below, step, restate.WithName("found"))
	if err != nil {
		return "", err
	}
	foundAsync, err := restate.RunAsync(restate.WithValue(below, pipeKey{}, "Bea"), step, restate.WithName("found async")).Result()
	if err != nil {
		return "", err
	}
	if s.failures.Add(1) < 3 {
		return "", errors.New("slipped")
	}
	return fmt.Sprint(direct, " ", async, " ", found, " ", foundAsync), nil
}

func TestStepInterceptorsRunAroundExecutedClosuresOnly(t *testing.T) {
	t.Parallel()
	trail, stairs, name := NewPipeTrail(), &PipeStairs{}, testkit.Unique("pipe-stairs")
	limit := concurrency.Limit(map[string]int{"direct": 1})
	testkit.Start(t, fxrestate.Service[*PipeStairs](testkit.Made(stairs), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.StepInterceptors(
			func(ctx restate.RunContext, s *pipeline.Step, next pipeline.StepNext) (any, error) {
				trail.add("%s %s", s.Name(), s.Invocation().Handler())
				if _, err := durable.FromContext(ctx); !errors.Is(err, durable.ErrInsideRun) {
					return nil, restate.ToTerminalError(fmt.Errorf("inside a step: %v", err))
				}
				out, err := next(ctx, s)
				return fmt.Sprint("<", out, ">"), err
			},
			steptimeout.New(time.Minute), limit)))
	require.Equal(t, "<<nil> true> <<nil> true> <Ada true> <Bea true>", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Climb"), nil)))
	require.EqualValues(t, 4, stairs.executed.Load())
	require.Equal(t, []string{"direct Climb", "async Climb", "found Climb", "found async Climb"}, trail.all())
}

func TestInjectedFaultsAreOvercome(t *testing.T) {
	t.Parallel()
	stairs, name := &PipeStairs{}, testkit.Unique("pipe-random")
	fails, failed := &fault.Injector{Rate: 0.4, Seed: 7}, &atomic.Int32{}
	testkit.Start(t, fxrestate.Service[*PipeStairs](testkit.Made(stairs), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Interceptors(fails), fxrestate.StepInterceptors(fails),
		fxrestate.Observers(func(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
			// The error of a step comes back from the SDK as text.
			if end.Err != nil && strings.Contains(end.Err.Error(), fault.ErrInjected.Error()) {
				failed.Add(1)
			}
		})))
	require.Equal(t, "<nil> false <nil> false Ada false Bea false", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Climb"), nil)))
	require.GreaterOrEqual(t, stairs.failures.Load(), int32(3))
	require.Positive(t, failed.Load())
}

// PipeSlowStep has a step that outlasts its time, once.
type PipeSlowStep struct{ tries atomic.Int32 }

func (s *PipeSlowStep) Do(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		if s.tries.Add(1) > 1 {
			return "in time", nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(testkit.Within):
			return "late", nil
		}
	})
}

func TestTimeoutEndsAStepWhichIsRetried(t *testing.T) {
	t.Parallel()
	s, name := &PipeSlowStep{}, testkit.Unique("pipe-timeout")
	testkit.Start(t, fx.Options(fxrestate.Service[*PipeSlowStep](testkit.Made(s), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Handler((*PipeSlowStep).Do, fxrestate.StepInterceptors(steptimeout.New(50*time.Millisecond))))))
	require.Equal(t, "in time", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Do"), nil)))
	require.EqualValues(t, 2, s.tries.Load())
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Do"), nil).Status)
}
