// Package wayout says what an operator can do about an invocation that does not proceed by
// itself.
package wayout

import (
	"cmp"

	"github.com/fxrestate/go/admin"
)

// Restate's codes of failures that only an operator can mend.
const (
	unreachable = "RT0010"
	mismatch    = "RT0016"
)

// cause says what to do about the failures that mean a deployment, or nothing.
func cause(i admin.Invocation) string {
	switch {
	case i.DeploymentID == admin.NotBound: // it goes on with the latest deployment
		return ""
	case i.LastFailureCode == unreachable:
		return "nobody answered at the URL of deployment " + i.DeploymentID + ": serve its version there again, or move it with PATCH /deployments/" + i.DeploymentID
	case i.LastFailureCode == mismatch:
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
		return cmp.Or(what, "mend the cause") + ", then: restate invocations resume " + i.ID
	case what != "":
		return what + ", or: restate invocations kill " + i.ID
	default:
		return "mend the cause, or: restate invocations cancel " + i.ID
	}
}
