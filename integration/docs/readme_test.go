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
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

const readme = "../../README.md"

// The parts of the README that the tests look at.
var (
	goBlock    = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	tableRow   = regexp.MustCompile(`(?m)^\| ([^|]*) \|.*\|$`)
	configPath = regexp.MustCompile("`((?:Cloud|Ingress|Admin|Endpoint|Register|Defaults|Steps|Pipeline|HTTP|Logging)(?:\\.\\w+)*)`")
	envName    = regexp.MustCompile(`\b(?:RESTATE_[A-Z_]+|PORT)\b`)
)

// pageImports are the packages that the code of pages may use without an import.
var pageImports = map[string]string{
	"logging":     "github.com/fxrestate/go/logging",
	"slog":        "log/slog",
	"zap":         "go.uber.org/zap",
	"admin":       "github.com/fxrestate/go/admin",
	"context":     "context",
	"cron":        "github.com/fxrestate/go/durable/cron",
	"ratelimit":   "github.com/fxrestate/go/durable/ratelimit",
	"rate":        "golang.org/x/time/rate",
	"dashboard":   "github.com/fxrestate/go/dashboard",
	"kafka":       "github.com/fxrestate/go/kafka",
	"kgo":         "github.com/twmb/franz-go/pkg/kgo",
	"chi":         "github.com/go-chi/chi/v5",
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
	"pipeline":    "github.com/fxrestate/go/pipeline",
	"httperror":   "github.com/fxrestate/go/pipeline/httperror",
	"restate":     "github.com/restatedev/sdk-go",
	"require":     "github.com/stretchr/testify/require",
	"restatetest": "github.com/fxrestate/go/restatetest",
	"testing":     "testing",
	"os":          "os",
	"metric":      "go.opentelemetry.io/otel/metric",
	"telemetry":   "github.com/fxrestate/go/telemetry",
	"time":        "time",
	"trace":       "go.opentelemetry.io/otel/trace",
	"validate":    "github.com/fxrestate/go/pipeline/validate",
}

// pages are the documents whose code is compiled, with the folder of the frame of each.
var pages = map[string]string{
	readme:                  "testdata/readme",
	"../../docs/kafka.md":   "testdata/kafka",
	"../../docs/recipes.md": "testdata/recipes",
}

func TestTheCodeOfThePagesCompiles(t *testing.T) {
	t.Parallel()
	for page, frame := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			compile(t, page, frame)
		})
	}
}

func compile(t *testing.T, page, frame string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	blocks := goBlock.FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, blocks)
	root, err := filepath.Abs(frame)
	require.NoError(t, err)

	// The compiler sees files that are not there.
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	packages := make([]string, 0, len(blocks))
	for i, block := range blocks {
		name := fmt.Sprintf("block%d", i+1)
		file := filepath.Join(t.TempDir(), "main.go")
		require.NoError(t, os.WriteFile(file, framed(t, filepath.Join(frame, "frame.go"), block[1]), 0o600))
		overlay.Replace[filepath.Join(root, name, "main.go")] = file
		packages = append(packages, "./"+frame+"/"+name)
	}
	files, err := json.Marshal(overlay)
	require.NoError(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, files, 0o600))

	out, err := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay", overlayFile}, packages...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// framed makes a file of a block, which is one, or declarations, or statements.
func framed(t *testing.T, frameFile, code string) []byte {
	t.Helper()
	if strings.HasPrefix(code, "package ") {
		return []byte(code)
	}
	code = strings.ReplaceAll(code, "{ … }", `{ panic("not said") }`)
	const head = "package readme\n"
	block, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	if err != nil {
		code = "func _() {\n" + code + "}\n"
		block, err = parser.ParseFile(token.NewFileSet(), "", head+code, 0)
		require.NoError(t, err, "neither a file, nor declarations, nor statements:\n%s", code)
		code = strings.TrimSuffix(code, "}\n") + uses(block) + "}\n"
	}
	frame, err := os.ReadFile(frameFile)
	require.NoError(t, err)
	code += without(t, frameFile, string(frame), declared(block))

	whole, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	require.NoError(t, err)
	out, err := format.Source([]byte(head + imports(whole) + code))
	require.NoError(t, err)
	return out
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
func without(t *testing.T, frameFile, source string, names map[string]bool) string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, frameFile, source, 0)
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
			if x, ok := s.X.(*ast.Ident); ok && pageImports[x.Name] != "" {
				used[x.Name] = true
			}
		}
		return true
	})
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&out, "import %s %q\n", name, pageImports[name])
	}
	return out.String()
}

