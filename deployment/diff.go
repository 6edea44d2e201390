package deployment

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// notCompared are the fields of a service that say where it is, not what it is, or that a
// plan shows elsewhere.
var notCompared = map[string]bool{"name": true, "deployment_id": true, "revision": true, "handlers": true, "metadata": true}

// compare returns how services differ, by name. Both come from the server, which fills in
// its own defaults.
func compare(old, current []admin.Service) []ServiceChange {
	was, is := byName(old, serviceName), byName(current, serviceName)
	var changes []ServiceChange
	for _, name := range union(was, is) {
		before, known := was[name]
		after, stays := is[name]
		change := ServiceChange{Name: name, Change: Changed}
		switch {
		case !known:
			change.Change = Added
		case !stays:
			change.Change, change.Breaking = Removed, []string{"it is gone"}
		default:
			change.Details = details(before, after)
			if before.Type != after.Type {
				change.Breaking = append(change.Breaking, fmt.Sprintf("it is a %s, was a %s", after.Type, before.Type))
			}
			if before.Public && !after.Public {
				change.Breaking = append(change.Breaking, "it is private now")
			}
			change.Handlers = compareHandlers(before.Handlers, after.Handlers)
			if len(change.Details)+len(change.Handlers) == 0 {
				continue
			}
		}
		changes = append(changes, change)
	}
	return changes
}

func compareHandlers(old, current []admin.Handler) []HandlerChange {
	name := func(h admin.Handler) string { return h.Name }
	was, is := byName(old, name), byName(current, name)
	var changes []HandlerChange
	for _, name := range union(was, is) {
		before, known := was[name]
		after, stays := is[name]
		switch {
		case !known:
			changes = append(changes, HandlerChange{Name: name, Change: Added})
		case !stays:
			changes = append(changes, HandlerChange{Name: name, Change: Removed, Breaking: []string{"it is gone"}})
		default:
			if d := details(before, after); len(d) > 0 {
				change := HandlerChange{Name: name, Change: Changed, Details: d}
				change.breaking(before, after)
				changes = append(changes, change)
			}
		}
	}
	return changes
}

func serviceName(s admin.Service) string { return s.Name }

func byName[T any](list []T, name func(T) string) map[string]T {
	out := make(map[string]T, len(list))
	for _, element := range list {
		out[name(element)] = element
	}
	return out
}

func union[T any](a, b map[string]T) []string {
	names := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(names)
	return slices.Compact(names)
}

// details says which fields differ. Schemas are too long to show.
func details(old, current any) []string {
	was, is := fields(old), fields(current)
	var out []string
	for _, name := range union(was, is) {
		before, after := was[name], is[name]
		if notCompared[name] || bytes.Equal(before, after) {
			continue
		}
		if label := strings.TrimSuffix(name, "_json_schema"); label != name {
			out = append(out, "the schema of its "+label)
		} else {
			out = append(out, fmt.Sprintf("%s: %s, was %s", name, after, before))
		}
	}
	return out
}

// fields returns the JSON of the fields that are set, in one form.
func fields(value any) map[string]json.RawMessage {
	encoded, _ := json.Marshal(value) // of package admin, decoded from JSON
	var raw map[string]any
	numbers := json.NewDecoder(bytes.NewReader(encoded))
	numbers.UseNumber()
	_ = numbers.Decode(&raw)
	out := make(map[string]json.RawMessage, len(raw))
	for name, field := range raw {
		out[name], _ = json.Marshal(field) // sorts keys
	}
	return out
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return cmp.Or(strings.Join(out, ", "), "none")
}
