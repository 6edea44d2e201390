package doctor

import (
	"context"
	"errors"

	"github.com/fxrestate/go/admin"
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
	if e.application.err != nil {
		return unchecked(e.application.err)
	}
	if err := errors.Join(e.facts.deployments.err, e.facts.services.err); err != nil {
		return unchecked(err)
	}
	hashes, registered := map[string]string{}, map[string]admin.Service{}
	for _, d := range e.facts.deployments.is {
		hashes[d.ID] = d.Metadata[deployment.InterfaceHashKey]
	}
	for _, s := range e.facts.services.is {
		registered[s.Name] = s
	}
	c := Check{Status: OK}
	next := []string{"fxrestate plan " + word(e.application.name), "then start it with RESTATE_DEPLOYMENT_URL, or fxrestate register"}
	for _, s := range e.application.doc.Services {
		is, known := registered[s.Name]
		if known && hashes[is.DeploymentID] == e.application.doc.InterfaceHash {
			continue
		}
		f := Finding{Status: Bad, Next: next}
		switch {
		case !known:
			f.What = s.Name + " is not registered"
		default:
			f.What = s.Name + ": another interface is registered, as deployment " + is.DeploymentID
			served := admin.Service{Name: s.Name}
			for _, h := range s.Handlers {
				served.Handlers = append(served.Handlers, admin.Handler{Name: h.Name})
			}
			gone, fresh := differing([]admin.Service{is}, []admin.Service{served})
			if len(gone) > 0 {
				f.Details = append(f.Details, "the application does not have "+listed(gone))
			}
			if len(fresh) > 0 {
				f.Details = append(f.Details, "the server does not know "+listed(fresh))
			}
			if len(gone)+len(fresh) == 0 {
				f.Details = append(f.Details, "the handlers are the same; schemas, options or other services of the application differ")
			}
		}
		c.add(f)
	}
	if c.Status == OK {
		return ok("%s is registered as it is, with %s", e.application.name, counted(len(e.application.doc.Services), "service", "services"))
	}
	c.Summary = e.application.name + " differs from what is registered"
	return c
}
