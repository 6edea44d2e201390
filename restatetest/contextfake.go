package restatetest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// fake plays an invocation in memory.
type fake struct {
	context.Context

	t        testing.TB
	target   *handler.Target
	registry *handler.Registry
	key      string
	request  *restate.Request
	logger   *slog.Logger
	source   *rand.ChaCha8
	random   *rand.Rand
	patience time.Duration
	log      *record

	*played
}

// played is what the invocation and its wrapped contexts share.
type played struct {
	mu            sync.Mutex
	clock         time.Time
	changed       chan struct{} // closed and made anew when something completed
	completions   int
	cancellations []int // when they came, as with completions
	ids           int
	timers        []*operation // that have not fired
	state         map[string][]byte
	awakeables    map[string]*operation
	hook          func(Awakeable)
	promises      map[string]*promise
	signals       map[string]*signal
	steps         map[string]func() (any, error)
	stubs         map[string]func(Call) (any, error)
	invocations   map[string]func() (any, error)
}

// firstID is the id of an invocation whose test does not choose one.
const firstID = "inv_1000000000000000000000000000000000"

func newFake(t testing.TB, r Request) *fake {
	t.Helper()
	registry, err := handler.NewRegistry()
	if err != nil {
		t.Fatalf("restatetest: %v", err)
	}
	f := &fake{
		Context: r.Context, t: t, registry: registry, key: r.Key, patience: r.Patience, log: new(record),
		target: &handler.Target{Service: "Test", Handler: "Handler", Kind: handler.Object, Mode: handler.Exclusive},
		played: &played{
			clock: r.Time, changed: make(chan struct{}), state: map[string][]byte{}, awakeables: map[string]*operation{},
			promises: map[string]*promise{}, signals: map[string]*signal{}, steps: map[string]func() (any, error){},
			stubs: map[string]func(Call) (any, error){}, invocations: map[string]func() (any, error){},
		},
	}
	if f.Context == nil {
		f.Context = t.Context()
	}
	f.Context = context.WithValue(f.Context, scope.ClockKey{}, f.now)
	if r.Handler != nil {
		ref, err := registry.Resolve(r.Handler)
		if err != nil {
			t.Fatalf("restatetest: Request.Handler: %v", err)
		}
		f.target = ref.Target()
	}
	if f.clock.IsZero() {
		f.clock = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	for key, value := range r.State {
		f.state[key] = f.encodeState(key, value)
	}
	id := r.ID
	if id == "" {
		id = firstID
	}
	f.request = &restate.Request{ID: id, IdempotencyKey: r.IdempotencyKey, Headers: stringMap(r.Headers), AttemptHeaders: map[string][]string{}, Body: r.Body}
	lines := r.Log
	if lines == nil {
		lines = slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	f.logger = slog.New(sdk.LogHandler(lines).WithAttrs([]slog.Attr{slog.String("method", f.name()), slog.String("invocationID", id)}))
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], r.Seed)
	f.source = rand.NewChaCha8(seed)
	f.random = rand.New(rand.NewChaCha8(seed))
	return f
}

// stringMap makes the SDK's map of headers.
func stringMap(headers map[string]string) restate.StringMap {
	return sdk.Options(restate.RequestOption.BeforeRequest, []restate.RequestOption{restate.WithHeaders(headers)}).Headers
}

// owner is what stands around the SDK's context of an attempt: nothing.
type owner struct{ scope.Scope }

// WrapStep implements sdk.Owner.
func (*owner) WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), _ bool, _ ...restate.RunOption) func(restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) {
		out, err := fn(ctx)
		if err != nil {
			return nil, err
		}
		return encode(out)
	}
}

// SDKPanicked implements sdk.Owner.
func (*owner) SDKPanicked(any) {}

// SDKRecovered implements sdk.Owner.
func (*owner) SDKRecovered() {}

// RetryDelay implements sdk.Owner.
func (*owner) RetryDelay() (time.Duration, bool) { return 0, false }

// Pauses implements sdk.Owner.
func (*owner) Pauses() bool { return false }

// StepReplayed implements sdk.Owner.
func (*owner) StepReplayed() {}

// Failure implements sdk.Owner.
func (*owner) Failure() (sdk.FailureKind, error) { return sdk.FailurePlain, nil }

var _ fakectx.Context = (*fake)(nil)

func (f *fake) Log() *slog.Logger         { return f.logger }
func (f *fake) Request() *restate.Request { return f.request }
func (f *fake) Key() string               { return f.key }
func (f *fake) RandInstance() *rand.Rand  { return f.random }
func (f *fake) RandSource() rand.Source   { return f.source }
func (f *fake) name() string              { return f.target.String() }
func (f *fake) newInvocationID() string   { return fmt.Sprintf("inv_1%033d", f.next()) }

// Wrapped implements fakectx.Context.
func (f *fake) Wrapped(ctx context.Context) fakectx.Context {
	wrapped := *f
	wrapped.Context = ctx
	return &wrapped
}

// UUID makes a random UUID of version 4.
func (f *fake) UUID() (id [16]byte) {
	binary.LittleEndian.PutUint64(id[:8], f.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], f.random.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// next returns the next number of those that make ids differ.
func (f *fake) next() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids++
	return f.ids
}

// newAwakeableID makes an id of the form that the server's have.
func (f *fake) newAwakeableID() string {
	var id [28]byte
	copy(id[:24], f.request.ID)
	binary.BigEndian.PutUint32(id[24:], uint32(f.next()))
	return "sign_1" + base64.RawURLEncoding.EncodeToString(id[:])
}
