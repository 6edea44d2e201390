// Package manifest reads what an endpoint says of itself to discovery, and gives its
// interface a hash.
package manifest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Manifest is an endpoint's answer to discovery.
type Manifest struct {
	// Services have names, types and metadata, and their handlers have names and types.
	// For more there is Details.
	Services []Service

	raw []byte
	// head is what the endpoint says beside its services, and bodies are these: the
	// hashes are made of them.
	head   map[string]any
	bodies []map[string]any
}

// Service is a service of a manifest.
type Service struct {
	Name string `json:"name"`
	// Type is SERVICE, VIRTUAL_OBJECT or WORKFLOW.
	Type     string            `json:"ty"`
	Metadata map[string]string `json:"metadata"`
	Handlers []Handler         `json:"handlers"`
	Options
}

// Handler is a handler of a service.
type Handler struct {
	Name string `json:"name"`
	// Type is EXCLUSIVE, SHARED or WORKFLOW, and empty in a plain service.
	Type   string  `json:"ty"`
	Input  Payload `json:"input"`
	Output Payload `json:"output"`
	Options
}

// Payload describes an input or an output.
type Payload struct {
	Schema      json.RawMessage `json:"jsonSchema"`
	ContentType *string         `json:"contentType"` // nil: none
	Required    bool            `json:"required"`    // of an input: no call is without
	// SetContentTypeIfEmpty is of an output: it has the content type also when it is
	// empty.
	SetContentTypeIfEmpty bool `json:"setContentTypeIfEmpty"`
}

// Options are those of a service or a handler; nil is not set. Times are in milliseconds.
type Options struct {
	AbortTimeout         *int64 `json:"abortTimeout"`
	InactivityTimeout    *int64 `json:"inactivityTimeout"`
	IdempotencyRetention *int64 `json:"idempotencyRetention"`
	JournalRetention     *int64 `json:"journalRetention"`
	IngressPrivate       *bool  `json:"ingressPrivate"`
	EnableLazyState      *bool  `json:"enableLazyState"`
	WorkflowRetention    *int64 `json:"workflowCompletionRetention"`

	RetryInitialInterval *int64   `json:"retryPolicyInitialInterval"`
	RetryMaxInterval     *int64   `json:"retryPolicyMaxInterval"`
	RetryMaxAttempts     *int64   `json:"retryPolicyMaxAttempts"`
	RetryFactor          *float64 `json:"retryPolicyExponentiationFactor"`
	RetryOnMaxAttempts   *string  `json:"retryPolicyOnMaxAttempts"`
}

// Parse reads the JSON form of a manifest. The schemas of a thousand handlers take tens of
// milliseconds, so services are read side by side.
func Parse(raw []byte) (*Manifest, error) {
	m := &Manifest{raw: raw}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	var services []json.RawMessage
	if err := decode(top["services"], &services); err != nil {
		return nil, fmt.Errorf("manifest: services: %w", err)
	}
	m.head = make(map[string]any, len(top))
	for key, value := range top {
		if key != "services" {
			m.head[key] = value
		}
	}
	m.Services, m.bodies = make([]Service, len(services)), make([]map[string]any, len(services))
	errs := make([]error, len(services))
	sideBySide(len(services), func(i int) {
		if errs[i] = decode(services[i], &m.bodies[i]); errs[i] == nil {
			m.Services[i] = read(m.bodies[i])
		}
	})
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("manifest: services: %w", err)
	}
	sorted(m.Services)
	slices.SortStableFunc(m.bodies, byName)
	return m, nil
}

// decode reads JSON; nothing is read as null. Numbers stay as they are written, since a
// float64 would round the large ones.
func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

func read(body map[string]any) Service {
	s := Service{Name: text(body["name"]), Type: text(body["ty"])}
	if metadata, _ := body["metadata"].(map[string]any); len(metadata) > 0 {
		s.Metadata = map[string]string{}
		for key, value := range metadata {
			s.Metadata[key] = text(value)
		}
	}
	for _, h := range objects(body["handlers"]) {
		s.Handlers = append(s.Handlers, Handler{Name: text(h["name"]), Type: text(h["ty"])})
	}
	return s
}

