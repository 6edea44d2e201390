package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/header"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/scope"
)

// The types of invocations that this module makes. See [Invocation.Type].
const (
	TypeRestate = "restate"
	TypeHTTP    = "http"
)

// ErrInputType is returned by [InputOf] when the input is of another type.
var ErrInputType = errors.New("pipeline: input is of another type")

// Invocation is one attempt of an invocation as the members of the pipeline see
// it. Everything on it is found out only when asked for.
//
// It belongs to the attempt: do not keep it. Its methods may be called from
// several goroutines.
type Invocation struct {
	chain   *Chain
	target  *handler.Target
	details *Details // of an invocation that no chain runs

	root     restate.Context // its end is the end of the attempt, and nothing else is
	ctx      restate.Context // root with the values of the observers
	observed context.Context // what the last observer's Started returned

	mu       sync.Mutex // guards the input
	decoded  bool
	input    any
	inputErr error

	guardCtx stageContext
	watchCtx stageContext
	lentCtx  lentContext

	flight   flight
	reached  int         // how far into the interceptors the attempt is
	admitted bool        // all guards let it in
	inMethod atomic.Bool // the handler itself runs
	inCalls  atomic.Bool // call interceptors run
	told     int         // how many observers were told the start
	started  time.Time
	output   int          // size of the encoded result
	replayed atomic.Int32 // steps whose results the journal has
	outcome  Outcome
	cause    error
	err      error
	retry    retryWish
}

// Details describe an invocation that no chain runs: a request of another
// transport, or what a test of a guard or interceptor wants it to see.
type Details struct {
	handler.Target
	// Type of the invocation. Default: [TypeRestate].
	Type string
	// Key, ID and IdempotencyKey are empty where the transport has none.
	Key, ID, IdempotencyKey string
	// Headers of the invocation and of the attempt. Names are matched without
	// regard to case.
	Headers, AttemptHeaders map[string][]string
	// Input is the decoded input.
	Input any
	// Body is the input as it arrived.
	Body []byte
	// Replaying is what [Invocation.Replaying] says.
	Replaying bool
}

// NewInvocation returns an invocation as described. It is for adapters to other
// transports, such as package httpguard, and for tests: a chain fills in its
// invocations itself.
func NewInvocation(d Details) *Invocation {
	if d.Type == "" {
		d.Type = TypeRestate
	}
	return &Invocation{target: &d.Target, details: &d, decoded: true, input: d.Input}
}

// Type says where the invocation came from: [TypeRestate], or [TypeHTTP] for a
// guard that stands in front of an HTTP handler.
func (inv *Invocation) Type() string {
	if inv.details != nil {
		return inv.details.Type
	}
	return TypeRestate
}

// Service returns the service's name on the wire.
func (inv *Invocation) Service() string { return inv.target.Service }

// Handler returns the handler's name on the wire.
func (inv *Invocation) Handler() string { return inv.target.Handler }

// Kind returns the kind of the handler's service, and zero for an invocation that is
// not of Restate. [handler.Kind.Keyed] tells whether it has a key.
func (inv *Invocation) Kind() handler.Kind { return inv.target.Kind }

// Mode returns how invocations of the handler share its key. [handler.Mode.Writable]
// tells whether they may write state.
func (inv *Invocation) Mode() handler.Mode { return inv.target.Mode }

// Target returns the description of the handler. It must not be changed.
func (inv *Invocation) Target() *handler.Target { return inv.target }

// String returns "service/handler".
func (inv *Invocation) String() string { return inv.target.String() }

// Metadata returns the handler's metadata under the given name, or else the
// service's, or "". For values of other types see [MetadataOf].
func (inv *Invocation) Metadata(name string) string {
	if v, ok := inv.target.Metadata[name]; ok {
		return v
	}
	return inv.target.ServiceMetadata[name]
}

// ID returns the invocation's id. All attempts have the same.
func (inv *Invocation) ID() string {
	if inv.details != nil {
		return inv.details.ID
	}
	return inv.ctx.Request().ID
}

