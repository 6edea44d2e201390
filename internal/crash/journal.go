package crash

import (
	"net/http"
	"slices"

	"github.com/fxrestate/go/internal/protocol"
)

// Invocation is what an [Injector] saw of an invocation.
type Invocation struct {
	Identity

	ID      string  // inv_…
	Entries []Entry // what its attempts wrote, in this order
	Journal Journal
	// Failures are the errors that its attempts ended with.
	Failures []string

	attempts int
	current  *attempt // the one that the journal goes on with
}

// Journal is what a replay needs.
type Journal struct {
	Start    *protocol.Start
	Commands []Command // the first one is the input
	// Notifications are what the handler was told, in this order.
	Notifications []protocol.Frame
	Ended         bool // the handler has returned

	uri    string
	header http.Header
}

// Command is a command in a journal.
type Command struct {
	Frame protocol.Frame
	// Heard is how many notifications the handler may have known of when it wrote the
	// command.
	Heard int
}

// resume begins another attempt with what is known.
func (j *Journal) resume(start *protocol.Start, known []protocol.Frame) {
	before := j.Commands
	if j.Start == nil {
		j.Start = start
	}
	j.Commands, j.Notifications = nil, nil
	for _, f := range known {
		if f.Type.IsNotification() {
			j.Notifications = append(j.Notifications, f)
			continue
		}
		heard := len(j.Notifications)
		if i := len(j.Commands); i < len(before) {
			heard = before[i].Heard
		}
		j.Commands = append(j.Commands, Command{f, heard})
	}
}

// write takes a command that an attempt has written.
func (j *Journal) write(f protocol.Frame) {
	j.Commands = append(j.Commands, Command{f, len(j.Notifications)})
}

// frames returns the frames of the journal as a server may store them.
func (j *Journal) frames() (frames []protocol.Frame) {
	heard := 0
	for _, c := range j.Commands {
		n := min(c.Heard, len(j.Notifications))
		if n > heard {
			frames = append(frames, j.Notifications[heard:n]...)
			heard = n
		}
		frames = append(frames, c.Frame)
	}
	return append(frames, j.Notifications[heard:]...)
}

// entry returns the entry of a frame that the handler is about to write.
func (j *Journal) entry(f protocol.Frame) Entry {
	if f.Type != protocol.TypeProposeRunCompletion {
		return Entry{Index: len(j.Commands), Type: f.Type, Name: commandOf(f).name}
	}
	e := Entry{Type: protocol.TypeRun, Result: true}
	m, err := protocol.Decode(f)
	if err != nil {
		return e
	}
	id := m.(*protocol.ProposeRunCompletion).CompletionID
	e.Index = slices.IndexFunc(j.Commands, func(c Command) bool {
		run, err := protocol.Decode(c.Frame)
		if err != nil {
			return false
		}
		r, ok := run.(*protocol.Run)
		return ok && r.CompletionID == id
	})
	if e.Index >= 0 {
		e.Name = commandOf(j.Commands[e.Index].Frame).name
	}
	return e
}

// isEntry reports whether a frame goes into the journal.
func isEntry(t protocol.Type) bool {
	return t.IsCommand() || t == protocol.TypeProposeRunCompletion
}
