package schema

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

const refPrefix = "#/$defs/"

// definitionOf returns the name of the definition that a schema refers to, if it
// does nothing else.
func definitionOf(s *jsonschema.Schema) (name string, ok bool) {
	return strings.CutPrefix(s.Ref, refPrefix)
}

var (
	// notInNames is what a name of OpenAPI's cannot have, and in part no URI either.
	notInNames = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)
	// argumentPath is the path of a package before the type in a type argument.
	argumentPath = regexp.MustCompile(`[^\[\],*]*/`)
)

// name makes the name of a type's definition from its package and its name. Where
// that has more than a URI and OpenAPI take, as generic types and letters beyond
// ASCII do, a hash of the whole tells it from others that look alike then.
func (g *generator) name(t reflect.Type) string {
	full := t.PkgPath() + "." + t.Name()
	name := strings.ReplaceAll(t.PkgPath(), "/", ".") + "." + argumentPath.ReplaceAllString(t.Name(), "")
	if notInNames.MatchString(name) {
		h := fnv.New32a()
		h.Write([]byte(full))
		name = fmt.Sprintf("%s-%08x", strings.Trim(notInNames.ReplaceAllString(name, "_"), "_"), h.Sum32())
	}
	unique := name
	// Types that are declared in functions have the names of others.
	for i := 2; g.definitions[unique] != nil; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	return unique
}
