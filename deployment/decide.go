package deployment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// OtherApplicationError reports that the URL belongs to another application: the server
// knows it with other services. Or another application has services of the same names.
// Nothing was registered.
type OtherApplicationError struct {
	DeploymentID, URL string
	// Application that is kept with the deployment, or empty.
	Application string
	Services    []string
	// Taken is true if the services have the names of this application's, at another URL.
	Taken bool
}

// Error names the services that would have gone.
func (e *OtherApplicationError) Error() string {
	owner := "another application"
	if e.Application != "" {
		owner = fmt.Sprintf("the application %q", e.Application)
	}
	if e.Taken {
		return fmt.Sprintf("%s at %s serves %s, whose new invocations would come here: "+
			"rename the services, give both the same Application, or set ReplaceOther", owner, e.URL, quoted(e.Services))
	}
	return fmt.Sprintf("%s is registered by %s as deployment %s with the services %s, which would be lost: "+
		"choose another URL, delete that deployment, or set ReplaceOther",
		e.URL, owner, e.DeploymentID, quoted(e.Services))
}

// SupersededError reports that new invocations go to other deployments, to which this one
// has given way: the server knows the URL with this interface, or a newer build of the
// application is registered. Nothing was registered.
type SupersededError struct {
	// DeploymentID that the server knows under the URL, or empty.
	DeploymentID, URL string
	Services          []NotServed
}

// Error names the services and the ways out.
func (e *SupersededError) Error() string {
	what := "deployment " + e.DeploymentID + " at " + e.URL + " has been superseded"
	if e.DeploymentID == "" {
		what = "a newer build of the application is registered than that at " + e.URL
	}
	return fmt.Sprintf("%s: %s; to roll back, set Superseded: TakeOver; to serve only the invocations that began here, set Superseded: ServePinned",
		what, notServedText(e.Services))
}

// decide compares the list of deployments with what is served here. The plan has neither
// services nor invocations yet.
func (r *run) decide(list []admin.DeploymentSummary) (Plan, error) {
	r.noteSubscriptions(list)
	plan := Plan{URL: r.url, InterfaceHash: r.metadata[InterfaceHashKey]}
	latest := latestOf(list)
	known, serving := r.known(list), r.serving(list, latest)
	if theirs := r.taken(serving, latest); theirs != nil {
		return plan, theirs
	}
	newer := slices.ContainsFunc(serving, r.newer)
	for _, name := range r.manifest.Names() {
		if at := latest[name]; at != nil && at.URI != r.url || at == nil && known != nil {
			plan.Elsewhere = append(plan.Elsewhere, notServed(name, at))
		}
	}
	if known == nil {
		plan.Metadata = r.changesAgainst(serving...)
		if newer && r.config.Superseded != TakeOver {
			return plan, &SupersededError{URL: r.url, Services: plan.Elsewhere}
		}
		plan.Action, plan.Reason, plan.Elsewhere = Create, "the URL is new", nil
		return plan, nil
	}
	plan.DeploymentID, plan.OldInterfaceHash = known.ID, known.Metadata[InterfaceHashKey]
	same, elsewhere := plan.OldInterfaceHash == plan.InterfaceHash, len(plan.Elsewhere) > 0
	if elsewhere && same {
		plan.Metadata = r.changesAgainst(serving...)
	} else {
		plan.Metadata = r.changesAgainst(*known)
	}
	superseded := !r.takesOver && (same && elsewhere || !same && newer)
	switch development := r.config.Mode == Development; {
	case !r.ours(*known) && !r.config.ReplaceOther && !r.freePort:
		return plan, &OtherApplicationError{
			DeploymentID: known.ID, URL: r.url, Application: known.Metadata[ApplicationKey], Services: names(known.Services),
		}
	case superseded && r.config.Superseded == RefuseSuperseded:
		return plan, &SupersededError{DeploymentID: known.ID, URL: r.url, Services: r.instead(plan, *known)}
	case superseded && r.config.Superseded == ServePinned:
		plan.Action, plan.Reason = None, "it has been superseded, and serves what began here"
	case !same && plan.OldInterfaceHash == "":
		plan.Action, plan.Reason = Replace, "the deployment has no interface hash"
	case !same:
		plan.Action, plan.Reason = Replace, "the interface has changed"
	case !elsewhere && r.newer(*known) && r.config.Superseded != TakeOver && known.Metadata[SubscriptionsKey] != r.metadata[SubscriptionsKey]:
		plan.Action, plan.Reason = None, newerSubscriptions
	case elsewhere:
		plan.Action, plan.Reason = Reclaim, "new invocations go elsewhere"
	case !sameMetadata(known.Metadata, r.metadata):
		plan.Action, plan.Reason = Update, "metadata or documentation has changed"
	case !maps.Equal(lowerKeys(known.AdditionalHeaders), lowerKeys(r.config.AdditionalHeaders)):
		plan.Action, plan.Reason = Update, "additional headers have changed"
	case r.otherHTTP(*known):
		plan.Action, plan.Reason = Update, "UseHTTP11 has changed"
	case development:
		plan.Action, plan.Reason = Update, "development registers at every start"
	default:
		plan.Action, plan.Reason = None, "it is registered with this interface"
	}
	return plan, nil
}

