package scope_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/sdktest"
)

// heldSDK does what a test wants in some of its methods.
type heldSDK struct {
	sdktest.SDK
	log   *slog.Logger
	set   func()
	sleep func(time.Duration) restate.TerminalError
}

func (h *heldSDK) Set(string, any, ...restate.SetOption) { h.set() }

func (h *heldSDK) Sleep(d time.Duration, _ ...restate.SleepOption) restate.TerminalError {
	return h.sleep(d)
}

func (h *heldSDK) Log() *slog.Logger {
	if h.log == nil {
		return h.SDK.Log()
	}
	return h.log
}

// opened is a scope and what a handler has of it.
type opened struct {
	restate.Context
	close func()
}

func openHeld(ctx restate.MockableContext) opened {
	mock, owner := sdktest.Open(ctx, sdktest.Exclusive)
	return opened{restate.WithMockContext(mock), owner.Close}
}

func (o opened) set() { restate.Set(o.Context.(restate.ObjectContext), "k", 1) }

func thrown(do func()) (r any) {
	defer func() { r = recover() }()
	do()
	return nil
}

func TestNothingReachesTheSDKOnceCloseHasReturned(t *testing.T) {
	t.Parallel()
	for range 300 {
		var over, late atomic.Bool
		inside := 0 // the race detector sees to it that nobody is with another
		ctx := openHeld(&heldSDK{SDK: sdktest.New(context.Background()), set: func() {
			inside++
			if over.Load() {
				late.Store(true)
			}
		}})
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 3 {
			wg.Go(func() {
				<-begin
				for {
					err, _ := thrown(ctx.set).(error)
					switch {
					case errors.Is(err, sdk.ErrReturned):
						return
					case err != nil && !errors.Is(err, sdk.ErrConcurrentUse):
						t.Error(err)
						return
					}
				}
			})
		}
		close(begin)
		ctx.close()
		over.Store(true)
		wg.Wait()
		require.False(t, late.Load(), "an operation began after the end")
		inside++
	}
}

func TestCloseEndsWhatAnotherGoroutineIsInsideOf(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun := make(chan struct{})
	aborted := false
	exchange := &sdk.Exchange{Abort: func() {
		aborted = true
		cancel()
	}}
	ctx := openHeld(&heldSDK{
		SDK: sdktest.New(sdk.WithExchange(base, exchange)), log: slog.New(sdk.LogHandler(slog.NewTextHandler(&log, nil))),
		sleep: func(time.Duration) restate.TerminalError {
			close(begun)
			<-base.Done()
			panic(base.Err()) // as the SDK does
		},
	})
	failure := make(chan error)
	go func() { failure <- restate.Sleep(ctx, time.Hour) }()
	<-begun
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		ctx.close()
	}()
	err := <-failure
	<-closed
	require.True(t, aborted)
	require.ErrorIs(t, err, sdk.ErrReturned)
	require.EqualError(t, err, "durable: restate.Sleep after the end of cart/Add (inv_fake): "+sdk.ErrReturned.Error())
	require.Contains(t, log.String(), `level=ERROR msg="the handler returned while another goroutine used its ctx; the operation is ended" operation=restate.Sleep`)
}

func TestCloseWaitsForWhatCannotBeEndedAndSaysSo(t *testing.T) {
	t.Parallel()
	said := make(chan string, 10)
	begun, release := make(chan struct{}), make(chan struct{})
	ctx := openHeld(&heldSDK{
		SDK: sdktest.New(context.Background()), log: slog.New(telling(said)),
		set: func() {
			close(begun)
			<-release // in the user's code that encodes a value, say
		},
	})
	inside := make(chan any)
	go func() { inside <- thrown(ctx.set) }()
	<-begun
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		ctx.close()
	}()
	require.Equal(t, "the handler returned while another goroutine used its ctx; the operation is ended", <-said)
	require.Equal(t, "the attempt cannot end: another goroutine does not come back from an operation of its ctx", <-said)
	select {
	case <-closed:
		require.Fail(t, "the SDK got its state machine back while somebody was inside")
	default:
	}
	close(release)
	require.Nil(t, <-inside, "it was done before the end")
	<-closed
	require.ErrorIs(t, thrown(ctx.set).(error), sdk.ErrReturned)
}

// telling is a log handler that tells messages.
type telling chan<- string

func (t telling) Enabled(context.Context, slog.Level) bool { return true }
func (t telling) WithAttrs([]slog.Attr) slog.Handler       { return t }
func (t telling) WithGroup(string) slog.Handler            { return t }

func (t telling) Handle(_ context.Context, r slog.Record) error {
	t <- r.Message
	return nil
}

