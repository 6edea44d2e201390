package invocations

import (
	"strconv"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/wayout"
)

// advice is something that somebody may do, with the command to type.
type advice struct {
	Why     string `json:"why"`
	Command string `json:"command,omitempty"`
}

// advise returns what to do about an invocation. What is most likely right comes first.
func (l *look) advise(flags *server.Flags) []advice {
	command := func(words ...string) string {
		return flags.Next(append([]string{"invocations"}, words...)...)
	}
	describe := func(id string) string { return command("describe", id) }
	var next []advice
	add := func(why, what string) { next = append(next, advice{why, what}) }
	latest := command("resume", l.ID, "--deployment", onLatest)

	switch l.Status {
	case admin.StatusPaused:
		switch {
		case l.gone():
			add("Its deployment is gone. If the latest one of "+l.Service+" does the same up to where the journal ends, let it go on there.", latest)
		case l.LastFailureCode == wayout.Mismatch:
			add("The code does not fit the journal. Serve the version again with which it began at the address of its deployment, then resume it.", command("resume", l.ID))
			add("Or, if the latest deployment of "+l.Service+" does the same up to where the journal ends, let it go on there.", latest)
		case l.LastFailure == "":
			add("Somebody has paused it. Let it go on.", command("resume", l.ID))
		default:
			add(l.mend()+", then let it go on.", command("resume", l.ID))
		}
		if l.old() && !l.gone() && l.LastFailureCode != wayout.Mismatch {
			add("If the latest deployment has the cause mended, and does the same up to where the journal ends, let it go on there.", latest)
		}
	case admin.StatusBackingOff:
		switch {
		case l.gone():
			add("Its deployment is gone. Pause it, and let it go on with the latest one.", command("pause", l.ID))
		case l.LastFailureCode == wayout.Mismatch:
			add("The code does not fit the journal. Serve the version again with which it began at the address of its deployment; then it goes on by itself.", "")
		default:
			add(l.mend()+". Then it goes on by itself, or at once:", command("resume", l.ID))
		}
		if l.old() && !l.gone() {
			add("To let it go on with the latest deployment, pause it first.", command("pause", l.ID))
		}
	case admin.StatusPending:
		if l.Queue.Holder != nil {
			add("See why the invocation that holds the key does not end.", describe(l.Queue.Holder.ID))
		}
	case admin.StatusSuspended:
		l.adviseSuspended(add, describe, flags.IngressURL())
	case admin.StatusCompleted:
		l.adviseCompleted(add, command)
	}
	if l.Status != admin.StatusCompleted {
		add("To give it up with its compensations:", command("cancel", l.ID))
		if l.Status != admin.StatusScheduled && l.Status != admin.StatusPending {
			add("To give it up at once, without them:", command("kill", l.ID))
		}
	}
	return next
}

// mend says what is to be mended before it goes on.
func (l *look) mend() string {
	if l.LastFailureCode == wayout.Unreachable && l.Deployment != nil {
		return "Nobody has answered at the address of its deployment: serve its version there again"
	}
	return "Mend the cause of the last failure"
}

func (l *look) adviseSuspended(add func(why, what string), describe func(id string) string, ingress string) {
	for _, e := range l.waits() {
		if e.InvokedID != "" {
			add("See why the invocation that it has called does not end.", describe(e.InvokedID))
		}
	}
	for _, id := range l.Awakeables {
		add("It goes on when somebody resolves its awakeable with the value that it waits for:",
			terminal.CommandLine("curl", ingress+"/restate/awakeables/"+id+"/resolve", "--json", `"value"`))
	}
	if l.gone() {
		add("Its deployment is gone: it cannot go on there.", "")
	}
}

func (l *look) adviseCompleted(add func(why, what string), command func(words ...string) string) {
	if l.Failure != "" && !l.Workflow {
		add("To run it again with the same input:", command("restart", l.ID))
	}
	if l.Failure != "" && l.Workflow {
		add("The run of a workflow cannot be restarted. To be able to run it again, with its state and promises gone:", command("purge", l.ID))
	}
	if steps := l.lastComplete(); l.Failure != "" && !l.Workflow && steps > 0 {
		add("To take over its journal, and so not to do again what has succeeded:", command("restart", l.ID, "--from", strconv.Itoa(steps)))
	}
}

// lastComplete is the last entry of the journal up to which a restart can take it over, or 0.
func (l *look) lastComplete() int {
	last := 0
	for _, e := range l.Journal.Entries {
		if strings.HasPrefix(e.Type, "Output") || !e.Completed {
			break
		}
		last = e.Index
	}
	return last
}
