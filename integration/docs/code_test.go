package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// frames has a directory for each page whose code needs a frame of its own, named like
// the page, and one for all others.
const (
	frames      = "testdata/pages"
	commonFrame = "shop"
)

// goBlock is a block of Go on a page. The comment before it says that it goes on where the
// block of Go before it ended, in the same package.
var goBlock = regexp.MustCompile("(?ms)^(<!-- continues -->\n+)?```go\n(.*?)^```$")

// known are the packages that the code of pages may use without an import.
var known = map[string]string{
	"logging":     "github.com/fxrestate/go/logging",
	"slog":        "log/slog",
	"zap":         "go.uber.org/zap",
	"admin":       "github.com/fxrestate/go/admin",
	"context":     "context",
	"chi":         "github.com/go-chi/chi/v5",
	"dashboard":   "github.com/fxrestate/go/dashboard",
	"deployment":  "github.com/fxrestate/go/deployment",
	"durable":     "github.com/fxrestate/go/durable",
	"endpoint":    "github.com/fxrestate/go/endpoint",
	"event":       "github.com/fxrestate/go/event",
	"rpc":         "github.com/fxrestate/go/rpc",
	"errors":      "errors",
	"fmt":         "fmt",
	"fx":          "go.uber.org/fx",
	"fxrestate":   "github.com/fxrestate/go/fxrestate",
	"handler":     "github.com/fxrestate/go/handler",
	"http":        "net/http",
	"ingress":     "github.com/fxrestate/go/ingress",
	"kafka":       "github.com/fxrestate/go/kafka",
	"kgo":         "github.com/twmb/franz-go/pkg/kgo",
	"cron":        "github.com/fxrestate/go/durable/cron",
	"ratelimit":   "github.com/fxrestate/go/durable/ratelimit",
	"rand":        "crypto/rand",
	"rate":        "golang.org/x/time/rate",
	"pipeline":    "github.com/fxrestate/go/pipeline",
	"httperror":   "github.com/fxrestate/go/pipeline/httperror",
	"restate":     "github.com/restatedev/sdk-go",
	"server":      "github.com/restatedev/sdk-go/server",
	"tls":         "crypto/tls",
	"require":     "github.com/stretchr/testify/require",
	"restatetest": "github.com/fxrestate/go/restatetest",
	"testing":     "testing",
	"os":          "os",
	"json":        "encoding/json",
	"metric":      "go.opentelemetry.io/otel/metric",
	"telemetry":   "github.com/fxrestate/go/telemetry",
	"time":        "time",
	"trace":       "go.opentelemetry.io/otel/trace",
	"validate":    "github.com/fxrestate/go/pipeline/validate",
}

func TestTheCodeOfEachPageCompiles(t *testing.T) {
	t.Parallel()
	// The compiler sees files that are not there. One call of it compiles all.
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	dirs := t.TempDir()
	var packages []string
	for _, p := range pages(t) {
		for _, e := range excerpts(p) {
			dir := filepath.Join(p.frame(), fmt.Sprintf("%s_line_%d", strings.TrimSuffix(filepath.Base(p.path), ".md"), e.line))
			file := filepath.Join(dirs, strings.ReplaceAll(dir, "/", "_")+".go")
			require.NoError(t, os.WriteFile(file, framed(t, p, e), 0o600))
			there, err := filepath.Abs(filepath.Join(dir, "main.go"))
			require.NoError(t, err)
			overlay.Replace[there] = file
			packages = append(packages, "./"+dir)
		}
	}
	require.NotEmpty(t, packages)
	files, err := json.Marshal(overlay)
	require.NoError(t, err)
	overlayFile := filepath.Join(dirs, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, files, 0o600))

	out, err := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay", overlayFile}, packages...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// excerpt is what a page shows of one package: a block of Go and those that continue it.
type excerpt struct {
	line   int // of the page, of the first block
	blocks []string
}

