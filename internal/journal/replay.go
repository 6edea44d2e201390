package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/runtime"
)

// MismatchError says where a handler does not do what a journal has.
type MismatchError struct {
	// Target is the handler, and ID the invocation whose journal it is.
	Target, ID string
	// Index is that of the entry in the journal.
	Index int
	// Recorded and Attempted are the entries. Attempted is nil if the handler did nothing
	// more; Instead says then what it did.
	Recorded  *Entry
	Attempted *Entry
	Instead   string
}

// Error shows both entries, one below the other.
func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "journal: %s does not do any more what entry %d of %s has", e.Target, e.Index, e.ID)
	if e.Recorded != nil {
		fmt.Fprintf(&b, "\n  - %s", e.Recorded)
	}
	if e.Attempted != nil {
		fmt.Fprintf(&b, "\n  + %s", e.Attempted)
	} else {
		fmt.Fprintf(&b, "\n  + nothing: the handler %s", e.Instead)
	}
	return b.String()
}

// Replay replays the journal against the handlers that an endpoint serves. It returns a
// [*MismatchError] if the handler does not do the same as when it was recorded. No step runs
// whose result is in the journal, and none beyond its end: what the handler would go on to
// do is cut off.
func (j *Journal) Replay(handler http.Handler) error {
	id, err := runner.IDBytes(j.ID)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	p := &player{journal: j, handler: handler, id: id}
	for i, e := range j.Entries {
		f, err := e.frame()
		if err != nil {
			return fmt.Errorf("journal: entry %d: %w", i, err)
		}
		p.frames = append(p.frames, f)
	}
	p.known = p.firstOpenStep()
	err = p.whole()
	if err == nil {
		return nil
	}
	// The SDK tells what differs in its own words, and knows nothing of what is redacted. So
	// the handler is asked for each command.
	if found := p.scan(); found != nil {
		return found
	}
	if p.mended {
		return p.whole()
	}
	return err
}

// player plays attempts of one invocation.
type player struct {
	journal *Journal
	handler http.Handler
	id      []byte
	frames  []protocol.Frame
	known   int  // how many entries are sent at most
	mended  bool // what is redacted was replaced by what the handler did
}

// firstOpenStep returns the index of the first step without a result, which would run if it
// were sent, or the number of entries.
func (p *player) firstOpenStep() int {
	completed := map[uint32]bool{}
	for _, e := range p.journal.Entries {
		if e.Type == protocol.TypeRunCompletion.Entry() {
			completed[e.Completion] = true
		}
	}
	for i, e := range p.journal.Entries {
		if e.Type == protocol.TypeRun.Entry() && !completed[e.Completion] {
			return i
		}
	}
	return len(p.frames)
}

// play plays an attempt with what is known, up to the first command that is not.
func (p *player) play(known []protocol.Frame) (attempted *Entry, frame protocol.Frame, ending runtime.Ending) {
	a := runtime.Start(p.handler, runtime.Request{
		Service: p.journal.Service, Handler: p.journal.Handler,
		Start: &protocol.Start{
			ID: p.id, DebugID: p.journal.ID, Key: p.journal.Key, RandomSeed: runner.RandomSeed(p.id),
			// What the handler reads is in the journal; the rest of the state is not known.
			PartialState: true,
		},
		Journal: known, RequestResponse: true,
		OnMessage: func(a *runtime.Attempt, f protocol.Frame) {
			a.Cut() // before a step runs
			e := entryOf(protocol.Frame{Type: f.Type, Body: append([]byte(nil), f.Body...)})
			frame, _ = e.frame()
			attempted = &e
		},
	})
	ending = a.Wait()
	return attempted, frame, ending
}

// whole plays the whole journal.
func (p *player) whole() error {
	attempted, _, ending := p.play(p.frames[:p.known])
	switch {
	case attempted != nil && p.known < len(p.frames):
		return p.compare(p.known, attempted)
	case attempted != nil && p.journal.ended():
		return p.mismatch(p.known, attempted, ending)
	case attempted != nil, ending.Kind == runtime.Completed:
		return nil
	case ending.Kind == runtime.Suspended && !p.journal.ended():
		return nil
	default:
		return fmt.Errorf("journal: replay of %s against %s: it %s", p.journal.ID, p.journal.Target(), ending)
	}
}

