package scope_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/sdktest"
)

type (
	outer struct{}
	inner struct{}
)

// open opens a scope and returns the context that a handler gets.
func open(ctx restate.MockableContext, target *handler.Target) restate.Context {
	own, _ := sdktest.Open(ctx, target)
	return restate.WithMockContext(own)
}

func insideRun(ctx context.Context) bool {
	_, err := scope.Find(ctx)
	return errors.Is(err, sdk.ErrInsideRun)
}

// find returns the scope that must be there.
func find(t testing.TB, ctx context.Context) *scope.Scope {
	t.Helper()
	s, err := scope.Find(ctx)
	require.NoError(t, err)
	return s
}

func TestFindFollowsTheContext(t *testing.T) {
	t.Parallel()
	ctx := open(sdktest.New(context.Background()), sdktest.Exclusive)
	s := find(t, ctx)
	require.Same(t, sdktest.Exclusive, s.Target())
	child, cancel := context.WithTimeout(context.WithValue(ctx, outer{}, 1), time.Hour)
	defer cancel()
	for name, c := range map[string]context.Context{
		"a child":                      child,
		"a detached child":             context.WithoutCancel(child),
		"a value of the SDK's":         restate.WithValue(ctx, outer{}, 1),
		"wrapped twice":                restate.WrapContext(restate.WrapContext(ctx, child), context.WithValue(child, inner{}, 2)),
		"wrapped around a stranger":    restate.WrapContext(ctx, context.Background()),
		"a child of a wrapped context": context.WithValue(restate.WithValue(ctx, outer{}, 1), inner{}, 2),
	} {
		t.Run(name, func(t *testing.T) {
			require.Same(t, s, find(t, c), name)
		})
	}

	none, err := scope.Find(context.Background())
	require.Nil(t, none)
	require.ErrorIs(t, err, scope.ErrNone)
	_, none, err = scope.Context(context.Background())
	require.Nil(t, none)
	require.ErrorIs(t, err, scope.ErrNone)
}

func TestTheStrangersScopeIsNotBorrowed(t *testing.T) {
	t.Parallel()
	mine, other := open(sdktest.New(context.Background()), sdktest.Exclusive), open(sdktest.New(context.Background()), sdktest.Shared)
	stranger := context.WithValue(context.Context(other), outer{}, "lent")
	wrapped := restate.WrapContext(mine, stranger)
	require.Equal(t, "lent", wrapped.Value(outer{}))
	require.Same(t, sdktest.Exclusive, find(t, wrapped).Target(), "the scope of another attempt")

	kept := restate.WrapContext(restate.WithValue(mine, inner{}, "own"), stranger)
	require.Equal(t, "lent", kept.Value(outer{}))
	require.Equal(t, "own", kept.Value(inner{}), "wrapping lost what was there")

	again := restate.WithValue(wrapped, inner{}, "own")
	require.Equal(t, "lent", again.Value(outer{}))
	require.Equal(t, "own", again.Value(inner{}))
	require.Same(t, sdktest.Exclusive, find(t, again).Target())
}

func TestContextsHaveWhatTheyDescendFrom(t *testing.T) {
	t.Parallel()
	base := context.WithValue(context.Background(), outer{}, "from the request")
	ctx := open(sdktest.New(base), sdktest.Service)
	require.Equal(t, "from the request", ctx.Value(outer{}))
	_, limited := ctx.Deadline()
	require.False(t, limited)

	child, cancel := context.WithTimeout(context.WithValue(ctx, inner{}, "child"), time.Hour)
	found, _, err := scope.Context(child)
	require.NoError(t, err)
	require.Equal(t, "from the request", found.Value(outer{}))
	require.Equal(t, "child", found.Value(inner{}))
	want, _ := child.Deadline()
	got, limited := found.Deadline()
	require.True(t, limited)
	require.Equal(t, want, got)
	require.NoError(t, found.Err())
	cancel()
	<-found.Done()
	require.ErrorIs(t, found.Err(), context.Canceled)
	require.NoError(t, ctx.Err(), "a child ended its parent")

	// A context of the SDK's is found as it is.
	same, _, err := scope.Context(ctx)
	require.NoError(t, err)
	require.Equal(t, ctx, same)
	// What WrapContext gives has the deadline of what descends from the scope, and
	// not that of a stranger.
	limitedChild, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	_, limited = restate.WrapContext(ctx, limitedChild).Deadline()
	require.True(t, limited)
	stranger, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	_, limited = restate.WrapContext(ctx, stranger).Deadline()
	require.False(t, limited)
}