// taken returns what is wrong with taking services over from another application.
func (r *run) taken(serving []admin.DeploymentSummary, latest map[string]*admin.DeploymentSummary) error {
	if r.config.ReplaceOther || r.config.Mode == Development {
		return nil
	}
	for _, d := range serving {
		owner := d.Metadata[ApplicationKey]
		if owner == "" || owner == r.program.Application || d.URI == r.url {
			continue
		}
		e := &OtherApplicationError{DeploymentID: d.ID, URL: d.URI, Application: owner, Taken: true}
		for _, name := range r.manifest.Names() {
			if at := latest[name]; at != nil && at.ID == d.ID {
				e.Services = append(e.Services, name)
			}
		}
		return e
	}
	return nil
}

// instead returns what serves in place of this build: another deployment, or a newer build
// at the same URL.
func (r *run) instead(plan Plan, known admin.DeploymentSummary) []NotServed {
	if len(plan.Elsewhere) > 0 {
		return plan.Elsewhere
	}
	var services []NotServed
	for _, name := range r.manifest.Names() {
		services = append(services, notServed(name, &known))
	}
	return services
}

// lowerKeys returns headers as the server lists them.
func lowerKeys(headers map[string]string) map[string]string {
	out := make(map[string]string, len(headers))
	for name, value := range headers {
		out[strings.ToLower(name)] = value
	}
	return out
}

// otherHTTP reports whether the server speaks another version of HTTP to the deployment
// than is configured. Over TLS, the two of them choose it.
func (r *run) otherHTTP(known admin.DeploymentSummary) bool {
	return strings.HasPrefix(r.url, "http:") && known.HTTPVersion != "" && (known.HTTPVersion == "HTTP/1.1") != r.config.UseHTTP11
}

// known returns the deployment at the URL. Where there are several, it is the one that
// the server replaces.
func (r *run) known(list []admin.DeploymentSummary) *admin.DeploymentSummary {
	var known *admin.DeploymentSummary
	for i, d := range list {
		if d.URI == r.url && (known == nil || d.CreatedAt.After(known.CreatedAt)) {
			known = &list[i]
		}
	}
	return known
}

// ours reports whether a deployment is one of this application. One that does not say, and
// in development one whose program was moved, is ours if it has one of our services.
func (r *run) ours(d admin.DeploymentSummary) bool {
	switch d.Metadata[ApplicationKey] {
	case "":
	case r.program.Application:
		return true
	default:
		if r.config.Mode != Development {
			return false
		}
	}
	own := r.manifest.Names()
	return len(d.Services) == 0 || slices.ContainsFunc(d.Services, func(s admin.ServiceRevision) bool { return slices.Contains(own, s.Name) })
}

// atURL returns the ids of the deployments at the URL: several if some were moved there.
func (r *run) atURL(list []admin.DeploymentSummary) []string {
	var ids []string
	for _, d := range list {
		if d.URI == r.url {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// serving returns the deployments that serve services of this application now, once each.
func (r *run) serving(list []admin.DeploymentSummary, latest map[string]*admin.DeploymentSummary) []admin.DeploymentSummary {
	wanted := map[string]bool{}
	for _, name := range r.manifest.Names() {
		if at := latest[name]; at != nil {
			wanted[at.ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(d admin.DeploymentSummary) bool { return !wanted[d.ID] })
}

// changesAgainst compares the metadata of services with that of deployments. What cannot
// be read is no reason not to register.
func (r *run) changesAgainst(deployments ...admin.DeploymentSummary) []MetadataChange {
	if len(deployments) == 0 {
		return nil
	}
	own := r.manifest.Names()
	old := map[string]map[string]string{}
	for _, d := range deployments {
		tagged, err := serviceMetadataOf(d.DeploymentInfo)
		if err != nil {
			r.log.Debug("metadata of services is not compared", "error", err)
			return nil
		}
		sameApplication := r.sameApplication(d)
		for name, metadata := range tagged {
			if sameApplication || slices.Contains(own, name) {
				old[name] = metadata
			}
		}
	}
	return metadataChanges(old, r.manifest)
}

// latestOf returns the deployment of the latest revision of each service, which new
// invocations go to.
func latestOf(list []admin.DeploymentSummary) map[string]*admin.DeploymentSummary {
	latest := map[string]*admin.DeploymentSummary{}
	revisions := map[string]int{}
	for i := range list {
		for _, s := range list[i].Services {
			if s.Revision > revisions[s.Name] {
				latest[s.Name], revisions[s.Name] = &list[i], s.Revision
			}
		}
	}
	return latest
}

func names(services []admin.ServiceRevision) []string {
	out := make([]string, len(services))
	for i, s := range services {
		out[i] = s.Name
	}
	slices.Sort(out)
	return out
}

// NotServed is a service whose new invocations go to another deployment.
type NotServed struct {
	Name string `json:"name"`
	// DeploymentID and URL of the deployment that serves it instead. Both are empty if
	// the server does not know the service.
	DeploymentID string `json:"deployment_id"`
	URL          string `json:"url"`
}

func notServed(name string, at *admin.DeploymentSummary) NotServed {
	if at == nil {
		return NotServed{Name: name}
	}
	return NotServed{Name: name, DeploymentID: at.ID, URL: at.URI + at.ARN}
}

// String says who serves the service.
func (s NotServed) String() string {
	if s.DeploymentID == "" {
		return fmt.Sprintf("%q is not known to the server", s.Name)
	}
	return fmt.Sprintf("%q is served by %s at %s", s.Name, s.DeploymentID, s.URL)
}

func notServedText(services []NotServed) string {
	out := make([]string, len(services))
	for i, s := range services {
		out[i] = s.String()
	}
	return strings.Join(out, ", ")
}
