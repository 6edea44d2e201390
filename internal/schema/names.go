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

// definitionOf returns the name of a definition if the schema is only a reference to it.
func definitionOf(s *jsonschema.Schema) (name string, ok bool) {
	return strings.CutPrefix(s.Ref, refPrefix)
}

var (
	// notInNames matches characters that are not allowed in names of OpenAPI. Some of
	// them are not allowed in URIs either.
	notInNames = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)
	// argumentPath matches the package path before the type in a type argument.
	argumentPath = regexp.MustCompile(`[^\[\],*]*/`)
)

// name makes the name of a type's definition from its package and its name. Generic types
// and letters beyond ASCII have characters that URIs and OpenAPI do not allow. They are
// replaced, and a hash of the full name keeps the result unique.
func (g *generator) name(t reflect.Type) string {
	full := t.PkgPath() + "." + t.Name()
	name := strings.ReplaceAll(t.PkgPath(), "/", ".") + "." + argumentPath.ReplaceAllString(t.Name(), "")
	if notInNames.MatchString(name) {
		h := fnv.New32a()
		h.Write([]byte(full))
		name = fmt.Sprintf("%s-%08x", strings.Trim(notInNames.ReplaceAllString(name, "_"), "_"), h.Sum32())
	}
	unique := name
	// Types that are declared in functions can have the same name.
	for i := 2; g.definitions[unique] != nil; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	return unique
}
