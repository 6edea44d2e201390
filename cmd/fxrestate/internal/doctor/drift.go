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
	rest []string // its arguments
	doc  description.Document
	err  error
}

// words are those of a command about it.
func (n *named) words(command string) []string {
	words := []string{command, n.name}
	if len(n.rest) > 0 {
		words = append(append(words, "--"), n.rest...)
	}
	return words
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
		Next: []string{e.next(is.words("plan")...), "then start it with RESTATE_DEPLOYMENT_URL, or fxrestate register"},
	})
	return c
}
