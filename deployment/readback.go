package deployment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/manifest"
)

const (
	// readBackWindow is how long an unexpected result is retried: the nodes of a
	// cluster learn of a registration one after the other.
	readBackWindow = 5 * time.Second
	// lookTimeout limits one look at what is registered.
	lookTimeout = 30 * time.Second
)

// NotServedError reports services that the server does not route to the deployment that
// was just registered: another deployment took them over at the same time.
type NotServedError struct {
	DeploymentID string
	Services     []NotServed
}

// Error names the services and the deployments that serve them.
func (e *NotServedError) Error() string {
	return fmt.Sprintf("deployment %s is registered, but does not serve all of its services: %s "+
		"(does another process register them too?)", e.DeploymentID, notServedText(e.Services))
}

// MismatchError reports that the server found other handlers at the URL than this process
// serves, or that another process registered the URL at the same time.
type MismatchError struct {
	DeploymentID, URL string
	// Missing and Unexpected handlers, as service/handler.
	Missing, Unexpected []string
	// Application and InterfaceHash that are kept with the deployment now, if another
	// process registered it.
	Application, InterfaceHash string
}

// Error says what differs.
func (e *MismatchError) Error() string {
	if e.InterfaceHash != "" || e.Application != "" {
		return fmt.Sprintf("another process (application %q, interface %s) registered %s at the same time and has replaced deployment %s: "+
			"give each version a URL of its own", e.Application, e.InterfaceHash, e.URL, e.DeploymentID)
	}
	return fmt.Sprintf("the server found other handlers at %s than this process serves: without %s, and with %s too: "+
		"does the URL lead to a process of another version?", e.URL, quoted(e.Missing), quoted(e.Unexpected))
}

// checkHandlers compares what the server discovered with what is served here.
func checkHandlers(registered admin.RegisteredDeployment, url string, m *manifest.Manifest) error {
	served, found := map[string]bool{}, map[string]bool{}
	for _, s := range m.Services {
		for _, h := range s.Handlers {
			served[s.Name+"/"+h.Name] = true
		}
	}
	for _, s := range registered.Services {
		for _, h := range s.Handlers {
			found[s.Name+"/"+h.Name] = true
		}
	}
	if maps.Equal(served, found) {
		return nil
	}
	without := func(all, some map[string]bool) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(target string) bool { return some[target] })
	}
	return &MismatchError{
		DeploymentID: registered.ID, URL: url,
		Missing: without(served, found), Unexpected: without(found, served),
	}
}

// readBack returns the revisions of the services once the server routes all of them to
// the deployment, with this interface.
func (r *run) readBack(ctx context.Context, deploymentID string) (map[string]int, error) {
	deadline := time.Now().Add(readBackWindow)
	pauses := backoff.New(firstPause, maxPause)
	for {
		list, err := r.look(ctx)
		if err != nil {
			return nil, err
		}
		revisions, err := r.check(list, deploymentID)
		if err == nil || time.Now().After(deadline) {
			return revisions, err
		}
		if !backoff.Sleep(ctx, pauses.Next()) {
			return nil, err
		}
	}
}

// check looks for the deployment and the latest revisions of its services in the list.
func (r *run) check(list []admin.DeploymentSummary, deploymentID string) (map[string]int, error) {
	latest := latestOf(list)
	revisions := make(map[string]int, len(r.manifest.Services))
	var others []NotServed
	for _, name := range r.manifest.Names() {
		at := latest[name]
		if at == nil || at.ID != deploymentID {
			others = append(others, notServed(name, at))
			continue
		}
		for _, s := range at.Services {
			if s.Name == name {
				revisions[name] = s.Revision
			}
		}
	}
	if len(others) > 0 {
		return nil, &NotServedError{DeploymentID: deploymentID, Services: others}
	}
	for _, d := range list {
		if d.ID == deploymentID && !maps.Equal(d.Metadata, r.metadata) {
			return nil, &MismatchError{
				DeploymentID: deploymentID, URL: r.url,
				Application: d.Metadata[ApplicationKey], InterfaceHash: d.Metadata[InterfaceHashKey],
			}
		}
	}
	return revisions, nil
}
