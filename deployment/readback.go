package deployment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
)

const (
	// readBackWindow is how long an unexpected result is retried: the nodes of a
	// cluster learn of a registration one after the other.
	readBackWindow = 5 * time.Second
	// lookTimeout limits one query for the services.
	lookTimeout = 30 * time.Second
)

// NotServedError reports services that the server does not route to the
// deployment that was just registered: another deployment took them over at the
// same time, or the URL was known and Force is false.
type NotServedError struct {
	DeploymentID string
	Services     []NotServed
}

// NotServed is one of the services of a NotServedError.
type NotServed struct {
	Name string
	// DeploymentID and URL of the deployment that serves it instead. Both are
	// empty if the server does not know the service. URL is also empty if it could
	// not be read.
	DeploymentID, URL string
}

// Error names the services and the deployments that serve them.
func (e *NotServedError) Error() string {
	services := make([]string, len(e.Services))
	for i, s := range e.Services {
		switch {
		case s.DeploymentID == "":
			services[i] = fmt.Sprintf("%q is not known to the server", s.Name)
		case s.URL == "":
			services[i] = fmt.Sprintf("%q is served by %s", s.Name, s.DeploymentID)
		default:
			services[i] = fmt.Sprintf("%q is served by %s at %s", s.Name, s.DeploymentID, s.URL)
		}
	}
	return fmt.Sprintf("deployment %s is registered, but does not serve all of its services: %s "+
		"(does another process register them too, or is the URL registered from before and Force false?)",
		e.DeploymentID, strings.Join(services, ", "))
}

// readBack returns the revisions of the services once the deployment serves all
// of them.
func (r *Registrar) readBack(ctx context.Context, deploymentID string, services []string) (map[string]int, error) {
	deadline := time.Now().Add(readBackWindow)
	pauses := backoff.New(firstPause, maxPause)
	for {
		revisions, others, err := r.serving(ctx, deploymentID, services)
		if err != nil {
			return nil, err
		}
		if len(others) == 0 {
			return revisions, nil
		}
		if time.Now().After(deadline) {
			r.addURLs(ctx, others)
			return nil, &NotServedError{DeploymentID: deploymentID, Services: others}
		}
		if !backoff.Sleep(ctx, pauses.Next()) {
			return nil, ctx.Err()
		}
	}
}

// revision is the latest revision of a service.
type revision struct {
	Name         string `json:"name"`
	Number       int    `json:"revision"`
	DeploymentID string `json:"deployment_id"`
}

// serving queries once, and separates the services of the deployment from those
// of others. GET /services takes several times as long, because it returns the
// schemas of all handlers.
func (r *Registrar) serving(ctx context.Context, deploymentID string, names []string) (map[string]int, []NotServed, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	services, err := admin.Query[revision](ctx, r.client, "SELECT name, revision, deployment_id FROM sys_service")
	if err != nil {
		return nil, nil, err
	}
	known := make(map[string]revision, len(services))
	for _, service := range services {
		known[service.Name] = service
	}
	revisions := make(map[string]int, len(names))
	var others []NotServed
	for _, name := range names {
		service := known[name]
		if service.DeploymentID == deploymentID {
			revisions[name] = service.Number
		} else {
			others = append(others, NotServed{Name: name, DeploymentID: service.DeploymentID})
		}
	}
	return revisions, others, nil
}

// addURLs adds the URLs of the other deployments. It ignores failures, because
// the URLs only make the error easier to understand.
func (r *Registrar) addURLs(ctx context.Context, services []NotServed) {
	deployments, err := r.client.Deployments(ctx)
	if err != nil {
		return
	}
	for i := range services {
		at := slices.IndexFunc(deployments, func(d admin.DeploymentSummary) bool {
			return d.ID == services[i].DeploymentID
		})
		if at >= 0 {
			services[i].URL = deployments[at].URI
		}
	}
}
