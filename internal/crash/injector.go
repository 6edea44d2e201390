package crash

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/sdk"
)

// Injector breaks the attempts of one run by a [Plan], and keeps what it saw. Its methods
// can be called at any time.
type Injector struct {
	plan  Plan
	died  chan Death
	found chan struct{} // closed with the first finding

	mu          sync.Mutex
	fired       bool // the process has died at the point
	invocations map[string]*Invocation
	order       []*Invocation
	ordinals    map[Identity]int
	findings    []*Finding
	process     *process // the one that lives

	twins sync.WaitGroup
	ctx   context.Context // ends the twins
	end   context.CancelFunc
}

// Death is what a process died at.
type Death struct {
	Invocation Identity
	ID         string // inv_…
	Entry      Entry
	When       When
	// Stored tells, after an entry, that Restate has acknowledged it.
	Stored bool
}

// New makes an injector. It must be closed.
func New(plan Plan) *Injector {
	in := &Injector{
		plan: plan, died: make(chan Death, 1), found: make(chan struct{}),
		invocations: map[string]*Invocation{}, ordinals: map[Identity]int{},
	}
	in.ctx, in.end = context.WithCancel(context.Background())
	return in
}

// Close ends what the injector runs by itself, and waits for it.
func (in *Injector) Close() {
	in.end()
	in.twins.Wait()
}

// Died gets what the process has died at. Nothing that it writes arrives from then on;
// who receives this cuts its connections and starts it anew, with another
// [Injector.Process].
func (in *Injector) Died() <-chan Death { return in.died }

// Found is closed when there is a finding.
func (in *Injector) Found() <-chan struct{} { return in.found }

// Findings returns what was found so far.
func (in *Injector) Findings() []*Finding {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.findings)
}

// Invocations returns what was seen so far, in the order in which the invocations began.
func (in *Injector) Invocations() []Invocation {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := make([]Invocation, len(in.order))
	for i, inv := range in.order {
		all[i] = *inv
		all[i].current = nil
		all[i].Entries, all[i].Failures = slices.Clone(inv.Entries), slices.Clone(inv.Failures)
		all[i].Journal.Commands = slices.Clone(inv.Journal.Commands)
		all[i].Journal.Notifications = slices.Clone(inv.Journal.Notifications)
	}
	return all
}

// Address is where calls go.
type Address struct{ Service, Key, Handler string }

// Called returns how many invocations the handlers have begun by calls and sends. Those
// with an idempotency key are not counted, since they may go to one that is there.
func (in *Injector) Called() map[Address]int {
	called := map[Address]int{}
	for _, inv := range in.Invocations() {
		for _, c := range inv.Journal.Commands {
			m, err := protocol.Decode(c.Frame)
			if err != nil {
				continue
			}
			switch m := m.(type) {
			case *protocol.Call:
				if m.IdempotencyKey == nil {
					called[Address{m.Service, m.Key, m.Handler}]++
				}
			case *protocol.OneWayCall:
				if m.IdempotencyKey == nil {
					called[Address{m.Service, m.Key, m.Handler}]++
				}
			}
		}
	}
	return called
}

// Process returns a handler that stands around that of a process, which lives until the
// next call.
func (in *Injector) Process(next http.Handler) http.Handler {
	p := &process{in: in, next: next, running: map[*attempt]bool{}}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.process = p
	return p
}

// process is a process of the application.
type process struct {
	in   *Injector
	next http.Handler
	// Guarded by the injector.
	dead    bool
	running map[*attempt]bool
}

const invokeURI = "/invoke/"

// targetOf returns the service and the handler that a request invokes.
func targetOf(uri string) (service, handler string, ok bool) {
	i := strings.LastIndex(uri, invokeURI)
	if i < 0 {
		return "", "", false
	}
	service, handler, ok = strings.Cut(uri[i+len(invokeURI):], "/")
	return service, handler, ok && service != "" && handler != ""
}

func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if service, handler, ok := targetOf(r.RequestURI); p.isDead() {
		p.vanish(r)
	} else if !ok {
		p.next.ServeHTTP(w, r)
	} else if p.invoke(w, r, service, handler); p.isDead() {
		p.vanish(r)
	}
}

// cutTimeout bounds how long it may take until the connections of a dead process are cut.
// It is there to end a hang.
const cutTimeout = 10 * time.Second

