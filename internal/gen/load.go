package gen

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/fxrestate/go/handler"
)

// The packages that generated code uses.
const (
	contextPath = "context"
	restatePath = "github.com/restatedev/sdk-go"
	rpcPath     = "github.com/fxrestate/go/rpc"
	durablePath = "github.com/fxrestate/go/durable"
	ingressPath = "github.com/fxrestate/go/ingress"
)

// pipelinePath is the package with the interfaces of guards, interceptors and pipes.
const pipelinePath = "github.com/fxrestate/go/pipeline"

// neededPaths are the packages that are loaded even if the package does not import them.
var neededPaths = []string{contextPath, restatePath, rpcPath, durablePath, ingressPath, pipelinePath}

// source is a loaded package.
type source struct {
	fset    *token.FileSet
	types   *types.Package
	files   []*ast.File // without the generated files
	imports map[string]*packages.Package
	foreign map[string]*ast.File // parsed for the comments of promoted methods
}

// load reads the package in cfg.Dir as if the files at outputs did not exist.
func load(ctx context.Context, cfg Config, outputs []string) (*source, error) {
	pkg, err := list(ctx, cfg, outputs)
	if err != nil {
		return nil, err
	}
	s := &source{fset: token.NewFileSet(), foreign: map[string]*ast.File{}}
	if err := s.parseFiles(pkg.GoFiles); err != nil {
		return nil, err
	}
	if s.imports, err = s.loadImports(ctx, cfg, pkg); err != nil {
		return nil, err
	}
	config := types.Config{
		Importer:    importer(s.imported),
		FakeImportC: true,
		Error:       func(error) {}, // see the package's documentation
	}
	s.types, _ = config.Check(pkg.PkgPath, s.fset, s.files, nil)
	return s, nil
}

// list asks the go command for the files and the imports of the package.
//
// An overlay adds a file that imports what generated code and the generator use, so that
// those types are available even if the package does not import them.
func list(ctx context.Context, cfg Config, outputs []string) (*packages.Package, error) {
	name, err := packageName(cfg)
	if err != nil {
		return nil, err
	}
	stub := filepath.Join(filepath.Dir(outputs[0]), "fxrestate_gen_stub.go")
	clause := "package " + name + "\n"
	imports := ""
	for _, path := range neededPaths {
		imports += fmt.Sprintf("import _ %q\n", path)
	}
	overlay := map[string][]byte{stub: []byte(clause + imports)}
	for _, output := range outputs {
		if !strings.HasSuffix(output, "_test.go") { // which is not read
			overlay[output] = []byte(clause)
		}
	}
	pkgs, err := loadPackages(ctx, cfg, packages.Config{Mode: packages.LoadImports, Overlay: overlay}, ".")
	if err != nil {
		return nil, err
	}
	if len(pkgs) != 1 {
		return nil, fmt.Errorf("gen: %s holds %d packages; name the directory of one", cfg.Dir, len(pkgs))
	}
	pkg := pkgs[0]
	pkg.GoFiles = slices.DeleteFunc(pkg.GoFiles, func(file string) bool { return slices.Contains(outputs, file) || file == stub })
	return pkg, nil
}

// loadImports loads the types of the package's imports. It does not use the overlay: with
// one, the go command ignores its build cache, and all dependencies would be read from
// source.
func (s *source) loadImports(ctx context.Context, cfg Config, pkg *packages.Package) (map[string]*packages.Package, error) {
	var paths []string
	for _, imported := range pkg.Imports {
		if imported.PkgPath != "unsafe" {
			paths = append(paths, imported.PkgPath)
		}
	}
	loaded, err := loadPackages(ctx, cfg, packages.Config{Mode: packages.LoadTypes, Fset: s.fset}, paths...)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]*packages.Package, len(loaded))
	for _, p := range loaded {
		byPath[p.PkgPath] = p
	}
	imports := make(map[string]*packages.Package, len(pkg.Imports))
	for path, imported := range pkg.Imports { // keyed by the path in the source, which vendoring may change
		imports[path] = byPath[imported.PkgPath]
	}
	for _, path := range neededPaths {
		if imported := imports[path]; imported == nil || imported.Types == nil || imported.Types.Scope().Len() == 0 {
			return nil, fmt.Errorf("gen: %s cannot be imported by %s; is it in go.mod? (go get %s)%s", path, pkg.PkgPath, path, hint(pkg))
		}
	}
	return imports, nil
}

