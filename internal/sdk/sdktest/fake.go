// Package sdktest has what stands in for the SDK in the tests of what lies around its
// contexts.
package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	sdklog "github.com/restatedev/sdk-go/logging"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// fakeSDK stands where the SDK's context of an attempt does. Its type parameter is
// the SDK's future of RunAsync, for which there is no name.
type fakeSDK[F any] struct {
	restate.MockableContext // nil: what is not faked panics
	ctx                     context.Context
	log                     *slog.Logger
	started                 []func(restate.RunContext) (any, error) // by RunAsync
	state                   map[string]any
}

// SDK is the context of an attempt that no server knows of.
type SDK interface {
	restate.MockableContext
	// RunStarted runs what RunAsync started, as the SDK does while it waits.
	// The results are encoded, errors are not.
	RunStarted() []string
}

// New returns a context with the values, deadline and cancellation of ctx.
func New(ctx context.Context) SDK { return infer(restate.MockableContext.RunAsync, ctx) }

func infer[F any](_ func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) F, ctx context.Context) SDK {
	f := &fakeSDK[F]{ctx: ctx, log: slog.New(slog.DiscardHandler), state: map[string]any{}}
	return any(f).(SDK)
}

func (f *fakeSDK[F]) Deadline() (time.Time, bool)                 { return f.ctx.Deadline() }
func (f *fakeSDK[F]) Done() <-chan struct{}                       { return f.ctx.Done() }
func (f *fakeSDK[F]) Err() error                                  { return f.ctx.Err() }
func (f *fakeSDK[F]) Value(k any) any                             { return f.ctx.Value(k) }
func (f *fakeSDK[F]) Log() *slog.Logger                           { return f.log }
func (f *fakeSDK[F]) Request() *restate.Request                   { return &restate.Request{ID: "inv_fake"} }
func (f *fakeSDK[F]) Set(k string, v any, _ ...restate.SetOption) { f.state[k] = v }
func (f *fakeSDK[F]) Clear(k string)                              { delete(f.state, k) }
func (f *fakeSDK[F]) ClearAll()                                   { clear(f.state) }

func (f *fakeSDK[F]) Run(fn func(restate.RunContext) (any, error), output any, _ ...restate.RunOption) restate.TerminalError {
	v, err := fn(fakeRunContext{f.ctx, f.log})
	if err != nil {
		return restate.ToTerminalError(err)
	}
	b, err := encoding.Marshal(encoding.JSONCodec, v)
	if err == nil {
		err = json.Unmarshal(b, output)
	}
	return restate.ToTerminalError(err)
}

func (f *fakeSDK[F]) RunAsync(fn func(restate.RunContext) (any, error), _ ...restate.RunOption) F {
	f.started = append(f.started, fn)
	var none F
	return none
}

func (f *fakeSDK[F]) RunStarted() (results []string) {
	for _, fn := range f.started {
		v, err := fn(fakeRunContext{f.ctx, f.log})
		b, encodeErr := encoding.Marshal(encoding.JSONCodec, v)
		if err = errors.Join(err, encodeErr); err != nil {
			b = []byte(err.Error())
		}
		results = append(results, string(b))
	}
	f.started = nil
	return results
}

type fakeRunContext struct {
	context.Context
	log *slog.Logger
}

func (c fakeRunContext) Log() *slog.Logger         { return c.log }
func (c fakeRunContext) Request() *restate.Request { return nil }

// Replaying is an SDK that says whether it replays, in the way the SDK does.
type Replaying struct {
	SDK
	Now     bool
	Handler slog.Handler
}

// Log returns a logger that tells Handler of replay.
func (r *Replaying) Log() *slog.Logger { return slog.New(injecting{r.Handler, r}) }

// injecting tells its handler of replay, as the SDK's does.
type injecting struct {
	slog.Handler
	r *Replaying
}

func (h injecting) Enabled(ctx context.Context, l slog.Level) bool {
	lc := &sdklog.LogContext{Source: sdklog.LogSourceUser, IsReplaying: h.r.Now}
	return h.Handler.Enabled(sdklog.WithLogContext(ctx, lc), l)
}

// The handlers that attempts run.
var (
	Service   = &handler.Target{Service: "payments", Handler: "Charge", Kind: handler.Service, Mode: handler.Concurrent}
	Exclusive = &handler.Target{Service: "cart", Handler: "Add", Kind: handler.Object, Mode: handler.Exclusive}
	Shared    = &handler.Target{Service: "cart", Handler: "Total", Kind: handler.Object, Mode: handler.Shared}
)

// Owner owns attempts and counts their steps, around which it puts nothing.
type Owner struct {
	scope.Scope
	Closures int
}

// WrapStep implements sdk.Owner.
func (o *Owner) WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), _ bool, _ ...restate.RunOption) func(restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) {
		o.Closures++
		out, err := fn(ctx)
		if err != nil {
			return nil, err
		}
		return encode(out)
	}
}

// SDKPanicked implements sdk.Owner.
func (*Owner) SDKPanicked(any) {}

// SDKRecovered implements sdk.Owner.
func (*Owner) SDKRecovered() {}

// RetryDelay implements sdk.Owner.
func (*Owner) RetryDelay() (time.Duration, bool) { return 0, false }

// Pauses implements sdk.Owner.
func (*Owner) Pauses() bool { return false }

// Failure implements sdk.Owner.
func (*Owner) Failure() (sdk.FailureKind, error) { return sdk.FailurePlain, nil }

// StepReplayed implements sdk.Owner.
func (*Owner) StepReplayed() {}

// Open opens an attempt around a context of the SDK's.
func Open(ctx restate.MockableContext, target *handler.Target) (restate.MockableContext, *Owner) {
	own, owner := sdk.Opener[Owner]()(ctx)
	owner.Serve(target)
	return own, owner
}
