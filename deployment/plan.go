package deployment

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fxrestate/go/admin"
)

// Action is what a registration does.
type Action string

// The actions of a plan.
const (
	// Create registers a URL that is new to the server.
	Create Action = "create"
	// Replace registers another interface under a known URL.
	Replace Action = "replace"
	// Update registers the same interface again, so that metadata, documentation and
	// headers are stored and, in development, changed code is looked at.
	Update Action = "update"
	// Reclaim registers the same interface again, so that new invocations come here
	// instead of to the deployment that serves them now.
	Reclaim Action = "reclaim"
	// None writes nothing.
	None Action = "none"
)

// Plan is what a registration would change on the server. It is readable with String, and
// as JSON.
type Plan struct {
	Action Action `json:"action"`
	// URL of the endpoint as the server lists it.
	URL string `json:"url"`
	// Reason for the action, in a few words.
	Reason string `json:"reason"`
	// DeploymentID that the server knows under the URL, or empty.
	DeploymentID string `json:"deployment_id,omitempty"`
	// InterfaceHash of this application, and the one that is kept with the deployment at
	// the URL, or empty.
	InterfaceHash    string `json:"interface_hash"`
	OldInterfaceHash string `json:"old_interface_hash,omitempty"`
	// Services that change, compared with the deployment at the URL, or, at a new URL,
	// with what serves them now. Empty if the interface is the same or all is new.
	Services []ServiceChange `json:"services,omitempty"`
	// Metadata of services that changes.
	Metadata []MetadataChange `json:"metadata,omitempty"`
	// InFlight are the invocations that have not completed on a deployment whose
	// interface is replaced, and those that wait for a handler that goes.
	InFlight []admin.InFlight `json:"in_flight,omitempty"`
	// Elsewhere are services whose new invocations go to another deployment now.
	Elsewhere []NotServed `json:"elsewhere,omitempty"`
	// Refused says why the registration would be refused, or is empty.
	Refused string `json:"refused,omitempty"`
	// Stranded are deployments of this application at ports where nobody listens.
	Stranded []Stranded `json:"stranded,omitempty"`
	// Subscriptions to Kafka that change, in a plan that is not carried out: in mode DryRun
	// and of [Registrar.Plan].
	Subscriptions []SubscriptionChange `json:"subscriptions,omitempty"`
}

// String shows the plan, one change a line.
func (p Plan) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s: %s", p.Action, p.URL, p.Reason)
	for _, line := range p.Lines() {
		out.WriteString("\n  " + line)
	}
	return out.String()
}

// Lines returns what changes, one change each.
func (p Plan) Lines() []string {
	var lines []string
	for _, s := range p.Services {
		lines = append(lines, s.lines()...)
	}
	for _, m := range p.Metadata {
		kind := string(m.Kind)
		if m.Kind == KindUnknown {
			kind = "the removed service"
		}
		lines = append(lines, fmt.Sprintf("metadata of %s %q: %s, was %s", kind, m.Service, tags(m.New), tags(m.Old)))
	}
	for _, s := range p.Elsewhere {
		lines = append(lines, s.String())
	}
	if len(p.InFlight) > 0 {
		lines = append(lines, "in flight: "+inFlightText(p.InFlight))
	}
	for _, s := range p.Stranded {
		lines = append(lines, s.String())
	}
	for _, s := range p.Subscriptions {
		lines = append(lines, s.String())
	}
	if p.Refused != "" {
		lines = append(lines, "refused: "+p.Refused)
	}
	return lines
}

func tags(m map[string]string) string {
	if m == nil {
		return "none"
	}
	text, _ := json.Marshal(m) // of strings
	return string(text)
}

// Change is how a service or a handler changes.
type Change string

// The changes.
const (
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
)

// ServiceChange is a service that changes.
type ServiceChange struct {
	Name   string `json:"name"`
	Change Change `json:"change"`
	// Details of the service itself, such as "journal_retention: 1d, was 2d".
	Details  []string        `json:"details,omitempty"`
	Handlers []HandlerChange `json:"handlers,omitempty"`
	// Breaking says why callers of before may fail, if they may.
	Breaking []string `json:"breaking,omitempty"`
}

// HandlerChange is a handler that changes.
type HandlerChange struct {
	Name    string   `json:"name"`
	Change  Change   `json:"change"`
	Details []string `json:"details,omitempty"`
	// Breaking says why callers of before may fail, if they may.
	Breaking []string `json:"breaking,omitempty"`
}

// Breaking returns what callers of before may fail with, one a line: services and handlers
// that are gone, of another kind or private now, and schemas that do not take what they took
// or do not give what they gave. A field that is new in an output, or optional in an input,
// breaks nobody.
func Breaking(changes []ServiceChange) []string {
	var lines []string
	for _, s := range changes {
		for _, why := range s.Breaking {
			lines = append(lines, s.Name+": "+why)
		}
		for _, h := range s.Handlers {
			for _, why := range h.Breaking {
				lines = append(lines, s.Name+"/"+h.Name+": "+why)
			}
		}
	}
	return lines
}

func (s ServiceChange) lines() []string {
	line := func(target string, change Change, details []string) string {
		text := fmt.Sprintf("%s %s", change, target)
		if len(details) > 0 {
			text += ": " + strings.Join(details, "; ")
		}
		return text
	}
	var lines []string
	if s.Change != Changed || len(s.Details) > 0 {
		lines = append(lines, line(s.Name, s.Change, s.Details))
	}
	for _, h := range s.Handlers {
		lines = append(lines, line(s.Name+"/"+h.Name, h.Change, h.Details))
	}
	return lines
}