// Key returns the key of the virtual object or the id of the workflow, and ""
// for a service.
func (inv *Invocation) Key() string {
	if inv.details != nil {
		return inv.details.Key
	}
	if keyed, ok := inv.ctx.(interface{ Key() string }); ok {
		return keyed.Key()
	}
	return ""
}

// IdempotencyKey returns the key under which the caller deduplicates, or "" when
// there is none or the server does not tell: version 1.7.12 does not, neither here nor
// among the headers.
func (inv *Invocation) IdempotencyKey() string {
	if inv.details != nil {
		return inv.details.IdempotencyKey
	}
	return inv.ctx.Request().IdempotencyKey
}

// Header returns a header that the caller sent, or "". It is the same in every
// attempt. The case of the name does not matter: durable.Header has the rule, and
// finds the same below a handler.
func (inv *Invocation) Header(name string) string {
	if inv.details != nil {
		return header.Find(header.Lists(inv.details.Headers), name)
	}
	return header.Find(inv.ctx.Request().Headers, name)
}

// Headers returns a copy of the headers that the caller sent.
func (inv *Invocation) Headers() map[string]string {
	if inv.details != nil {
		headers := make(map[string]string, len(inv.details.Headers))
		for name, values := range inv.details.Headers {
			if len(values) > 0 {
				headers[name] = values[0]
			}
		}
		return headers
	}
	if headers := inv.ctx.Request().Headers; headers != nil {
		return headers.ToMap()
	}
	return map[string]string{}
}

// AttemptHeader returns a header that Restate sent with this attempt, for
// instance "traceparent", by its name as [Invocation.Header] has it. It differs
// from attempt to attempt: nothing that decides what the handler does may come
// from it.
func (inv *Invocation) AttemptHeader(name string) string {
	if inv.details != nil {
		return header.Find(header.Lists(inv.details.AttemptHeaders), name)
	}
	return header.Find(header.Lists(inv.ctx.Request().AttemptHeaders), name)
}

// Body returns the input as it arrived. It must not be changed.
func (inv *Invocation) Body() []byte {
	if inv.details != nil {
		return inv.details.Body
	}
	return inv.ctx.Request().Body
}

// Replaying reports whether the invocation replays its journal at this moment:
// what the handler does now, it did in an earlier attempt too. It turns false
// with the last journal entry, so it can change between two calls.
func (inv *Invocation) Replaying() bool {
	if inv.details != nil {
		return inv.details.Replaying
	}
	own, err := scope.Find(inv.ctx)
	return err == nil && own.Replaying()
}

// Input returns the decoded input: as it arrived for guards and for interceptors
// before they call next, and as the pipes made it afterwards. It is nil when the
// handler takes none. Handlers that decode for themselves, such as those of a
// foreign restate.ServiceDefinition, have their body here, as []byte.
//
// The error is a terminal one with code 400 when the body cannot be decoded.
func (inv *Invocation) Input() (any, error) { return inv.decode() }

// setInput replaces the decoded input by what the pipes made of it.
func (inv *Invocation) setInput(input any) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.input = input
}

// InputOf returns the decoded input as a T. The error is that of
// [Invocation.Input], or wraps [ErrInputType] when the handler takes something
// else. A guard or interceptor may return either as it is: the first is the
// answer that the caller should get, the second a mistake in the program.
func InputOf[T any](inv *Invocation) (T, error) {
	input, err := inv.Input()
	if err != nil {
		var zero T
		return zero, err
	}
	typed, ok := input.(T)
	if !ok {
		return typed, fmt.Errorf("%w: %s takes %T, not %s", ErrInputType, inv, input, reflect.TypeFor[T]())
	}
	return typed, nil
}

// undecodable makes the terminal error for input that cannot be decoded, with
// the words that the SDK has for it.
func undecodable(err error) error {
	if err = safeerr.Of(err); safeerr.Terminal(err) != nil {
		return err
	}
	return restate.ToTerminalError(
		fmt.Errorf("request could not be decoded into handler input type: %w", err),
		restate.WithErrorCode(codeBadRequest),
	)
}