func loadPackages(ctx context.Context, cfg Config, how packages.Config, patterns ...string) ([]*packages.Package, error) {
	how.Context, how.Dir = ctx, cfg.Dir
	if len(cfg.Tags) > 0 {
		how.BuildFlags = []string{"-tags=" + strings.Join(cfg.Tags, ",")}
	}
	pkgs, err := packages.Load(&how, patterns...)
	if ctx.Err() != nil { // the error of go list does not wrap it
		return nil, fmt.Errorf("gen: read %s: %w", cfg.Dir, context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("gen: read %s: %w", cfg.Dir, err)
	}
	return pkgs, nil
}

// parseFiles parses the files of the package.
func (s *source) parseFiles(files []string) error {
	var broken []error
	for _, name := range files {
		f, err := parser.ParseFile(s.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			broken = append(broken, fmt.Errorf("gen: %w", err))
			continue
		}
		s.files = append(s.files, f)
	}
	return errors.Join(broken...)
}

// packageName reads the name of the package, which the overlay needs. It ignores the
// generated files, because the package may have been renamed since.
func packageName(cfg Config) (string, error) {
	ctx := build.Default
	ctx.BuildTags = cfg.Tags
	ctx.ReadDir = func(dir string) ([]fs.FileInfo, error) {
		entries, err := os.ReadDir(dir)
		var files []fs.FileInfo
		for _, e := range entries {
			if info, err := e.Info(); err == nil && e.Name() != cfg.Output && e.Name() != cfg.Fakes {
				files = append(files, info)
			}
		}
		return files, err
	}
	pkg, err := ctx.ImportDir(cfg.Dir, 0)
	var several *build.MultiplePackageError
	if err != nil && (pkg.Name == "" || errors.As(err, &several)) {
		return "", fmt.Errorf("gen: read %s: %w", cfg.Dir, err)
	}
	return pkg.Name, nil
}

// hint adds the errors of the go command for the package.
func hint(pkg *packages.Package) string {
	for _, err := range pkg.Errors {
		if err.Kind == packages.ListError {
			return ": " + strings.TrimSpace(err.Msg)
		}
	}
	return ""
}

// position returns the position of an object, as "cart.go:12".
func (s *source) position(pos token.Pos) string {
	p := s.fset.Position(pos)
	return handler.Position(p.Filename, p.Line)
}

// own tells whether an object is declared in the package itself.
func (s *source) own(obj types.Object) bool { return obj.Pkg() == s.types }

// fileOf returns the file of the package that declares an object.
func (s *source) fileOf(obj types.Object) *ast.File {
	for _, f := range s.files {
		if f.FileStart <= obj.Pos() && obj.Pos() < f.FileEnd {
			return f
		}
	}
	return nil
}

// comment returns the text of a method's comment. For a method that is promoted from
// another package, it reads the source there if that is available.
func (s *source) comment(method types.Object) string {
	f := s.fileOf(method)
	if f == nil {
		f = s.parse(s.fset.Position(method.Pos()).Filename)
	}
	if f == nil {
		return ""
	}
	line := s.fset.Position(method.Pos()).Line
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if ok && fn.Name.Name == method.Name() && s.fset.Position(fn.Name.Pos()).Line == line {
			return fn.Doc.Text()
		}
	}
	return ""
}

func (s *source) parse(file string) *ast.File {
	f, ok := s.foreign[file]
	if !ok {
		f, _ = parser.ParseFile(s.fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		s.foreign[file] = f
	}
	return f
}
