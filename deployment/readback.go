package deployment

import (
	"context"
	"fmt"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
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

// readBack returns the revisions of the services once the server routes all of them to
// the deployment, with this interface.
func (r *run) readBack(ctx context.Context, deploymentID string) (map[string]int, error) {
	deadline := time.Now().Add(readBackWindow)
	pauses := backoff.New(firstPause, maxPause)
	for {
		list, err := r.look(ctx)
		if err != nil {
			return nil, fmt.Errorf("deployment %s is registered, but cannot be read back: %w", deploymentID, err)
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
		if d.ID == deploymentID && !sameMetadata(d.Metadata, r.metadata) {
			return nil, &MismatchError{
				DeploymentID: deploymentID, URL: r.url,
				Application: d.Metadata[ApplicationKey], InterfaceHash: d.Metadata[InterfaceHashKey],
			}
		}
	}
	return revisions, nil
}
