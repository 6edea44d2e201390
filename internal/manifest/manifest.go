// Package manifest reads what an endpoint says of itself to discovery, and gives its
// interface a hash.
package manifest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Manifest is an endpoint's answer to discovery.
type Manifest struct {
	Services []Service `json:"services"`
	// whole is the answer, of which the hashes are made.
	whole map[string]any
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
	Schema json.RawMessage `json:"jsonSchema"`
}

// Options are those of a service or a handler; nil is not set. Times are in milliseconds.
type Options struct {
	AbortTimeout         *int64 `json:"abortTimeout"`
	InactivityTimeout    *int64 `json:"inactivityTimeout"`
	IdempotencyRetention *int64 `json:"idempotencyRetention"`
	JournalRetention     *int64 `json:"journalRetention"`
	IngressPrivate       *bool  `json:"ingressPrivate"`
	EnableLazyState      *bool  `json:"enableLazyState"`

	RetryInitialInterval *int64   `json:"retryPolicyInitialInterval"`
	RetryMaxInterval     *int64   `json:"retryPolicyMaxInterval"`
	RetryMaxAttempts     *int64   `json:"retryPolicyMaxAttempts"`
	RetryFactor          *float64 `json:"retryPolicyExponentiationFactor"`
	RetryOnMaxAttempts   *string  `json:"retryPolicyOnMaxAttempts"`
}

// Parse reads the JSON form of a manifest.
func Parse(raw []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	// Numbers stay as they are written: a float64 would round the large ones.
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if err := numbers.Decode(&m.whole); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	slices.SortFunc(m.Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range m.Services {
		slices.SortFunc(s.Handlers, func(a, b Handler) int { return cmp.Compare(a.Name, b.Name) })
	}
	return m, nil
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
func (m *Manifest) InterfaceHash() string { return m.hash(interfaceOnly) }

// Hash is the hash of the whole manifest, in any order.
func (m *Manifest) Hash() string { return m.hash(everything) }

type extent bool

const (
	everything    extent = false
	interfaceOnly extent = true
)

func (m *Manifest) hash(of extent) string {
	// encoding/json sorts the keys of maps.
	canonical, err := json.Marshal(of.document(m.whole))
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// document returns the canonical form of a manifest.
func (e extent) document(whole map[string]any) map[string]any {
	document := e.object(whole)
	services, _ := whole["services"].([]any)
	document["services"] = e.sorted(services, func(service map[string]any) map[string]any {
		one := e.object(service)
		handlers, _ := service["handlers"].([]any)
		one["handlers"] = e.sorted(handlers, e.handler)
		return one
	})
	return document
}

func (e extent) handler(handler map[string]any) map[string]any {
	one := e.object(handler)
	for _, side := range []string{"input", "output"} {
		payload, ok := handler[side].(map[string]any)
		if !ok {
			continue
		}
		described := map[string]any{}
		for key, value := range payload {
			if key == "jsonSchema" {
				value = schema(value)
			}
			described[key] = value
		}
		one[side] = described
	}
	return one
}

// object is a copy of a service or a handler without what does not count.
func (e extent) object(in map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range in {
		if e == interfaceOnly && (key == "metadata" || key == "documentation") {
			continue
		}
		out[key] = value
	}
	return out
}

// sorted returns the canonical objects in the order of their names.
func (e extent) sorted(list []any, canonical func(map[string]any) map[string]any) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			out = append(out, canonical(object))
		}
	}
	slices.SortStableFunc(out, func(a, b map[string]any) int {
		return strings.Compare(fmt.Sprint(a["name"]), fmt.Sprint(b["name"]))
	})
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
