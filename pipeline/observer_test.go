package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

// contextObserver makes something of the attempt's context.
type contextObserver struct {
	pipeline.ObserverBase
	started func(context.Context) context.Context
}

func (o contextObserver) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	return context.WithValue(o.started(ctx), spanKey{}, "span")
}

func TestNothingButValuesOfAnObserversContextCounts(t *testing.T) {
	t.Parallel()
	expired := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, 0)
		cancel()
		return ctx
	}
	tests := map[string]struct {
		started func(context.Context) context.Context
		end     bool // the attempt's context
		want    pipeline.Outcome
	}{
		"its end":                         {expired, false, pipeline.Terminal},
		"its end, after the attempt's":    {expired, true, pipeline.Aborted},
		"that it never ends":              {context.WithoutCancel, true, pipeline.Aborted},
		"that it ends with the attempt's": {func(ctx context.Context) context.Context { return ctx }, true, pipeline.Aborted},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			ctx, cancel := context.WithCancel(f.Context)
			defer cancel()
			f.Context = ctx
			var end pipeline.Ending
			guarded, letters := false, 0
			_, err := runFake(t, f, pipeline.Config{
				Handler: pipeline.Stages{
					Observers: []pipeline.Observer{
						contextObserver{started: tt.started},
						pipeline.ObserverFunc(func(_ context.Context, _ *pipeline.Invocation, e pipeline.Ending) { end = e }),
					},
					Guards: []pipeline.Guard{pipeline.GuardFunc(func(ctx context.Context, _ *pipeline.Invocation) (bool, error) {
						guarded = ctx.Err() == nil && ctx.Value(spanKey{}) == "span"
						return true, nil
					})},
					DeadLetter: &pipeline.DeadLetter{Send: func(restate.Context, pipeline.Letter) error { letters++; return nil }},
				},
				Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) {
					require.NoError(t, ctx.Err())
					require.Equal(t, "span", ctx.Value(spanKey{}))
					_, bounded := ctx.Deadline()
					require.False(t, bounded)
					if tt.end {
						cancel()
						<-ctx.Done()
						require.Error(t, ctx.Err())
					}
					return nil, restate.TerminalErrorf("sold out")
				}),
			})
			require.True(t, guarded)
			require.Equal(t, tt.want, end.Outcome)
			require.Equal(t, tt.want == pipeline.Terminal, restate.IsTerminalError(err))
			require.Equal(t, tt.want == pipeline.Terminal, letters == 1)
		})
	}
}

// striker is an observer that something happens in.
type striker struct {
	*trace
	name string
	at   string
	what func()
}

func (o striker) strike(at string) {
	o.add("%s %s", at, o.name)
	if at == o.at {
		o.what()
	}
}

func (o striker) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	o.strike("started")
	return ctx
}

func (o striker) Panicked(context.Context, *pipeline.Invocation, *pipeline.PanicError) {
	o.strike("panicked")
}

func (o striker) Ended(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
	o.strike("ended")
	o.add("%s heard %s", o.name, end.Outcome)
}

func TestWhateverAnObserverDoesTheOthersAreTold(t *testing.T) {
	t.Parallel()
	goexit, bug, sdk := runtime.Goexit, func() { panic("bug") }, sdkPanic
	tests := map[string]struct {
		at     string
		what   func()
		panics bool // the SDK's panic comes out
		lines  []string
	}{
		"panics at the start": {"started", bug, false, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "b heard retryable", "ended a", "a heard retryable",
		}},
		"ends its goroutine at the start": {"started", goexit, false, []string{
			"started a", "started b",
			"ended b", "b heard aborted", "ended a", "a heard aborted",
		}},
		"panics for the SDK at the start": {"started", sdk, true, []string{
			"started a", "started b",
			"ended b", "b heard retryable", "ended a", "a heard retryable",
		}},
		"panics at a panic": {"panicked", bug, false, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "b heard retryable", "ended a", "a heard retryable",
		}},
		"ends its goroutine at a panic": {"panicked", goexit, false, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard aborted", "ended b", "b heard aborted", "ended a", "a heard aborted",
		}},
		"panics for the SDK at a panic": {"panicked", sdk, true, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "b heard retryable", "ended a", "a heard retryable",
		}},
		"panics at the end": {"ended", bug, false, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "ended a", "a heard retryable",
		}},
		"ends its goroutine at the end": {"ended", goexit, false, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "ended a", "a heard retryable",
		}},
		"panics for the SDK at the end": {"ended", sdk, true, []string{
			"started a", "started b", "started c", "panicked a", "panicked b", "panicked c",
			"ended c", "c heard retryable", "ended b", "ended a", "a heard retryable",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, log, f := &trace{}, newRecorder(), newFake()
			f.log = slog.New(log)
			cfg := pipeline.Config{
				Global: pipeline.Stages{Observers: []pipeline.Observer{
					striker{trace: tr, name: "a"}, striker{tr, "b", tt.at, tt.what}, striker{trace: tr, name: "c"},
				}},
				Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { panic("of the handler") }),
			}
			var escaped any
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { escaped = recover() }()
				_, _ = runFake(t, f, cfg)
			})
			wg.Wait()
			require.Equal(t, tt.lines, tr.lines)
			if strings.HasPrefix(name, "ends") { // Restate gets an error
				require.EqualError(t, escaped.(error), "pipeline: attempt aborted: runtime.Goexit was called")
			} else {
				require.Equal(t, tt.panics, escaped != nil, "%v", escaped)
			}
			if tt.panics {
				require.Empty(t, log.shared.lines)
				return
			}
			require.Len(t, log.shared.lines, 1)
			require.Equal(t, "pipeline: observer panicked", log.shared.lines[0].message)
			require.Equal(t, "pipeline_test.striker", log.shared.lines[0].attrs["observer"])
			require.Contains(t, log.shared.lines[0].attrs["stack"], "striker")
		})
	}
}

