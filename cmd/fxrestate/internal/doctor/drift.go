package doctor

import (
	"context"
	"errors"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/description"
)

// named is the application of the command line: it is compared with what is registered.
type named struct {
	name string
	doc  description.Document
	err  error
}

// drift compares what an application would register with what is registered.
func (e *examination) drift(context.Context) Check {
	is := e.application
	if err := errors.Join(is.err, e.facts.deployments.err, e.facts.services.err); err != nil {
		return unchecked(err)
	}
	differs, err := deployment.DriftOf(is.doc.Manifest, "", e.facts.services.is, e.facts.deployments.is)
	if err != nil {
		return unchecked(err)
	}
	lines := differs.Lines()
	if len(lines) == 0 {
		return ok("%s is registered as it is, with %s", is.name, counted(len(is.doc.Services), "service", "services"))
	}
	c := Check{Summary: is.name + " differs from what is registered"}
	c.add(Finding{
		Status: Bad, What: counted(len(lines), "thing differs", "things differ") + `; "here" is in the application`, Details: lines,
		Next: []string{"fxrestate plan " + word(is.name), "then start it with RESTATE_DEPLOYMENT_URL, or fxrestate register"},
	})
	return c
}