func TestOneGoroutineIsInsideAtATime(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	ctx := openHeld(&heldSDK{SDK: sdktest.New(context.Background()), set: func() {}, sleep: func(time.Duration) restate.TerminalError {
		close(begun)
		<-release
		return nil
	}})
	slept := make(chan error)
	go func() {
		if err := restate.Sleep(ctx, time.Hour); err != nil {
			slept <- err
		}
		close(slept)
	}()
	<-begun
	err := thrown(ctx.set).(error)
	require.ErrorIs(t, err, sdk.ErrConcurrentUse)
	require.NotErrorIs(t, err, sdk.ErrInsideRun)
	require.EqualError(t, err, "durable: restate.Set while restate.Sleep of cart/Add (inv_fake) is under way: "+sdk.ErrConcurrentUse.Error())
	// An error of the SDK's would be terminal, and end the invocation.
	require.ErrorIs(t, thrown(func() { _ = restate.Sleep(ctx, 1) }).(error), sdk.ErrConcurrentUse)
	close(release)
	require.NoError(t, <-slept)
	require.Nil(t, thrown(ctx.set))
}

func TestAnOperationThatPanicsIsLeft(t *testing.T) {
	t.Parallel()
	ctx := openHeld(&heldSDK{
		SDK: sdktest.New(context.Background()), set: func() { panic("as the SDK does") },
		sleep: func(time.Duration) restate.TerminalError { panic("as the SDK does") },
	})
	for range 2 {
		require.Equal(t, "as the SDK does", thrown(ctx.set))
		require.Equal(t, "as the SDK does", thrown(func() { _ = restate.Sleep(ctx, 1) }))
	}
}

func TestClosingTwiceIsClosingOnce(t *testing.T) {
	t.Parallel()
	ctx := openHeld(sdktest.New(context.Background()))
	ctx.close()
	ctx.close()
	_, err := scope.Find(ctx)
	require.ErrorIs(t, err, sdk.ErrReturned)
	_, _, err = scope.Context(context.WithValue(ctx, outer{}, 1))
	require.ErrorIs(t, err, sdk.ErrReturned)
	require.Contains(t, err.Error(), "durable: FromContext after the end of cart/Add (inv_fake)")
}

func TestASuspensionOnAnotherGoroutineIsAnErrorThereAndArrivesWhereTheHandlerIs(t *testing.T) {
	t.Parallel()
	suspension := sdktest.Suspension(t)
	ctx := openHeld(&heldSDK{
		SDK: sdktest.New(context.Background()), set: func() {},
		sleep: func(time.Duration) restate.TerminalError { panic(suspension) },
	})
	strayed := make(chan error)
	go func() { strayed <- restate.Sleep(ctx, time.Hour) }()
	err := <-strayed
	require.ErrorIs(t, err, sdk.ErrConcurrentUse)
	require.Contains(t, err.Error(), "durable: restate.Sleep of cart/Add (inv_fake) on another goroutine than the handler's, which ends with the attempt")
	// Nothing is done in an attempt that is suspended.
	require.ErrorIs(t, thrown(ctx.set).(error), sdk.ErrConcurrentUse)
	require.Equal(t, suspension, thrown(func() { ctx.close() }))
}

func TestASuspensionThatAHandlerRecoveredIsThereAgain(t *testing.T) {
	t.Parallel()
	suspension := sdktest.Suspension(t)
	var first, second, end any
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) {
		ctx := openHeld(&heldSDK{
			SDK: sdktest.New(context.Background()), set: func() {},
			sleep: func(time.Duration) restate.TerminalError { panic(suspension) },
		})
		first = thrown(func() { _ = restate.Sleep(ctx, 1) })
		second = thrown(ctx.set)
		end = thrown(func() { ctx.close() })
		return restate.Void{}, nil
	}))
	sdktest.Invoke(t, def)
	require.Equal(t, []any{suspension, suspension, suspension}, []any{first, second, end})
}

func TestRescueMakesAnErrorOfAMisuseAndLetsOtherPanicsPass(t *testing.T) {
	t.Parallel()
	ctx := openHeld(sdktest.New(context.Background()))
	ctx.close()
	try := func(do func() error) (err error) {
		defer sdk.Rescue(&err)
		return do()
	}
	own := errors.New("own")
	require.NoError(t, try(func() error { return nil }))
	require.Equal(t, own, try(func() error { return own }))
	for name, do := range map[string]func() error{
		"a panic": func() error {
			ctx.set()
			return nil
		},
		"an error": func() error { return restate.Sleep(ctx, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			err := try(do)
			require.ErrorIs(t, err, sdk.ErrReturned, name)
			require.False(t, restate.IsTerminalError(err), name)
		})
	}
	require.Equal(t, "another", thrown(func() { _ = try(func() error { panic("another") }) }))
}
