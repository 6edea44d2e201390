package durable_test

import (
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// Late is what a Hurry sends to.
type Late struct{ came chan string }

func (l *Late) Come(_ restate.Context, in string) error {
	l.came <- in
	return nil
}

// Hurry waits for times that have passed.
type Hurry struct {
	late     rpc.Service[*Late]
	lateName string
	tries    atomic.Int64
}

func (h *Hurry) Sleep(ctx restate.Context, d time.Duration) error {
	return terminal(0, restate.Sleep(ctx, d, restate.WithName("no time")))
}

func (h *Hurry) SleepBelow(ctx restate.Context, d time.Duration) error {
	return terminal(0, restate.Sleep(restate.WithValue(ctx, clerk{}, "Ada"), d))
}

func (h *Hurry) After(ctx restate.Context, d time.Duration) error {
	return terminal(0, restate.After(ctx, d).Done())
}

func (h *Hurry) WaitFirst(ctx restate.Context, d time.Duration) error {
	timer := restate.After(ctx, d)
	first, err := restate.WaitFirst(ctx, restate.Awakeable[int](ctx), timer)
	if err == nil && first != restate.Future(timer) {
		return restate.TerminalErrorf("another came first")
	}
	return terminal(0, err)
}

func (h *Hurry) Await(ctx restate.Context, d time.Duration) error {
	return second(durable.After(ctx, d).Await(ctx))
}

func (h *Hurry) OrTimeout(ctx restate.Context, d time.Duration) error {
	awakeable := restate.Awakeable[int](ctx)
	_, err := durable.FutureOf(awakeable, awakeable.Result).OrTimeout(ctx, d).Await(ctx)
	if durable.IsTimeout(err) {
		return nil
	}
	return restate.TerminalErrorf("%v", err)
}

func (h *Hurry) Send(ctx restate.Context, d time.Duration) error {
	return second(rpc.SendVoid(ctx, h.late, (*Late).Come, "Send", restate.WithDelay(d)))
}

func (h *Hurry) SendNamed(ctx restate.Context, d time.Duration) error {
	return second(rpc.Named[string, restate.Void](h.lateName, "Come").Send(ctx, "SendNamed",
		restate.WithDelay(d), restate.WithHeaders(map[string]string{"a": "b"})))
}

func (h *Hurry) SendSDK(ctx restate.Context, d time.Duration) error {
	restate.ServiceSend(ctx, h.lateName, "Come").Send("SendSDK", restate.WithDelay(d))
	return nil
}

// Step fails once, and asks for a retry before now.
func (h *Hurry) Step(ctx restate.Context, d time.Duration) (int, error) {
	return terminated(restate.Run(ctx, func(restate.RunContext) (int, error) {
		if h.tries.Add(1)%2 == 1 {
			return 0, errors.New("every other try")
		}
		return 1, nil
	}, restate.WithInitialRetryInterval(d), restate.WithMaxRetryInterval(d), restate.WithMaxRetryAttempts(5)))
}

func TestTimeThatHasPassedIsNoTime(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64 // the least delay that an interceptor saw
	name, lateName := testkit.Unique("hurry"), testkit.Unique("late")
	late := &Late{came: make(chan string, 100)}
	testkit.Start(t,
		fxrestate.Service[*Late](testkit.Made(late), fxrestate.Name(lateName)),
		fxrestate.Service[*Hurry](func(c rpc.Service[*Late]) *Hurry { return &Hurry{late: c, lateName: lateName} },
			fxrestate.Name(name), testkit.RetrySoon(),
			fxrestate.CallInterceptors(func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
				seen.Store(min(seen.Load(), int64(c.Delay)))
				return next(ctx, c)
			})),
	)
	for how, d := range map[string]time.Duration{
		"one nanosecond ago":    -1,
		"a minute ago":          -time.Minute,
		"before the year 1970":  -100 * 365 * 24 * time.Hour,
		"at the zero time":      time.Until(time.Time{}),
		"as long ago as can be": math.MinInt64,
	} {
		for _, handler := range []string{"Sleep", "SleepBelow", "After", "WaitFirst", "Await", "OrTimeout", "Send", "SendNamed", "SendSDK", "Step"} {
			t.Run(handler+" "+how, func(t *testing.T) {
				testkit.Post(t, testkit.Path(name, handler), d)
				if handler[:4] == "Send" {
					require.Equal(t, handler, testkit.Receive(t, late.came, "what was sent"))
				}
			})
		}
	}
	require.Zero(t, seen.Load())
}
