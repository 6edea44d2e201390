package crash

import (
	"fmt"
	"strings"

	"github.com/fxrestate/go/internal/protocol"
)

// Finding is a mistake of a handler: it does not do what its journal says, or uses its
// ctx where it must not.
type Finding struct {
	Handler    string // service/handler
	Invocation string // its id
	// Entry is the index of the command in the journal, from 0, which is the input. For
	// a misuse it is the index that the command would have.
	Entry int
	// Recorded is what the journal has there. It is empty for a misuse.
	Recorded string
	// Attempted is what the handler did instead, or how it misused its ctx.
	Attempted string
	// Differs says in what the two differ if they are of one kind.
	Differs string
}

// Error says it all, and what to do.
func (f *Finding) Error() string {
	if f.Recorded == "" {
		return fmt.Sprintf("%s uses its ctx where it must not, at entry %d: %s", f.Handler, f.Entry, f.Attempted)
	}
	differs := ""
	if f.Differs != "" {
		differs = " (" + f.Differs + ")"
	}
	return fmt.Sprintf("%s is not deterministic at entry %d: recorded was %s, attempted was %s%s; "+
		"what differs between attempts, such as the time, random numbers, the order of a map or a global variable, belongs into restate.Run, or use durable.Now and restate.Rand",
		f.Handler, f.Entry, f.Recorded, f.Attempted, differs)
}

// differenceMark is the line before the differences in the text of a mismatch, and
// awaitMark is in the text of one that is an await.
const (
	differenceMark = "- Difference:\n"
	awaitMark      = "'await' could not be replayed"
)

// mismatch reads the error of an attempt. It is nil unless the handler did not do what
// the journal says.
func mismatch(handler, id string, j *Journal, m *protocol.Error) *Finding {
	if m.Code != protocol.CodeJournalMismatch && m.Code != protocol.CodeProtocolViolation {
		return nil
	}
	f := &Finding{Handler: handler, Invocation: id, Recorded: "the end of the journal"}
	var recorded command
	f.Entry = len(j.Commands)
	if m.RelatedCommandIndex != nil {
		f.Entry = int(*m.RelatedCommandIndex)
	}
	if f.Entry < len(j.Commands) {
		recorded = commandOf(j.Commands[f.Entry].Frame)
		f.Recorded = recorded.describe()
	}
	if m.RelatedCommandType != nil {
		attempted := Entry{Type: protocol.Type(*m.RelatedCommandType)}
		switch {
		case m.RelatedCommandName != nil:
			attempted.Name = *m.RelatedCommandName
		case attempted.Type == recorded.kind: // and Differs says if it has another name
			attempted.Name = recorded.name
		}
		f.Attempted = attempted.String()
	} else {
		f.Attempted = "something else: " + m.Message
	}
	if _, differences, ok := strings.Cut(m.Message, differenceMark); ok {
		lines := strings.Split(strings.TrimSpace(differences), "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		f.Differs = strings.Join(lines, "; ")
	}
	if strings.Contains(m.Message, awaitMark) {
		f.Recorded, f.Attempted = "no result of it", "to wait for "+f.Attempted
	}
	return f
}