func TestAnObserverThatPanicsWhileTheSDKsPanicPassesIsLogged(t *testing.T) {
	t.Parallel()
	tr, log, f := &trace{}, newRecorder(), newFake()
	f.log = slog.New(log)
	require.PanicsWithValue(t, "service definition with the same name exists", func() {
		_, _ = runFake(t, f, pipeline.Config{
			Global: pipeline.Stages{Observers: []pipeline.Observer{
				striker{trace: tr, name: "a"}, striker{tr, "b", "ended", func() { panic("bug") }},
			}},
			Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { sdkPanic(); return nil, nil }),
		})
	})
	require.Equal(t, []string{"started a", "started b", "ended b", "ended a", "a heard retryable"}, tr.lines)
	require.Len(t, log.shared.lines, 1)
	require.Equal(t, "panic: bug", log.shared.lines[0].attrs["err"])
}

func TestTheEndingHasTheSizeOfAResultThatGoesToRestate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		end  bool // the attempt's context
		want int
	}{
		"of a completed attempt": {nil, false, len("bought")},
		"not of one that failed": {restate.TerminalErrorf("sold out"), false, 0},
		"nor of an aborted one":  {nil, true, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			ctx, cancel := context.WithCancel(f.Context)
			defer cancel()
			f.Context = ctx
			size := -1
			_, err := runFake(t, f, pipeline.Config{
				Global: pipeline.Stages{Observers: []pipeline.Observer{
					pipeline.ObserverFunc(func(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) { size = end.OutputSize }),
				}},
				Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) {
					if tt.end {
						cancel()
					}
					return []byte("bought"), tt.err
				}),
			})
			require.Equal(t, tt.err != nil || tt.end, err != nil)
			require.Equal(t, tt.want, size)
		})
	}
}

func TestAnObserverSeesThatItIsOne(t *testing.T) {
	t.Parallel()
	var stages []string
	look := func(ctx context.Context) { stages = append(stages, pipeline.StageOf(ctx)) }
	_, err := runFake(t, newFake(), pipeline.Config{
		Global: pipeline.Stages{
			Observers: []pipeline.Observer{
				contextObserver{started: func(ctx context.Context) context.Context { look(ctx); return ctx }}, spanObserver{look},
			},
			Guards: []pipeline.Guard{pipeline.GuardFunc(func(ctx context.Context, _ *pipeline.Invocation) (bool, error) {
				look(ctx)
				return true, nil
			})},
		},
		Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) { look(ctx); return nil, nil }),
	})
	require.NoError(t, err)
	require.Equal(t, []string{"observer", "guard", "", "observer"}, stages)
}

// An observer's panic is logged while the invocation replays, when the logger of
// the context says nothing.
func TestPanicsAreLoggedWhileAnInvocationReplays(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var mu sync.Mutex
		tries := map[string]int{}
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Handler.Observers = []pipeline.Observer{contextObserver{started: func(ctx context.Context) context.Context {
					panic("of an observer")
				}}}
			},
			method: method(func(ctx restate.Context, _ order) (string, error) {
				for _, step := range []string{"a", "b"} {
					if _, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return step, nil }); err != nil {
						return "", err
					}
					mu.Lock()
					tries[step]++
					n := tries[step]
					mu.Unlock()
					switch {
					case step == "b" && n == 1:
						return "", errors.New("now everything is in the journal")
					case step == "a" && n == 2 && replaying(ctx):
						panic("while it replays")
					}
				}
				return "done", nil
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		panics := a.log.panics(out.id)
		if !always { // there each await is an attempt, and the second is not the one after the failure
			require.Len(t, panics, 1)
			require.Equal(t, "panic: while it replays", panics[0].attrs["err"])
		}
		observer := 0
		for _, line := range a.log.of(out.id) {
			if line.message == "pipeline: observer panicked" {
				observer++
				require.Equal(t, a.service+"/Do", line.attrs["method"])
			}
		}
		require.Equal(t, len(a.watch.of(t, out.id)), observer, "one for each attempt")
	})
}
