package doctor

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fxrestate/go/admin"
)

// handlers looks for invocations that nothing serves: their handler is registered nowhere,
// or the deployment is gone that they are bound to.
func (e *examination) handlers(context.Context) Check {
	if err := errors.Join(e.facts.deployments.err, e.facts.services.err, e.facts.inFlight.err); err != nil {
		return unchecked(err)
	}
	served, there := handlersOf(e.facts.services.is), map[string]bool{}
	for _, d := range e.facts.deployments.is {
		there[d.ID] = true
	}
	type stray struct{ target, deployment string }
	waiting := map[stray]int{}
	for _, f := range e.facts.inFlight.is {
		target := f.Service + "/" + f.Handler
		switch {
		case f.DeploymentID == admin.NotBound && !served[target]:
			waiting[stray{target: target}] += f.Count
		case f.DeploymentID != admin.NotBound && !there[f.DeploymentID]:
			waiting[stray{target, f.DeploymentID}] += f.Count
		}
	}
	if len(waiting) == 0 {
		return ok("%s, and no invocation waits for another", counted(len(served), "is served", "are served"))
	}
	c := Check{Summary: "there are invocations that nothing serves"}
	byTarget := func(a, b stray) int {
		return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.deployment, b.deployment))
	}
	for _, s := range slices.SortedFunc(maps.Keys(waiting), byTarget) {
		n := counted(waiting[s], "invocation waits", "invocations wait")
		f := Finding{Status: Bad, What: n + " for " + s.target + ", which no deployment serves"}
		f.Next = []string{"register the version that has it", e.next("invocations", "list", s.target)}
		if s.deployment != "" {
			f.What = n + " for " + s.target + " on deployment " + s.deployment + ", which is gone"
			f.Next = []string{e.next("invocations", "list", s.target, "--deployment", s.deployment)}
		}
		c.add(f)
	}
	return c
}
