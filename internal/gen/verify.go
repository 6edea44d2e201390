package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
)

// verify type-checks the package with the generated files, and returns the first error in
// those. The cause is a bug of the generator, or a name conflict that it cannot detect.
func (s *source) verify(outputs []output) error {
	var generated []*ast.File
	for _, o := range outputs {
		f, err := parser.ParseFile(s.fset, o.path, o.source, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("gen: the generated code does not parse, which is a bug: %w", err)
		}
		generated = append(generated, f)
	}
	var first error
	config := types.Config{
		Importer:    importer(func(path string) *types.Package { return s.importedBy(outputs, path) }),
		FakeImportC: true,
		Error: func(err error) {
			e, ok := err.(types.Error)
			if !ok || first != nil {
				return
			}
			for _, f := range generated {
				if f.FileStart <= e.Pos && e.Pos < f.FileEnd {
					first = fmt.Errorf("gen: the generated code would not compile (line %d: %s); does the package redeclare a name such as string?",
						s.fset.Position(e.Pos).Line, e.Msg)
				}
			}
		},
	}
	_, _ = config.Check(s.types.Path(), s.fset, append(generated, s.files...), nil) // type errors in other files are the user's
	return first
}

// importedBy returns a package that the package or a generated file imports.
//
// A package that only a generated file imports is known from the signatures of promoted
// methods. It is incomplete, but has every type that they mention, and the file uses no
// others.
func (s *source) importedBy(outputs []output, path string) *types.Package {
	if pkg := s.imported(path); pkg != nil {
		return pkg
	}
	for _, o := range outputs {
		if pkg := o.names.packages[path]; pkg != nil {
			pkg.MarkComplete()
			return pkg
		}
	}
	return nil
}

// imported returns a package that the package imports.
func (s *source) imported(path string) *types.Package {
	if path == "unsafe" {
		return types.Unsafe
	}
	if pkg := s.imports[path]; pkg != nil {
		return pkg.Types
	}
	return nil
}

// importer is a types.Importer of loaded packages.
type importer func(path string) *types.Package

func (i importer) Import(path string) (*types.Package, error) {
	if pkg := i(path); pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("package %s is not loaded", path)
}