func excerpts(p page) (all []excerpt) {
	for _, m := range goBlock.FindAllStringSubmatchIndex(p.text, -1) {
		block := p.text[m[4]:m[5]]
		if continues := m[2] >= 0; continues && len(all) > 0 {
			last := &all[len(all)-1]
			last.blocks = append(last.blocks, block)
			continue
		}
		all = append(all, excerpt{1 + strings.Count(p.text[:m[4]], "\n"), []string{block}})
	}
	return all
}

// framed makes a file of an excerpt, each block of which is a file, or declarations, or
// statements. A file by itself stays as it is.
func framed(t *testing.T, p page, e excerpt) []byte {
	t.Helper()
	if len(e.blocks) == 1 && strings.HasPrefix(e.blocks[0], "package ") {
		return []byte(e.blocks[0])
	}
	name, code := "page", ""
	for _, block := range e.blocks {
		if n, rest, ok := withoutImports(t, block); ok {
			name, block = n, rest
		}
		code += declarations(t, block)
	}
	head := "package " + name + "\n"
	whole, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	require.NoError(t, err, "%s:%d", p.path, e.line)
	frame, err := os.ReadFile(filepath.Join(p.frame(), "frame.go"))
	require.NoError(t, err)
	code += without(t, string(frame), declared(whole))

	whole, err = parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	require.NoError(t, err)
	out, err := format.Source([]byte(head + imports(whole) + code))
	require.NoError(t, err)
	return out
}

// withoutImports returns the name of a file's package, and what comes after its imports.
func withoutImports(t *testing.T, code string) (name, rest string, ok bool) {
	t.Helper()
	if !strings.HasPrefix(code, "package ") {
		return "", "", false
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", code, parser.ImportsOnly)
	require.NoError(t, err)
	end := file.Name.End()
	if n := len(file.Decls); n > 0 {
		end = file.Decls[n-1].End()
	}
	return file.Name.Name, code[set.Position(end).Offset:] + "\n", true
}

// declarations makes declarations of a block.
func declarations(t *testing.T, code string) string {
	t.Helper()
	code = strings.ReplaceAll(code, "{ … }", `{ panic("not said") }`)
	const head = "package page\n"
	if _, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0); err == nil {
		return code
	}
	code = "func _() {\n" + code + "}\n"
	block, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	require.NoError(t, err, "neither a file, nor declarations, nor statements:\n%s", code)
	return strings.TrimSuffix(code, "}\n") + uses(block) + "}\n"
}

// declared returns the names of the types, functions, methods and variables of a
// file.
func declared(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range file.Decls {
		for _, name := range namesOf(decl) {
			names[name] = true
		}
	}
	return names
}

func namesOf(decl ast.Decl) (names []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		return []string{receiver(d) + "." + d.Name.Name}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

func receiver(f *ast.FuncDecl) string {
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	return t.(*ast.Ident).Name
}

// without returns the declarations of a file without those of the given names.
func without(t *testing.T, source string, names map[string]bool) string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "frame.go", source, 0)
	require.NoError(t, err)
	var out bytes.Buffer
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok {
			if d.Tok == token.IMPORT {
				continue
			}
			d.Specs = slices.DeleteFunc(d.Specs, func(s ast.Spec) bool { return names[specName(s)] })
			if len(d.Specs) == 0 {
				continue
			}
		} else if names[namesOf(decl)[0]] {
			continue
		}
		require.NoError(t, format.Node(&out, set, decl))
		out.WriteString("\n\n")
	}
	return out.String()
}

// specName is the name of a type, or the first of variables.
func specName(s ast.Spec) string {
	if v, ok := s.(*ast.ValueSpec); ok {
		return v.Names[0].Name
	}
	return s.(*ast.TypeSpec).Name.Name
}

// uses are statements that use what a block of statements declares.
func uses(file *ast.File) string {
	var out strings.Builder
	ast.Inspect(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			for _, name := range a.Lhs {
				fmt.Fprintf(&out, "_ = %s\n", name)
			}
		}
		return true
	})
	return out.String()
}

// imports are those of the packages that a file uses.
func imports(file *ast.File) string {
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && known[x.Name] != "" {
				used[x.Name] = true
			}
		}
		return true
	})
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&out, "import %s %q\n", name, known[name])
	}
	return out.String()
}
