package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
)

// verify type-checks the package with the generated file, and returns the first error in
// that file. The cause is a bug of the generator, or a name conflict that it cannot
// detect.
func (s *source) verify(path string, out []byte, n *names) error {
	f, err := parser.ParseFile(s.fset, path, out, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("gen: the generated code does not parse, which is a bug: %w", err)
	}
	var first error
	config := types.Config{
		Importer:    importer(func(path string) *types.Package { return s.importedBy(n, path) }),
		FakeImportC: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok && first == nil && f.FileStart <= e.Pos && e.Pos < f.FileEnd {
				first = fmt.Errorf("gen: the generated code would not compile (line %d: %s); does the package redeclare a name such as string?",
					s.fset.Position(e.Pos).Line, e.Msg)
			}
		},
	}
	files := append([]*ast.File{f}, s.files...)
	_, _ = config.Check(s.types.Path(), s.fset, files, nil) // type errors in other files are the user's
	return first
}

// importedBy returns a package that the package or the generated file imports.
//
// A package that only the generated file imports is known from the signatures of promoted
// methods. It is incomplete, but has every type that they mention, and the file uses no
// others.
func (s *source) importedBy(n *names, path string) *types.Package {
	if pkg := s.imported(path); pkg != nil {
		return pkg
	}
	pkg := n.packages[path]
	if pkg != nil {
		pkg.MarkComplete()
	}
	return pkg
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
