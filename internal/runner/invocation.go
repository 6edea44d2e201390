package runner

import (
	"cmp"
	"slices"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

// Status is what an invocation does, in the words of the server's sys_invocation.
type Status string

// The statuses of an invocation.
const (
	Scheduled  Status = "scheduled"   // it was sent with a delay
	Pending    Status = "pending"     // others of its object are before it
	Running    Status = "running"     // an attempt is under way
	BackingOff Status = "backing-off" // between two attempts
	Suspended  Status = "suspended"   // it waits, and no attempt is under way
	Paused     Status = "paused"      // until somebody resumes it
	Completed  Status = "completed"
)

// invocation is what is known of an invocation. The runner's mutex guards it.
type invocation struct {
	id         id
	text       string // of the id
	request    Request
	method     *method // nil with a stub
	stub       Stub
	status     Status
	created    time.Time
	scheduled  time.Time // when it is to start; zero: at once
	start      *timer    // until then
	forget     *timer    // when it was kept long enough
	modified   time.Time // when the journal grew
	changed    time.Time // when the status changed
	completed  time.Time
	journal    []protocol.Frame
	notified   []notification
	sinks      []sink
	children   []id // in the order of the calls and sends
	commands   uint32
	result     protocol.Result // when it is completed
	resultFor  time.Duration   // for how long the result is kept, and
	journalFor time.Duration   // for how long the journal is
	attempts   int             // that were started
	sinceWait  int             // of these
	retries    retries
	sinceEntry uint32 // attempts that failed since the last command
	last       *Failure
	backoff    *timer
	sleeps     []*timer
	waiting    *protocol.Suspension // while it is suspended
	pausing    bool                 // when the attempt ends
	attempt    *runtime.Attempt     // nil when none is under way
	asked      bool                 // the attempt is to suspend
	touched    time.Time            // of the attempt: when something was written or pushed
	steps      int                  // announced and without a result
	stopStub   func()
}

// notification says what a notification in the journal is about.
type notification struct {
	completion uint32 // 0: a signal
	signal     uint32 // 0: by name
	name       string
}

// sink takes the result of an invocation.
type sink func(outcome)

// outcome is the result of an invocation, as those are told who wait for it.
type outcome struct {
	inv     *invocation // nil if there is none, and then
	unknown string      // its id
	result  protocol.Result
	expires time.Time // of a result that was there before, or zero
}

// invoke creates an invocation, or finds the one that it is the same as. The result goes
// to the sink, unless that is nil. It reports whether the invocation is new.
func (r *Runner) invoke(q Request, m *method, stub Stub, to sink) (inv *invocation, isNew bool) {
	run := m != nil && m.mode == once
	i := r.idFor(q, run)
	if old := r.lookup(i); old != nil {
		switch {
		case run && to != nil:
			to(outcome{inv: old, result: failure(409, "the workflow method was already invoked")})
		case to != nil:
			r.attach(old, to)
		}
		return old, false
	}
	inv = &invocation{id: i, text: i.String(), request: q, method: m, stub: stub, created: r.now()}
	if to != nil {
		inv.sinks = append(inv.sinks, to)
	}
	inv.setRetention(run || q.IdempotencyKey != "" || q.outside)
	r.invocations[i] = inv
	r.order = append(r.order, inv)
	if q.Delay > 0 {
		inv.scheduled = r.now().Add(q.Delay)
		inv.start = r.after(q.Delay, func() { r.enqueue(inv) })
		r.setStatus(inv, Scheduled)
		return inv, true
	}
	r.enqueue(inv)
	return inv, true
}

// setRetention is the server's rule: what can be asked for again is kept as long as the
// service says, and anything else as long as its journal is. The server gives calls from
// outside a key of its own if they have none.
func (inv *invocation) setRetention(again bool) {
	result, journal := defaultRetention, defaultJournalRetention
	if inv.method != nil {
		result, journal = inv.method.resultRetention, inv.method.journalRetention
	}
	if again {
		inv.resultFor, inv.journalFor = result, min(result, journal)
	} else {
		inv.resultFor, inv.journalFor = journal, journal
	}
}

func (r *Runner) idFor(q Request, run bool) id {
	switch {
	case run:
		return idOf("wf", q.Service, q.Key)
	case q.IdempotencyKey == "":
		return r.ids.next()
	default:
		return idempotentID(q)
	}
}

// idempotentID is the id of the invocation that a request with an idempotency key makes.
func idempotentID(q Request) id {
	switch {
	case q.Key == "":
		return idOf("ik", q.Service, q.Handler, q.IdempotencyKey)
	default:
		return idOf("ik", q.Service, q.Key, q.Handler, q.IdempotencyKey)
	}
}

// lookup returns an invocation, or nil if there is none or if it was kept long enough.
func (r *Runner) lookup(i id) *invocation {
	r.expire()
	return r.invocations[i]
}

// expire forgets what was kept long enough. The clock does not jump for that.
func (r *Runner) expire() {
	for now := r.now(); ; {
		t := r.expiry.due(now)
		if t == nil {
			return
		}
		t.do()
	}
}

func (inv *invocation) expires() time.Time { return inv.completed.Add(inv.resultFor) }

// purge forgets an invocation, and what belongs to a run of a workflow.
func (r *Runner) purge(inv *invocation) {
	inv.forget.cancel()
	delete(r.invocations, inv.id)
	if inv.method != nil && inv.method.mode == once {
		delete(r.objects, objectKey{inv.request.Service, inv.request.Key})
	}
	if at := slices.Index(r.order, inv); at == 0 {
		r.order = r.order[1:] // most of the time
	} else if at > 0 {
		r.order = slices.Delete(r.order, at, at+1)
	}
}

// attach has the result of an invocation go to a sink, at once if it is there.
func (r *Runner) attach(inv *invocation, to sink) {
	if inv.status == Completed {
		to(outcome{inv: inv, result: inv.result, expires: inv.expires()})
		return
	}
	inv.sinks = append(inv.sinks, to)
}

// enqueue starts an invocation as soon as no other one keeps it from that.
func (r *Runner) enqueue(inv *invocation) {
	inv.start = nil
	if inv.method != nil && inv.method.mode == exclusive && !r.lock(inv) {
		r.setStatus(inv, Pending)
		return
	}
	r.begin(inv)
}

// begin begins the journal and makes the first attempt.
func (r *Runner) begin(inv *invocation) {
	input := &protocol.Input{Headers: inv.request.Headers, Value: &protocol.Value{Content: inv.request.Body}}
	r.store(inv, protocol.Encode(input))
	r.launch(inv)
}

// store appends to the journal.
func (r *Runner) store(inv *invocation, f protocol.Frame) {
	f.Flags = 0
	inv.journal = append(inv.journal, f)
	inv.modified = r.now()
	if f.Type.IsCommand() {
		inv.commands++
	}
}

// inFlight reports whether an invocation has been started and has no result.
func (inv *invocation) inFlight() bool {
	switch inv.status {
	case Running, BackingOff, Suspended, Paused:
		return true
	default:
		return false
	}
}

// notify stores a notification and tells the handler, or resumes one that waits for it.
// An invocation that was not started, or that is over, loses it.
func (r *Runner) notify(inv *invocation, m protocol.Message) {
	if !inv.inFlight() {
		return
	}
	n := about(m)
	f := protocol.Encode(m)
	r.store(inv, f)
	inv.notified = append(inv.notified, n)
	if f.Type == protocol.TypeRunCompletion {
		inv.steps--
	}
	switch {
	case inv.status == Running && inv.attempt != nil:
		inv.touched = time.Now()
		inv.attempt.Push(f)
	case inv.status == Suspended && n.in(inv.waiting), inv.status == Paused && n.signal == protocol.SignalCancel:
		r.resume(inv)
	}
	r.changed()
}

// about returns what a notification is about.
func about(m protocol.Message) notification {
	switch m := m.(type) {
	case *protocol.Notification:
		return notification{completion: m.CompletionID}
	case *protocol.SignalNotification:
		if m.Signal.Name != nil {
			return notification{name: *m.Signal.Name}
		}
		if m.Signal.Index != nil {
			return notification{signal: *m.Signal.Index}
		}
	}
	return notification{}
}

// in reports whether a suspension waits for the notification.
func (n notification) in(s *protocol.Suspension) bool {
	switch {
	case n.completion > 0:
		return slices.Contains(s.WaitingCompletions, n.completion)
	case n.signal > 0:
		return slices.Contains(s.WaitingSignals, n.signal)
	default:
		return slices.Contains(s.WaitingNamedSignals, n.name)
	}
}

// resume makes the next attempt of an invocation that had none under way.
func (r *Runner) resume(inv *invocation) {
	inv.retries, inv.sinceWait, inv.waiting = retries{}, 0, nil
	r.launch(inv)
}

// complete ends an invocation.
func (r *Runner) complete(inv *invocation, result protocol.Result) {
	r.cut(inv)
	inv.start.cancel()
	inv.backoff.cancel()
	for _, t := range inv.sleeps {
		t.cancel() // the clock shall not jump to it
	}
	held := inv.status != Pending && inv.status != Scheduled
	inv.result, inv.completed = result, r.now()
	r.setStatus(inv, Completed)
	inv.waiting, inv.start, inv.backoff, inv.sleeps = nil, nil, nil, nil
	sinks := inv.sinks
	inv.sinks = nil
	for _, to := range sinks {
		to(outcome{inv: inv, result: result})
	}
	if held && inv.resultFor > 0 { // a server forgets at once what was not started
		inv.forget = r.expiry.add(inv.expires(), func() { r.purge(inv) })
	} else {
		r.purge(inv)
	}
	if inv.method != nil && inv.method.mode == exclusive {
		r.unlock(inv, held)
	}
}

func (r *Runner) setStatus(inv *invocation, status Status) {
	inv.status, inv.changed = status, r.now()
	r.changed()
}

// target names what was called, as the server does.
func (q Request) target() string {
	if q.Key != "" {
		return q.Service + "/" + q.Key + "/" + q.Handler
	}
	return q.Service + "/" + q.Handler
}

// String names the invocation in lines of the log.
func (inv *invocation) String() string { return cmp.Or(inv.request.target(), "?") + " " + inv.text }