func TestClosuresSeeTheContextThatRunWasCalledOn(t *testing.T) {
	t.Parallel()
	type seen struct {
		Outer, Inner any
		Limited      bool
		Cancelled    bool
		Inside       bool
	}
	look := func(rc restate.RunContext) (seen, error) {
		_, limited := rc.Deadline()
		return seen{rc.Value(outer{}), rc.Value(inner{}), limited, rc.Err() != nil, insideRun(rc)}, nil
	}
	fake := sdktest.New(context.WithValue(context.Background(), outer{}, "request"))
	ctx := open(fake, sdktest.Exclusive)
	limited, cancel := context.WithTimeout(context.WithValue(ctx, inner{}, "child"), time.Hour)
	cancelled, cancelNow := context.WithCancel(ctx)
	cancelNow()
	defer cancel()
	of := func(c context.Context) restate.Context {
		found, _, err := scope.Context(c)
		require.NoError(t, err)
		return found
	}
	for name, tt := range map[string]struct {
		ctx  restate.Context
		want seen
	}{
		"the handler's":            {ctx, seen{Outer: "request", Inside: true}},
		"a child with a deadline":  {of(limited), seen{Outer: "request", Inner: "child", Limited: true, Inside: true}},
		"a child that ended":       {of(cancelled), seen{Outer: "request", Cancelled: true, Inside: true}},
		"a value of the SDK's":     {restate.WithValue(ctx, inner{}, "wrapped"), seen{Outer: "request", Inner: "wrapped", Inside: true}},
		"wrapped around a child":   {restate.WrapContext(ctx, limited), seen{Outer: "request", Inner: "child", Limited: true, Inside: true}},
		"wrapped around a foreign": {restate.WrapContext(ctx, context.WithValue(context.Background(), inner{}, "lent")), seen{Outer: "request", Inner: "lent", Inside: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := restate.Run(tt.ctx, look)
			require.NoError(t, err, name)
			require.Equal(t, tt.want, got, name)
			restate.RunAsync(tt.ctx, look)
			want, encodeErr := json.Marshal(tt.want)
			require.NoError(t, encodeErr)
			require.Equal(t, []string{string(want)}, fake.RunStarted(), name)
		})
	}
	require.False(t, insideRun(ctx), "after the steps")
}

func TestInsideASynchronousStepTheHandlersContextIsRefusedToo(t *testing.T) {
	t.Parallel()
	ctx := open(sdktest.New(context.Background()), sdktest.Service)
	child := context.WithValue(ctx, outer{}, 1)
	for _, c := range []context.Context{ctx, child, restate.WithValue(ctx, outer{}, 1)} {
		t.Run(fmt.Sprintf("%T", c), func(t *testing.T) {
			inside, err := restate.Run(ctx, func(restate.RunContext) (bool, error) {
				_, s, err := scope.Context(c)
				require.NotNil(t, s)
				return errors.Is(err, sdk.ErrInsideRun), nil
			})
			require.NoError(t, err)
			require.True(t, inside)
		})
	}
	require.NotNil(t, find(t, ctx))

	// Also when the step panics, as the SDK does to suspend.
	require.Panics(t, func() {
		_, _ = restate.Run(ctx, func(restate.RunContext) (int, error) { panic("suspend") })
	})
	require.NotNil(t, find(t, ctx))
}

