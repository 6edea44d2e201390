package gen

import "go/types"

// memberMethods returns the methods by which a type implements interfaces of package
// pipeline, such as Intercept of an interceptor. They take a Restate context and are not
// handlers.
func (s *source) memberMethods(t types.Type) map[string]bool {
	found := map[string]bool{}
	scope := s.imports[pipelinePath].Types.Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || !obj.Exported() {
			continue
		}
		if i, ok := obj.Type().Underlying().(*types.Interface); ok && types.Implements(t, i) {
			for m := range i.Methods() {
				found[m.Name()] = true
			}
		}
	}
	return found
}