// sideBySide calls do for each of n on as many processors as there are.
func sideBySide(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// Details returns the services with all that they and their handlers say.
func (m *Manifest) Details() ([]Service, error) {
	var all struct {
		Services []Service `json:"services"`
	}
	if err := json.Unmarshal(m.raw, &all); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	sorted(all.Services)
	return all.Services, nil
}

func sorted(services []Service) {
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range services {
		slices.SortFunc(s.Handlers, func(a, b Handler) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// objects returns the objects of a list.
func objects(value any) []map[string]any {
	list, _ := value.([]any)
	out := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			out = append(out, object)
		}
	}
	return out
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// Names returns the names of the services, sorted.
func (m *Manifest) Names() []string {
	names := make([]string, len(m.Services))
	for i, s := range m.Services {
		names[i] = s.Name
	}
	return names
}

// InterfaceHash is "sha256:" and the hash, in hex, of what callers and the server rely
// on: the names, kinds, schemas and options of services and handlers, and the protocol
// that the endpoint speaks. Metadata and documentation do not count, and neither does any
// order.
func (m *Manifest) InterfaceHash() string {
	return m.hash(m.head, func(service map[string]any) map[string]any {
		one := without(service, labels)
		one["handlers"] = canonical(service["handlers"], handler)
		return one
	})
}

// Hash is the hash of the whole manifest, in any order, for one with the given hash of the
// interface.
func (m *Manifest) Hash(interfaceHash string) string {
	only := func(in map[string]any) map[string]any {
		out := map[string]any{"name": in["name"]}
		for key := range labels {
			out[key] = in[key]
		}
		return out
	}
	return m.hash(map[string]any{"interface": interfaceHash}, func(service map[string]any) map[string]any {
		one := only(service)
		one["handlers"] = canonical(service["handlers"], only)
		return one
	})
}

// hash is that of the head and of the services in a form, one a line.
func (m *Manifest) hash(head map[string]any, form func(map[string]any) map[string]any) string {
	lines := make([][]byte, len(m.bodies))
	sideBySide(len(lines), func(i int) { lines[i] = encode(form(m.bodies[i])) })
	sum := sha256.New()
	sum.Write(encode(head))
	for _, line := range lines {
		sum.Write([]byte("\n"))
		sum.Write(line)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// encode returns an object with sorted keys.
func encode(object map[string]any) []byte {
	encoded, err := json.Marshal(object)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return encoded
}

// labels are the fields for people, which are no part of the interface.
var labels = map[string]bool{"metadata": true, "documentation": true}

func handler(in map[string]any) map[string]any {
	one := without(in, labels)
	for _, side := range []string{"input", "output"} {
		if payload, ok := in[side].(map[string]any); ok {
			described := maps.Clone(payload)
			if s, ok := payload["jsonSchema"]; ok {
				described["jsonSchema"] = schema(s)
			}
			one[side] = described
		}
	}
	return one
}

func byName(a, b map[string]any) int { return strings.Compare(text(a["name"]), text(b["name"])) }

// without is a copy of an object without some fields.
func without(in map[string]any, fields map[string]bool) map[string]any {
	out := make(map[string]any, len(in))
	for key, value := range in {
		if !fields[key] {
			out[key] = value
		}
	}
	return out
}

// canonical returns objects, each in its canonical form, in the order of their names.
func canonical(list any, form func(map[string]any) map[string]any) []map[string]any {
	out := objects(list)
	for i := range out {
		out[i] = form(out[i])
	}
	slices.SortStableFunc(out, byName)
	return out
}

// schema returns a JSON Schema in which lists that are sets are sorted.
func schema(in any) any {
	switch in := in.(type) {
	case map[string]any:
		out := make(map[string]any, len(in))
		for key, value := range in {
			if names, ok := texts(value); ok && key == "required" {
				slices.Sort(names)
				out[key] = names
				continue
			}
			out[key] = schema(value)
		}
		return out
	case []any:
		out := make([]any, len(in))
		for i, value := range in {
			out[i] = schema(value)
		}
		return out
	default:
		return in
	}
}

func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, element := range list {
		if out[i], ok = element.(string); !ok {
			return nil, false
		}
	}
	return out, true
}
