package deployment

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
)

// MismatchError reports that the server found something else at the URL than this process
// serves, or that another process registered the URL at the same time.
type MismatchError struct {
	DeploymentID, URL string
	// Missing and Unexpected handlers, as service/handler.
	Missing, Unexpected []string
	// Different services and handlers, with what differs.
	Different []string
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
	var what []string
	for label, list := range map[string][]string{"without ": e.Missing, "with ": e.Unexpected, "with another ": e.Different} {
		if len(list) > 0 {
			what = append(what, label+strings.Join(list, ", "))
		}
	}
	slices.Sort(what)
	return fmt.Sprintf("the server found other handlers at %s than this process serves: %s; does the URL lead to a process of another version?",
		e.URL, strings.Join(what, "; "))
}

// Retryable reports whether the server may find this process the next time: processes of
// several versions stand behind the URL while they are replaced. A deployment without a
// hash is one that such a process has disowned.
func (e *MismatchError) Retryable() bool { return e.InterfaceHash == "" }

// checkNames compares what the server discovered with what is served here, by names and
// kinds.
func checkNames(found admin.RegisteredDeployment, url string, m *manifest.Manifest) error {
	services := make([]admin.Service, len(found.Services))
	for i, s := range found.Services {
		services[i] = admin.Service{Name: s.Name, Type: s.Type}
		for _, h := range s.Handlers {
			services[i].Handlers = append(services[i].Handlers, admin.Handler{Name: h.Name, Type: h.Type})
		}
	}
	return mismatch(found.ID, url, m, services, false)
}

// checkAll compares schemas and options, too.
func checkAll(found admin.Deployment, url string, m *manifest.Manifest) error {
	return mismatch(found.ID, url, m, found.Services, true)
}

func mismatch(id, url string, m *manifest.Manifest, found []admin.Service, whole bool) error {
	e := &MismatchError{DeploymentID: id, URL: url}
	served, there := targets(m), map[string]bool{}
	for _, s := range found {
		for _, h := range s.Handlers {
			there[s.Name+"/"+h.Name] = true
		}
	}
	for _, target := range union(served, there) {
		switch {
		case !there[target]:
			e.Missing = append(e.Missing, target)
		case !served[target]:
			e.Unexpected = append(e.Unexpected, target)
		}
	}
	ours := m.Services
	if whole {
		var err error
		if ours, err = m.Details(); err != nil {
			return err
		}
	}
	services := byName(found, serviceName)
	for _, s := range ours {
		is, known := services[s.Name]
		if !known {
			continue
		}
		e.compare(s.Name, "kind", pascal(s.Type) == string(is.Type))
		if whole {
			e.options(s.Name, s.Options, is.Options, is.Public, false)
		}
		handlers := byName(is.Handlers, func(h admin.Handler) string { return h.Name })
		for _, h := range s.Handlers {
			is, known := handlers[h.Name]
			if !known {
				continue
			}
			target := s.Name + "/" + h.Name
			e.compare(target, "kind", h.Type == "" || pascal(h.Type) == string(is.Type))
			if whole {
				e.compare(target, "input schema", sameJSON(h.Input.Schema, is.InputSchema))
				e.compare(target, "output schema", sameJSON(h.Output.Schema, is.OutputSchema))
				e.options(target, h.Options, is.Options, is.Public, true)
			}
		}
	}
	if len(e.Missing)+len(e.Unexpected)+len(e.Different) == 0 {
		return nil
	}
	return e
}

func targets(m *manifest.Manifest) map[string]bool {
	served := map[string]bool{}
	for _, s := range m.Services {
		for _, h := range s.Handlers {
			served[s.Name+"/"+h.Name] = true
		}
	}
	return served
}

func (e *MismatchError) compare(target, what string, same bool) {
	if !same {
		e.Different = append(e.Different, what+" of "+target)
	}
}

// options compares what is set here. The server fills in its defaults for a service, so
// what is not set here is compared for handlers only.
func (e *MismatchError) options(target string, want manifest.Options, is admin.Options, public, strict bool) {
	period := func(what string, want *int64, is string) {
		e.compare(target, what, want == nil && (!strict || is == "") || want != nil && milliseconds(is) == *want)
	}
	period("abort timeout", want.AbortTimeout, is.AbortTimeout)
	period("inactivity timeout", want.InactivityTimeout, is.InactivityTimeout)
	period("idempotency retention", want.IdempotencyRetention, is.IdempotencyRetention)
	period("journal retention", want.JournalRetention, is.JournalRetention)
	e.compare(target, "visibility", want.IngressPrivate == nil || *want.IngressPrivate == !public)
	e.compare(target, "lazy state", want.EnableLazyState == nil || is.EnableLazyState != nil && *want.EnableLazyState == *is.EnableLazyState)
	policy := is.RetryPolicy
	if policy == nil {
		policy = &admin.RetryPolicy{}
	}
	period("retry policy", want.RetryInitialInterval, policy.InitialInterval)
	period("retry policy", want.RetryMaxInterval, policy.MaxInterval)
	e.compare(target, "retry policy", want.RetryMaxAttempts == nil || policy.MaxAttempts != nil && *want.RetryMaxAttempts == int64(*policy.MaxAttempts))
	e.compare(target, "retry policy", want.RetryOnMaxAttempts == nil || strings.EqualFold(*want.RetryOnMaxAttempts, policy.OnMaxAttempts))
	// The server keeps the factor with less precision.
	e.compare(target, "retry policy", want.RetryFactor == nil || float32(*want.RetryFactor) == float32(policy.ExponentiationFactor))
}

// pascal writes VIRTUAL_OBJECT as VirtualObject.
func pascal(upper string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(strings.ToLower(upper), "_") {
		if word != "" {
			out.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return out.String()
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return len(a) == len(b) && len(a) == 0 || json.Unmarshal(orNull(a), &x) == nil && json.Unmarshal(orNull(b), &y) == nil && reflect.DeepEqual(x, y)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

var period = regexp.MustCompile(`^([0-9]+)([a-zµ]+)$`)

// milliseconds reads a time in the server's notation, such as "1d 1h 500ms". It returns -1
// for what it cannot read.
func milliseconds(text string) int64 {
	units := map[string]time.Duration{
		"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second,
		"ms": time.Millisecond, "us": time.Microsecond, "µs": time.Microsecond, "ns": time.Nanosecond,
	}
	var total time.Duration
	for part := range strings.FieldsSeq(text) {
		found := period.FindStringSubmatch(part)
		if found == nil || units[found[2]] == 0 {
			return -1
		}
		n, err := strconv.ParseInt(found[1], 10, 64)
		if err != nil {
			return -1
		}
		total += time.Duration(n) * units[found[2]]
	}
	return total.Milliseconds()
}