// vanish does not answer, and comes back when the connection was cut. Restate would try
// again at once if it saw the stream end, and would soon have tried too often.
func (p *process) vanish(r *http.Request) {
	timeout := time.NewTimer(cutTimeout)
	defer timeout.Stop()
	select {
	case <-r.Context().Done():
	case <-timeout.C:
	case <-p.in.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

func (p *process) isDead() bool {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	return p.dead
}

// watched returns the request with a context in which misuses are told.
func (in *Injector) watched(r *http.Request) *http.Request {
	return r.WithContext(sdk.WithWatch(r.Context(), func(handler, id string, m *sdk.Misuse) {
		in.mu.Lock()
		defer in.mu.Unlock()
		f := &Finding{Handler: handler, Invocation: id, Attempted: m.Error()}
		if inv := in.invocations[id]; inv != nil {
			f.Entry = len(inv.Journal.Commands)
		}
		in.find(f)
	}))
}

// find takes a finding. The injector is locked.
func (in *Injector) find(f *Finding) {
	if slices.ContainsFunc(in.findings, func(known *Finding) bool { return *known == *f }) {
		return // each attempt makes the same mistake
	}
	if len(in.findings) == 0 {
		close(in.found)
	}
	in.findings = append(in.findings, f)
}

// begin takes an attempt whose journal has arrived. The injector is locked.
func (in *Injector) begin(a *attempt, known []protocol.Frame) *Invocation {
	inv := in.invocations[a.requests.start.DebugID]
	if inv == nil {
		inv = &Invocation{ID: a.requests.start.DebugID, Identity: in.identify(a, known[0])}
		inv.Journal.uri, inv.Journal.header = a.request.RequestURI, a.request.Header.Clone()
		in.invocations[inv.ID] = inv
		in.order = append(in.order, inv)
	}
	inv.attempts++
	inv.current = a
	inv.Journal.resume(a.requests.start, known)
	return inv
}

func (in *Injector) identify(a *attempt, input protocol.Frame) Identity {
	id := Identity{Service: a.service, Handler: a.handler}
	if !in.plan.ByOrder {
		id.Key = a.requests.start.Key
		id.Input = digest([]byte(commandOf(input).value))
	}
	in.ordinals[id]++
	id.Ordinal = in.ordinals[id] // it is 0 in the keys of the map
	return id
}

// fate is what becomes of a frame that a handler writes.
type fate uint8

const (
	forward fate = iota
	drop         // the process is dead
	die          // at the point
)

// decide takes a frame that an attempt is about to write.
func (in *Injector) decide(a *attempt, f protocol.Frame) (fate, Death) {
	in.mu.Lock()
	defer in.mu.Unlock()
	inv := a.invocation
	switch {
	case a.process.dead:
		return drop, Death{}
	case inv == nil || inv.current != a: // Restate has begun another attempt
		return forward, Death{}
	case f.Type == protocol.TypeError:
		if m, err := protocol.Decode(f); err == nil {
			in.failed(inv, &inv.Journal, m.(*protocol.Error))
		}
		return forward, Death{}
	case f.Type == protocol.TypeEnd:
		inv.Journal.Ended = true
		return forward, Death{}
	case !isEntry(f.Type):
		return forward, Death{}
	}
	entry := inv.Journal.entry(f)
	at := in.plan.Point
	dies := at != nil && !in.fired && at.Invocation == inv.Identity && at.Entry == len(inv.Entries)+1
	if !dies || at.When == After {
		inv.Entries = append(inv.Entries, entry)
		if f.Type.IsCommand() {
			inv.Journal.write(f)
		}
	}
	if !dies {
		return forward, Death{}
	}
	in.fired = true
	if at.When != After {
		a.process.dead = true
	}
	return die, Death{Invocation: inv.Identity, ID: inv.ID, Entry: entry, When: at.When}
}

// failed takes an error that an attempt or a replay has ended with, and reports whether
// the handler did not do what the journal says. The injector is locked.
func (in *Injector) failed(inv *Invocation, j *Journal, e *protocol.Error) bool {
	inv.Failures = append(inv.Failures, e.Message)
	f := mismatch(inv.Target(), inv.ID, j, e)
	if f != nil {
		in.find(f)
	}
	return f != nil
}

// kill ends the process at a point. What its handlers read ends too, so that they do not
// wait for what cannot come.
func (in *Injector) kill(p *process, d Death) {
	in.mu.Lock()
	p.dead = true
	for a := range p.running {
		a.cut()
	}
	in.mu.Unlock()
	in.died <- d
}