func TestTheReadmeHasEachFieldOfTheConfiguration(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range rows(t, "| Field | Default | |") {
		for _, path := range configPath.FindAllStringSubmatch(row, -1) {
			known[path[1]] = true
		}
	}
	have := map[string]bool{}
	for _, path := range configPaths(reflect.TypeFor[fxrestate.Config](), "") {
		have[path] = true
		if !known[path] && !knownAbove(known, path) && !knownBelow(known, path) {
			t.Errorf("the README's table of the configuration has no row for %s", path)
		}
	}
	for path := range known {
		if !have[path] {
			t.Errorf("the README's table of the configuration has %s, which is no field", path)
		}
	}
}

// configPaths returns the paths of all fields, of our own structs' fields too.
func configPaths(t reflect.Type, prefix string) (paths []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		path := prefix + f.Name
		paths = append(paths, path)
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.PkgPath(), "github.com/fxrestate/go/") {
			paths = append(paths, configPaths(inner, path+".")...)
		}
	}
	return paths
}

// knownAbove tells whether a row is about a struct, so that its fields need none.
// Register has a row that says what it means to leave it out.
func knownAbove(known map[string]bool, path string) bool {
	dot := strings.LastIndex(path, ".")
	return dot > 0 && path[:dot] != "Register" && known[path[:dot]]
}

// knownBelow tells whether there are rows about the fields of a struct.
func knownBelow(known map[string]bool, path string) bool {
	for k := range known {
		if strings.HasPrefix(k, path+".") {
			return true
		}
	}
	return false
}

func TestTheReadmeHasEachVariableOfTheEnvironment(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range rows(t, "| Variable | Meaning |") {
		for _, name := range envName.FindAllString(row, -1) {
			known[name] = true
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(configVariables(t))), slices.Sorted(maps.Keys(known)))
}

// configVariables are the variables that fxrestate.ConfigFromEnv reads. They are
// also those that its documentation has.
func configVariables(t *testing.T) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("../../fxrestate/env.go")
	require.NoError(t, err)
	documented, read := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([A-Z_]+)  `).FindAllSubmatch(source, -1) {
		documented[string(m[1])] = true
	}
	for _, m := range regexp.MustCompile(`getenv\("([A-Z_]+)"\)`).FindAllSubmatch(source, -1) {
		read[string(m[1])] = true
	}
	require.Equal(t, read, documented)
	require.Contains(t, read, "RESTATE_INGRESS_URL", "the test reads the right source")
	return read
}

// rows are the lines of a table, from the one after its head on.
func rows(t *testing.T, head string) []string {
	t.Helper()
	_, after, ok := strings.Cut(readReadme(t), head+"\n")
	require.True(t, ok, "the README has no table %s", head)
	table, _, _ := strings.Cut(after, "\n\n")
	return tableRow.FindAllString(table, -1)
}

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	return string(text)
}

// The reference for operators quotes the log: they search for what they see.
func TestTheLogLinesOfTheReferenceAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, dir := range []string{"deployment", "endpoint", "event", "fxrestate"} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		require.NoError(t, err)
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				source.Write(text)
			}
		}
	}
	text, err := os.ReadFile("../../docs/production.md")
	require.NoError(t, err)
	lines := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (?:INFO|WARN|ERROR) \\|").FindAllSubmatch(text, -1)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		t.Run(string(line[1]), func(t *testing.T) {
			require.Contains(t, source.String(), fmt.Sprintf("%q", line[1]))
		})
	}
}