// scan asks the handler for each command in turn, and returns the first that differs. What
// differs only where it was redacted is replaced.
func (p *player) scan() error {
	for i, e := range p.journal.Entries[:p.known] {
		if i == 0 || !p.frames[i].Type.IsCommand() {
			continue
		}
		attempted, frame, ending := p.play(p.before(i))
		if attempted == nil {
			return p.mismatch(i, nil, ending)
		}
		if err := p.compare(i, attempted); err != nil {
			return err
		}
		if len(e.Redacted) > 0 && attempted.Type == e.Type {
			p.frames[i], p.mended = frame, true
		}
	}
	return nil
}

// before returns what is known before a command: the entries before it, and the results that
// came later for the commands among them. Without these a step would run again.
func (p *player) before(command int) []protocol.Frame {
	known := append([]protocol.Frame(nil), p.frames[:command]...)
	open := map[uint32]bool{}
	for _, e := range p.journal.Entries[:command] {
		open[e.Completion], open[e.InvocationCompletion] = true, true
	}
	for i, e := range p.journal.Entries[command:p.known] {
		f := p.frames[command+i]
		if f.Type.IsNotification() && f.Type != protocol.TypeSignalNotification && open[e.Completion] {
			known = append(known, f)
		}
	}
	return known
}

func (p *player) mismatch(index int, attempted *Entry, ending runtime.Ending) error {
	e := &MismatchError{Target: p.journal.Target(), ID: p.journal.ID, Index: index, Attempted: attempted, Instead: ending.String()}
	if index < len(p.journal.Entries) {
		e.Recorded = &p.journal.Entries[index]
	}
	return e
}

// compare compares a recorded command with what the handler does in its place.
func (p *player) compare(index int, attempted *Entry) error {
	recorded := p.journal.Entries[index]
	if same(recorded, *attempted) {
		return nil
	}
	return p.mismatch(index, attempted, runtime.Ending{})
}

// same reports whether two commands are the same to the SDK, apart from what is redacted.
func same(recorded, attempted Entry) bool {
	a, b := essential(recorded), essential(attempted)
	if len(recorded.Redacted) > 0 {
		a.Payload, b.Payload = without(a.Payload, recorded.Redacted), without(b.Payload, recorded.Redacted)
	}
	a.Redacted, b.Redacted = nil, nil
	return a.String() == b.String()
}

// essential returns a command without what may differ: times, and the results of reading.
func essential(e Entry) Entry {
	e.Time = 0
	switch e.Type {
	case protocol.TypeGetLazyState.Entry(), protocol.TypeGetEagerState.Entry():
		return Entry{Type: protocol.TypeGetLazyState.Entry(), Key: e.Key}
	case protocol.TypeGetLazyStateKeys.Entry(), protocol.TypeGetEagerStateKeys.Entry():
		return Entry{Type: protocol.TypeGetLazyStateKeys.Entry()}
	}
	return e
}

// without returns a value without some paths.
func without(p Payload, paths []string) Payload {
	var value any
	content, ok := p.asJSON()
	if !ok || json.Unmarshal(content, &value) != nil {
		return Payload{}
	}
	for _, path := range paths {
		if path == "" {
			return Payload{}
		}
		remove(value, strings.Split(path[1:], "/"))
	}
	left, err := json.Marshal(value)
	if err != nil {
		return Payload{}
	}
	return Payload{Value: left}
}

func remove(value any, path []string) {
	var child any
	switch v := value.(type) {
	case map[string]any:
		name := unescape(path[0])
		if len(path) == 1 {
			delete(v, name)
			return
		}
		child = v[name]
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(v) {
			return
		}
		if len(path) == 1 {
			v[i] = nil
			return
		}
		child = v[i]
	}
	if child != nil {
		remove(child, path[1:])
	}
}

// IsMismatch reports whether an error says that a handler does not do what a journal has.
func IsMismatch(err error) bool {
	_, ok := errors.AsType[*MismatchError](err)
	return ok
}
