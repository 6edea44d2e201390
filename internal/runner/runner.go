package runner

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/fxrestate/go/internal/protocol"
)

// ErrClosed is the error of what is asked of a runner after [Runner.Close], or is waited
// for when that is called.
var ErrClosed = errors.New("runner: closed")

// Config configures a [Runner]. The zero value holds streams open, has a clock that
// advances by itself, and retries as a server does by default.
type Config struct {
	// AlwaysReplay ends the input of each attempt behind its journal. Handlers suspend
	// wherever they have to wait, and every step is replayed. Default: false, they are
	// told what they wait for.
	AlwaysReplay bool
	// ManualClock stops the clock: it moves by [Runner.Advance] alone. Default: false, it
	// goes as the time does, and jumps to the next timer when nothing runs and somebody
	// waits for an invocation.
	ManualClock bool
	// Seed is what the ids of invocations are made from. Default: 0, by chance.
	Seed uint64
	// Retry is the policy of handlers that set none. Default: [DefaultRetryPolicy].
	Retry *RetryPolicy
	// OneAttempt makes the first failure the last, whatever policies say. Default: false.
	OneAttempt bool
	// Stubs answer calls of handlers that the application does not have, by
	// "service/handler" or, for all handlers of a service, by "service".
	Stubs map[string]Stub
	// Log takes lines about failures, such as testing.T.Logf does. Default: nil, none.
	Log func(format string, args ...any)
}

// Runner is a Restate in this process. Its methods may be called by any goroutine.
type Runner struct {
	cfg   Config
	retry RetryPolicy

	mu          sync.Mutex // of all that is below and of all invocations
	handler     http.Handler
	services    map[string]*service
	ids         ids
	invocations map[id]*invocation
	order       []*invocation // as they were created
	objects     map[objectKey]*instance
	clock       clock
	timers      timers
	expiry      timers                   // what is forgotten when its time has come
	running     map[*invocation]struct{} // those with an attempt or a stub
	waiters     int                      // who waits for an invocation
	settlers    []chan struct{}          // who waits until nothing runs
	watchers    map[*watcher]struct{}
	changes     uint64 // that there were
	closed      bool

	woken chan struct{} // of the loop; holds one
	done  chan struct{} // closed by Close
	stop  context.CancelFunc
	ctx   context.Context // of stubs, until Close
	wg    sync.WaitGroup  // of all goroutines
}

// New returns a runner of an application's handlers, which it discovers as a server does.
// With nil there is no application until [Runner.SwapHandler] brings one. The error is that
// of the discovery. Call [Runner.Close] in the end.
func New(handler http.Handler, cfg Config) (*Runner, error) {
	r := &Runner{
		cfg: cfg, retry: DefaultRetryPolicy(),
		invocations: map[id]*invocation{}, objects: map[objectKey]*instance{},
		running: map[*invocation]struct{}{}, watchers: map[*watcher]struct{}{},
		woken: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if cfg.Retry != nil {
		r.retry = *cfg.Retry
	}
	seed := cfg.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	r.ids = newIDs(seed)
	r.clock.start(cfg.ManualClock)
	r.ctx, r.stop = context.WithCancel(context.Background())
	if err := r.SwapHandler(handler); err != nil {
		r.stop()
		return nil, err
	}
	r.wg.Go(r.loop)
	return r, nil
}

// SwapHandler replaces the application, as a process that dies and another one that
// starts do: attempts of the old one are cut, and fail. With nil there is no application,
// and all attempts fail until there is one. The new one's handlers are discovered before
// anything is cut; if that fails, the error says why, and nothing changes.
func (r *Runner) SwapHandler(handler http.Handler) error {
	var services map[string]*service
	if handler != nil {
		var err error
		if services, err = discover(r.ctx, handler, r.retry); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.handler = handler
	if handler != nil {
		r.services = services
	}
	// A failure may start others, which are the new application's.
	for _, inv := range slices.Collect(maps.Keys(r.running)) {
		if inv.attempt == nil {
			continue // a stub, which is no part of the application
		}
		r.cut(inv)
		r.failed(inv, transient("the connection to the application is lost"))
	}
	r.poke()
	return nil
}

// Close cuts what runs, and returns when all handlers have returned.
func (r *Runner) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.done)
		r.stop()
		for inv := range r.running {
			r.cut(inv)
		}
		r.wake()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

func (r *Runner) logf(format string, args ...any) {
	if r.cfg.Log != nil {
		r.cfg.Log(format, args...)
	}
}

// method returns a handler of the application, or nil.
func (r *Runner) method(service, handler string) *method {
	if s := r.services[service]; s != nil {
		return s.methods[handler]
	}
	return nil
}

// failure returns the result of what failed with one of the server's own errors.
func failure(code uint32, message string) protocol.Result { return protocol.Failed(code, message) }
