package deployment

import (
	"fmt"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
)

// Compare returns how the services of two manifests differ, by name, without a server: what
// [Endpoint] calls Manifest, of an older and of a newer version of an application. Defaults
// are the server's, so an option that is set to its default and one that is not set differ.
func Compare(older, newer []byte) ([]ServiceChange, error) {
	var sides [2][]admin.Service
	for i, raw := range [][]byte{older, newer} {
		m, err := manifest.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("deployment: %w", err)
		}
		details, err := m.Details()
		if err != nil {
			return nil, fmt.Errorf("deployment: %w", err)
		}
		for _, s := range details {
			sides[i] = append(sides[i], asService(s))
		}
	}
	return compare(sides[0], sides[1]), nil
}

// asService returns a service of a manifest in the form of the admin API.
func asService(s manifest.Service) admin.Service {
	out := admin.Service{Name: s.Name, Type: admin.ServiceType(pascal(s.Type)), Public: isPublic(s.Options), Metadata: s.Metadata, Options: asOptions(s.Options)}
	if s.WorkflowRetention != nil {
		out.WorkflowCompletionRetention = span(s.WorkflowRetention)
	}
	for _, h := range s.Handlers {
		out.Handlers = append(out.Handlers, admin.Handler{
			Name: h.Name, Type: admin.HandlerType(pascal(h.Type)), Public: out.Public && isPublic(h.Options),
			InputSchema: h.Input.Schema, OutputSchema: h.Output.Schema, Options: asOptions(h.Options),
		})
	}
	return out
}

func isPublic(o manifest.Options) bool { return o.IngressPrivate == nil || !*o.IngressPrivate }

func asOptions(o manifest.Options) admin.Options {
	out := admin.Options{
		InactivityTimeout: span(o.InactivityTimeout), AbortTimeout: span(o.AbortTimeout),
		IdempotencyRetention: span(o.IdempotencyRetention), JournalRetention: span(o.JournalRetention), EnableLazyState: o.EnableLazyState,
	}
	policy := admin.RetryPolicy{InitialInterval: span(o.RetryInitialInterval), MaxInterval: span(o.RetryMaxInterval)}
	if o.RetryMaxAttempts != nil {
		attempts := int(*o.RetryMaxAttempts)
		policy.MaxAttempts = &attempts
	}
	if o.RetryFactor != nil {
		policy.ExponentiationFactor = *o.RetryFactor
	}
	if o.RetryOnMaxAttempts != nil {
		policy.OnMaxAttempts = *o.RetryOnMaxAttempts
	}
	if policy != (admin.RetryPolicy{}) {
		out.RetryPolicy = &policy
	}
	return out
}

func span(milliseconds *int64) string {
	if milliseconds == nil {
		return ""
	}
	return (time.Duration(*milliseconds) * time.Millisecond).String()
}
