package deployment

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
)

// Drift is how what a server routes to differs from what a process serves. The zero Drift
// is none.
type Drift struct {
	// NotServed are services of the process whose new invocations do not come to it.
	NotServed []NotServed `json:"not_served,omitempty"`
	// Missing are handlers that the process serves and the server does not know. Unexpected
	// are those that the server knows and the process does not serve, in services that
	// both have. All are written service/handler.
	Missing    []string `json:"missing,omitempty"`
	Unexpected []string `json:"unexpected,omitempty"`
	// Different services and handlers, with what differs, such as "input schema of A/Do".
	Different []string `json:"different,omitempty"`
}

// DriftOf compares what a process serves, its answer to discovery, with what a server
// routes to: the answers of [admin.Client.Services] and [admin.Client.Deployments]. With
// the id of the process's own deployment, services that another one serves are NotServed;
// without, those are that the server does not know. It makes no call.
//
// Options that were changed at the server, as by [admin.Client.ModifyService], are among
// what is Different. The error is that of a manifest which is none.
func DriftOf(served []byte, deploymentID string, services []admin.Service, deployments []admin.DeploymentSummary) (Drift, error) {
	m, err := manifest.Parse(served)
	if err != nil {
		return Drift{}, fmt.Errorf("deployment: %w", err)
	}
	at := make(map[string]*admin.DeploymentSummary, len(deployments))
	for i := range deployments {
		at[deployments[i].ID] = &deployments[i]
	}
	known := byName(services, serviceName)
	var drift Drift
	var found []admin.Service
	for _, name := range m.Names() {
		s, ok := known[name]
		switch {
		case !ok:
			drift.NotServed = append(drift.NotServed, notServed(name, nil))
			continue
		case deploymentID != "" && s.DeploymentID != deploymentID:
			other := NotServed{Name: name, DeploymentID: s.DeploymentID}
			if d := at[s.DeploymentID]; d != nil {
				other = notServed(name, d)
			}
			drift.NotServed = append(drift.NotServed, other)
		}
		found = append(found, s)
	}
	var differs *MismatchError
	switch err := mismatch("", "", m, found, true); {
	case errors.As(err, &differs):
		drift.Unexpected, drift.Different = differs.Unexpected, slices.Compact(differs.Different)
		drift.Missing = slices.DeleteFunc(differs.Missing, func(target string) bool {
			service, _, _ := strings.Cut(target, "/")
			_, ok := known[service]
			return !ok
		})
	case err != nil:
		return Drift{}, err
	}
	return drift, nil
}

// Lines says what differs, one thing each.
func (d Drift) Lines() []string {
	var lines []string
	for _, s := range d.NotServed {
		lines = append(lines, s.String())
	}
	for _, target := range d.Missing {
		lines = append(lines, target+" is served here, and the server does not know it")
	}
	for _, target := range d.Unexpected {
		lines = append(lines, "the server knows "+target+", which is not served here")
	}
	for _, what := range d.Different {
		lines = append(lines, "the server has another "+what)
	}
	return lines
}
