package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fxrestate/go/admin"
)

const (
	// maxAsked is how many deployments are asked, those first that serve something.
	maxAsked = 100
	// askedAtOnce is how many are asked at the same time: those that hang are not to keep
	// the others waiting.
	askedAtOnce = 16
)

// deployed is a deployment, and what depends on it.
type deployed struct {
	admin.DeploymentSummary
	// serves are the services whose new invocations go to it.
	serves []string
	// inFlight is how many invocations are bound to it.
	inFlight int
}

func (d deployed) at() string { return admin.RedactURL(d.URI) + d.ARN }

// about names a deployment, and says who needs it.
func (d deployed) about() string {
	var needs []string
	if len(d.serves) > 0 {
		needs = append(needs, "serves "+listed(d.serves))
	}
	if d.inFlight > 0 {
		needs = append(needs, counted(d.inFlight, "invocation", "invocations")+" in flight")
	}
	if len(needs) == 0 {
		needs = append(needs, "nothing needs it any more")
	}
	return d.ID + " at " + d.at() + " (" + strings.Join(needs, ", ") + ")"
}

// needed reports whether somebody waits where it does not answer.
func (d deployed) needed() bool { return len(d.serves) > 0 || d.inFlight > 0 }

// deployed returns all deployments, those first that are needed most.
func (e *examination) deployed() []deployed {
	all := make([]deployed, len(e.facts.deployments.is))
	for i, d := range e.facts.deployments.is {
		all[i] = deployed{DeploymentSummary: d}
		for _, s := range e.facts.services.is {
			if s.DeploymentID == d.ID {
				all[i].serves = append(all[i].serves, s.Name)
			}
		}
		for _, f := range e.facts.inFlight.is {
			if f.DeploymentID == d.ID {
				all[i].inFlight += f.Count
			}
		}
	}
	slices.SortStableFunc(all, func(a, b deployed) int {
		return cmp.Or(cmp.Compare(min(len(b.serves), 1), min(len(a.serves), 1)), cmp.Compare(b.inFlight, a.inFlight), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// deployments lets the server ask each deployment what it serves, by a registration that is
// not made: no other call tells what the server reaches.
func (e *examination) deployments(ctx context.Context) Check {
	if err := errors.Join(e.facts.deployments.err, e.facts.services.err, e.facts.inFlight.err); err != nil {
		return unchecked(err)
	}
	all := e.deployed()
	if len(all) == 0 {
		return Check{Status: Notice, Summary: "none", Findings: []Finding{{
			Status: Notice, What: "no application is registered",
			Next: []string{e.next("register", "http://localhost:9080"), "or start an application with RESTATE_DEPLOYMENT_URL"},
		}}}
	}
	asked := all[:min(len(all), maxAsked)]
	findings := make([][]Finding, len(asked))
	var asking sync.WaitGroup
	room := make(chan struct{}, askedAtOnce)
	for i, d := range asked {
		room <- struct{}{}
		asking.Go(func() {
			defer func() { <-room }()
			findings[i] = e.asked(ctx, d)
		})
	}
	asking.Wait()
	c, quiet := Check{Status: OK}, 0
	for _, found := range findings {
		if len(found) == 0 {
			quiet++
		}
		for _, f := range found {
			c.add(f)
		}
	}
	c.Summary = fmt.Sprintf("%d of %s in order, as the server sees them", quiet, counted(len(asked), "deployment is", "deployments are"))
	if more := len(all) - len(asked); more > 0 {
		c.add(Finding{Status: Notice, What: counted(more, "more was not asked", "more were not asked")})
	}
	return c
}

// asked asks one deployment, and says what is wrong with it.
func (e *examination) asked(ctx context.Context, d deployed) []Finding {
	if d.ARN != "" { // the role with which the server calls it is not known here
		return e.removable(d)
	}
	found, err := e.client.DryRun(ctx, admin.RegisterDeploymentRequest{
		URI: d.URI, Force: true, AdditionalHeaders: d.AdditionalHeaders, UseHTTP11: d.HTTPVersion == "HTTP/1.1",
	})
	var registered admin.Deployment
	if err == nil {
		registered, err = e.client.Deployment(ctx, d.ID)
	} else if !d.needed() {
		return e.removable(d)
	}
	if err != nil {
		return []Finding{e.unreachable(d, err)}
	}
	gone, fresh := differing(registered.Services, found.Services)
	if len(gone)+len(fresh) == 0 || !d.needed() {
		return e.removable(d)
	}
	f := Finding{Status: Bad, ID: d.ID, What: d.about() + ": something else answers there than what is registered"}
	if len(gone) > 0 {
		f.Details = append(f.Details, "it does not serve "+listed(gone)+" any more")
	}
	if len(fresh) > 0 {
		f.Details = append(f.Details, "it serves "+listed(fresh)+", which the server does not know")
	}
	if len(d.serves) > 0 {
		f.Next = append(f.Next, e.next("register", admin.RedactURL(d.URI)))
	}
	if d.inFlight > 0 {
		f.Next = append(f.Next, e.next("drain", d.ID))
	}
	return []Finding{f}
}

// removable says that a deployment can go, if it can.
func (e *examination) removable(d deployed) []Finding {
	if d.needed() {
		return nil
	}
	return []Finding{{Status: Notice, ID: d.ID, What: d.about(), Next: []string{e.next("drain", d.ID, "--delete")}}}
}

// unreachable says what to do about a deployment that the server does not reach.
func (e *examination) unreachable(d deployed, err error) Finding {
	f := Finding{Status: Bad, ID: d.ID, What: d.about() + ": the server does not reach it"}
	var refused *admin.Error
	switch {
	case errors.As(err, &refused):
		f.Details = append(f.Details, strings.TrimSpace(refused.Code+" "+refused.Message))
		if hint := refused.Hint(); hint != "" {
			f.Next = append(f.Next, hint)
		}
	default:
		f.Details = append(f.Details, trimmed(err))
	}
	if len(d.serves) > 0 {
		f.Next = append(f.Next, "if it is elsewhere now, register that URL: "+e.next("register", "URL"))
	}
	if d.inFlight > 0 {
		f.Next = append(f.Next, e.next("invocations", "list", "--deployment", d.ID))
	}
	return f
}

// differing returns the handlers that are registered and not served any more, and those that
// are served and not registered.
func differing(registered, found []admin.Service) (gone, fresh []string) {
	was, is := handlersOf(registered), handlersOf(found)
	for h := range was {
		if !is[h] {
			gone = append(gone, h)
		}
	}
	for h := range is {
		if !was[h] {
			fresh = append(fresh, h)
		}
	}
	return gone, fresh
}

func handlersOf(services []admin.Service) map[string]bool {
	all := map[string]bool{}
	for _, s := range services {
		for _, h := range s.Handlers {
			all[s.Name+"/"+h.Name] = true
		}
	}
	return all
}
