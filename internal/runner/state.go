package runner

import (
	"bytes"
	"maps"
	"slices"

	"github.com/fxrestate/go/internal/protocol"
)

// objectKey names a virtual object or a workflow.
type objectKey struct{ service, key string }

// instance is a virtual object or a workflow. It is there from when something is first
// asked of it.
type instance struct {
	state    state
	promises map[string]*promise
	owner    *invocation // the exclusive one that was started, or nil
	queue    []queued
}

// queued is what waits for its turn: an invocation, or a change of the state from
// outside.
type queued struct {
	inv    *invocation
	change func()
}

type state map[string][]byte

func (s state) keys() []string { return slices.Sorted(maps.Keys(s)) }

// instance returns the object or workflow of an invocation.
func (r *Runner) instance(inv *invocation) *instance {
	return r.instanceOf(objectKey{inv.request.Service, inv.request.Key})
}

func (r *Runner) instanceOf(key objectKey) *instance {
	r.expire()
	o := r.objects[key]
	if o == nil {
		o = &instance{state: state{}, promises: map[string]*promise{}}
		r.objects[key] = o
	}
	return o
}

// lock gives an object to an invocation, or puts that into the queue.
func (r *Runner) lock(inv *invocation) bool {
	o := r.instance(inv)
	if o.owner != nil {
		o.queue = append(o.queue, queued{inv: inv})
		return false
	}
	o.owner = inv
	return true
}

// unlock takes an object from an invocation that is over, and gives it to the next one.
// One that did not hold it leaves the queue.
func (r *Runner) unlock(inv *invocation, held bool) {
	o := r.instance(inv)
	if !held {
		o.queue = slices.DeleteFunc(o.queue, func(q queued) bool { return q.inv == inv })
		return
	}
	o.owner = nil
	for len(o.queue) > 0 && o.owner == nil {
		next := o.queue[0]
		o.queue = o.queue[1:]
		if next.change != nil {
			next.change()
			continue
		}
		o.owner = next.inv
		r.begin(next.inv)
	}
}

// stateEffect returns what a command does with the state.
func (r *Runner) stateEffect(inv *invocation, m protocol.Message, done func(protocol.Result, uint32)) (func(), error) {
	if inv.method == nil || !inv.method.service.kind.keyed() {
		return nil, errNoState
	}
	o := r.instance(inv)
	switch m := m.(type) {
	case *protocol.GetLazyState:
		return func() {
			value, ok := o.state[string(m.Key)]
			if !ok {
				done(protocol.Void(), m.CompletionID)
				return
			}
			done(protocol.Succeeded(value), m.CompletionID)
		}, nil
	case *protocol.GetLazyStateKeys:
		return func() {
			var keys [][]byte
			for _, key := range o.state.keys() {
				keys = append(keys, []byte(key))
			}
			done(protocol.Keys(keys...), m.CompletionID)
		}, nil
	}
	if inv.method.mode == shared {
		return nil, errNoWrites
	}
	return func() {
		switch m := m.(type) {
		case *protocol.SetState:
			var content []byte
			if m.Value != nil {
				content = m.Value.Content
			}
			o.state[string(m.Key)] = content
		case *protocol.ClearState:
			delete(o.state, string(m.Key))
		case *protocol.ClearAllState:
			clear(o.state)
		}
	}, nil
}

// State returns the state of a virtual object or a workflow, as its handlers encoded it.
// It is empty for one that nothing was ever asked of.
func (r *Runner) State(service, key string) map[string][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	all := map[string][]byte{}
	if o := r.objects[objectKey{service, key}]; o != nil {
		for name, value := range o.state {
			all[name] = bytes.Clone(value)
		}
	}
	return all
}

// Objects returns the keys under which a service has state, sorted.
func (r *Runner) Objects(service string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	var keys []string
	for at, o := range r.objects {
		if at.service == service && len(o.state) > 0 {
			keys = append(keys, at.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// SetState replaces the whole state of a virtual object or a workflow. While an exclusive
// handler has the object, the change waits in the queue for its turn, as on a server;
// SetState does not wait.
func (r *Runner) SetState(service, key string, to map[string][]byte) {
	values := state{}
	for name, value := range to {
		values[name] = bytes.Clone(value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.instanceOf(objectKey{service, key})
	change := func() { // the maps of the state are shared with effects under way
		clear(o.state)
		maps.Copy(o.state, values)
		r.changed()
	}
	if o.owner != nil {
		o.queue = append(o.queue, queued{change: change})
		return
	}
	change()
}
