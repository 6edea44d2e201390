package doctor

import (
	"fmt"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// Status is how something is.
type Status string

// The statuses, from the best to the worst.
const (
	// OK: nothing to do.
	OK Status = "ok"
	// Notice: worth knowing. Nobody is needed.
	Notice Status = "notice"
	// Unchecked: it could not be looked at.
	Unchecked Status = "unchecked"
	// Bad: it needs somebody.
	Bad Status = "bad"
)

// order is how bad each status is.
var order = map[Status]int{OK: 0, Notice: 1, Unchecked: 2, Bad: 3}

func worse(a, b Status) Status {
	if order[b] > order[a] {
		return b
	}
	return a
}

// Finding is one thing that a check has seen.
type Finding struct {
	Status Status `json:"status"`
	// ID of the deployment or the invocation that it is about.
	ID string `json:"id,omitempty"`
	// What was seen.
	What string `json:"what"`
	// Details, a line each.
	Details []string `json:"details,omitempty"`
	// Next is what to do: each line is a whole command to type, or a sentence.
	Next []string `json:"next,omitempty"`
}

// Check is what was seen of one part.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Summary of the check, in a few words.
	Summary string `json:"summary"`
	// Findings that are worth a line of their own.
	Findings []Finding `json:"findings,omitempty"`
}

// Report is what the command has seen.
type Report struct {
	// Status is that of the worst check.
	Status Status  `json:"status"`
	Checks []Check `json:"checks"`
}

// ok is a check that has nothing to say but a few words.
func ok(format string, args ...any) Check {
	return Check{Status: OK, Summary: fmt.Sprintf(format, args...)}
}

// unchecked is a check that could not be made.
func unchecked(err error, next ...string) Check {
	return Check{Status: Unchecked, Summary: "could not be checked", Findings: []Finding{{Status: Unchecked, What: trimmed(err), Next: next}}}
}

// bad is a check with one finding.
func bad(summary, what string, next ...string) Check {
	return Check{Status: Bad, Summary: summary, Findings: []Finding{{Status: Bad, What: what, Next: next}}}
}

// add adds a finding, which makes the check as bad as it.
func (c *Check) add(f Finding) {
	c.Findings = append(c.Findings, f)
	c.Status = worse(c.Status, f.Status)
}

// of returns the worst status of checks.
func of(checks []Check) Status {
	all := OK
	for _, c := range checks {
		all = worse(all, c.Status)
	}
	return all
}

// exit returns the error that the command ends with.
func (r Report) exit() error {
	switch r.Status {
	case Bad:
		return terminal.ErrFound
	case Unchecked:
		return &terminal.Exit{Code: terminal.CodeFailed}
	default:
		return nil
	}
}
