// Package wayout says what an operator can do about an invocation that does not proceed by
// itself.
package wayout

import (
	"cmp"
	"strings"

	"github.com/fxrestate/go/admin"
)

// Restate's codes of failures that only an operator can mend.
const (
	// Unreachable: the deployment of an attempt did not answer.
	Unreachable = "RT0010"
	// Mismatch: the code of an attempt does other things than the journal says.
	Mismatch = "RT0016"
)

// program is what the commands begin with. They need --admin or RESTATE_ADMIN_URL where the
// admin API is not at its default: here it may have another address than for an operator.
const program = "fxrestate invocations "

// cause says what to do about the failures that mean a deployment, or nothing.
func cause(i admin.Invocation) string {
	switch {
	case i.DeploymentID == admin.NotBound: // it goes on with the latest deployment
		return ""
	case i.LastFailureCode == Unreachable:
		return "nobody answered at the URL of deployment " + i.DeploymentID + ": serve its version there again, or move it with PATCH /deployments/" + i.DeploymentID
	case i.LastFailureCode == Mismatch:
		return "the code is not that with which it began: serve that version again at the URL of deployment " + i.DeploymentID
	default:
		return ""
	}
}

// Of returns what an operator can do: what to mend, and the command for it. An invocation
// that is retried must reach its handler and replay to be cancelled.
func Of(i admin.Invocation) string {
	what := cause(i)
	switch {
	case i.Status == admin.StatusPaused:
		return cmp.Or(what, "mend the cause") + ", then: " + program + "resume " + i.ID
	case what != "":
		return what + ", or: " + program + "kill " + i.ID
	default:
		return "mend the cause, or: " + program + "cancel " + i.ID
	}
}

// Split splits what Of returns into what to mend, and the command.
func Split(way string) (what, command string) {
	if i := strings.LastIndex(way, program); i >= 0 {
		return way[:i], way[i:]
	}
	return way, ""
}
