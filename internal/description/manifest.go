package description

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/internal/manifest"
)

// FromManifest describes what a manifest tells: services and handlers without what only the
// program knows.
func FromManifest(raw []byte) (Document, error) {
	m, err := manifest.Parse(raw)
	if err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	services, err := m.Details()
	if err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	d := Document{Format: Format, InterfaceHash: m.InterfaceHash(), Manifest: raw, Services: make([]Service, len(services))}
	for i, s := range services {
		own := Service{Name: s.Name, Kind: word(kinds, s.Type), Options: options(s.Options), Metadata: s.Metadata, Handlers: make([]Handler, len(s.Handlers))}
		for j, h := range s.Handlers {
			own.Handlers[j] = Handler{
				Name: h.Name, Mode: word(modes, h.Type),
				Input: payload(h.Input), Output: payload(h.Output), Options: options(h.Options), Pipeline: []Member{},
			}
		}
		d.Services[i] = own
	}
	return d, nil
}

var (
	kinds = map[string]string{"SERVICE": "service", "VIRTUAL_OBJECT": "virtual object", "WORKFLOW": "workflow"}
	modes = map[string]string{"": "concurrent", "EXCLUSIVE": "exclusive", "SHARED": "shared", "WORKFLOW": "workflow run"}
)

// word returns our word for one of the manifest's, or that one.
func word(words map[string]string, theirs string) string {
	return cmp.Or(words[theirs], strings.ToLower(theirs))
}

func payload(p manifest.Payload) Payload {
	own := Payload{Schema: title(p.Schema)}
	if p.ContentType != nil {
		own.ContentType = *p.ContentType
	}
	return own
}

// title returns the name of a schema, or its type.
func title(schema json.RawMessage) string {
	var s struct {
		Title string `json:"title"`
		Ref   string `json:"$ref"`
		Type  any    `json:"type"`
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return ""
	}
	kind, _ := s.Type.(string)
	if s.Ref != "" {
		s.Ref = path.Base(s.Ref)
	}
	return cmp.Or(s.Title, s.Ref, kind)
}

// options returns those that are set, by their names in the admin API.
func options(o manifest.Options) map[string]string {
	set := map[string]string{}
	period := func(name string, milliseconds *int64) {
		if milliseconds != nil {
			set[name] = (time.Duration(*milliseconds) * time.Millisecond).String()
		}
	}
	period("abort_timeout", o.AbortTimeout)
	period("inactivity_timeout", o.InactivityTimeout)
	period("idempotency_retention", o.IdempotencyRetention)
	period("journal_retention", o.JournalRetention)
	period("workflow_completion_retention", o.WorkflowRetention)
	period("retry_policy.initial_interval", o.RetryInitialInterval)
	period("retry_policy.max_interval", o.RetryMaxInterval)
	if o.IngressPrivate != nil {
		set["public"] = strconv.FormatBool(!*o.IngressPrivate)
	}
	if o.EnableLazyState != nil {
		set["enable_lazy_state"] = strconv.FormatBool(*o.EnableLazyState)
	}
	if o.RetryMaxAttempts != nil {
		set["retry_policy.max_attempts"] = strconv.FormatInt(*o.RetryMaxAttempts, 10)
	}
	if o.RetryFactor != nil {
		set["retry_policy.exponentiation_factor"] = strconv.FormatFloat(*o.RetryFactor, 'g', -1, 64)
	}
	if o.RetryOnMaxAttempts != nil {
		set["retry_policy.on_max_attempts"] = strings.ToLower(*o.RetryOnMaxAttempts)
	}
	if len(set) == 0 {
		return nil
	}
	return set
}