func TestOnlyExclusiveHandlersWrite(t *testing.T) {
	t.Parallel()
	write := map[string]func(restate.ObjectContext){
		"Set":      func(ctx restate.ObjectContext) { restate.Set(ctx, "k", 1) },
		"Clear":    func(ctx restate.ObjectContext) { restate.Clear(ctx, "k") },
		"ClearAll": restate.ClearAll,
	}
	for op, do := range write {
		t.Run(op, func(t *testing.T) {
			ctx := open(sdktest.New(context.Background()), sdktest.Exclusive)
			require.NotPanics(t, func() { do(ctx.(restate.ObjectContext)) }, op)
			require.NotPanics(t, func() { do(restate.WithValue(ctx, outer{}, 1).(restate.ObjectContext)) }, op)

			// The SDK's context has every method, whatever the handler is.
			for _, target := range []*handler.Target{sdktest.Shared, sdktest.Service} {
				ctx = open(sdktest.New(context.Background()), target)
				for _, c := range []restate.Context{ctx, restate.WithValue(ctx, outer{}, 1)} {
					require.PanicsWithError(t, "durable: "+op+" in "+target.Service+"/"+target.Handler+": a "+target.Mode.String()+
						" handler cannot write state; let an exclusive handler do it", func() { do(c.(restate.ObjectContext)) })
				}
			}
		})
	}
}

func TestStoreKeepsValuesForTheAttempt(t *testing.T) {
	t.Parallel()
	one, two := find(t, open(sdktest.New(context.Background()), sdktest.Shared)), find(t, open(sdktest.New(context.Background()), sdktest.Shared))
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if kept := one.LoadOrStore(i, i*i); kept != i*i {
				t.Errorf("kept %v, not %d", kept, i*i)
			}
			one.LoadOrStore(i, "too late")
			v, ok := one.Load(i)
			require.True(t, ok)
			require.Equal(t, i*i, v)
		})
	}
	wg.Wait()
	_, ok := two.Load(3)
	require.False(t, ok, "it was stored in another attempt")
}

func TestReplayingIsWhatTheSDKTellsItsLogHandler(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]slog.Handler{
		"a handler that writes nothing":    slog.DiscardHandler,
		"a handler for errors alone":       slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: slog.LevelError + 100}),
		"a handler that writes all":        slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: slog.LevelDebug}),
		"a handler with attributes":        sdk.LogHandler(slog.DiscardHandler).WithAttrs([]slog.Attr{slog.Int("a", 1)}),
		"a handler with a group":           sdk.LogHandler(slog.DiscardHandler).WithGroup("g"),
		"a handler that was wrapped twice": sdk.LogHandler(sdk.LogHandler(slog.DiscardHandler)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, want := range []bool{true, false, true} {
				fake := &sdktest.Replaying{SDK: sdktest.New(context.Background()), Handler: sdk.LogHandler(h), Now: want}
				ctx := open(fake, sdktest.Exclusive)
				s := find(t, ctx)
				require.Equal(t, want, s.Replaying(), name)
				require.Equal(t, want, s.Replaying(), "asked again")
				fake.Now = false // by an operation, which alone changes it
				restate.Clear(ctx.(restate.ObjectContext), "k")
				require.False(t, s.Replaying(), name)
			}
		})
	}
}

func TestLogHandlerSilencesReplay(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := sdk.LogHandler(slog.NewTextHandler(&out, nil))
	require.Equal(t, h, sdk.LogHandler(h), "what knows of replay is left as it is")
	log := slog.New(h).With("a", 1)
	source := func(replaying bool) context.Context {
		return sdklog.WithLogContext(context.Background(), &sdklog.LogContext{Source: sdklog.LogSourceUser, IsReplaying: replaying})
	}
	log.InfoContext(source(true), "replayed")
	require.Empty(t, out.String())
	log.InfoContext(source(false), "live")
	log.DebugContext(source(false), "below the handler's level")
	log.Info("outside")
	require.Contains(t, out.String(), "msg=live a=1")
	require.Contains(t, out.String(), "msg=outside a=1")
	require.NotContains(t, out.String(), "below")
}
