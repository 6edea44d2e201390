package ingress_test

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fxrestate/go/internal/testkit"

	"github.com/stretchr/testify/require"
)

var compilerError = regexp.MustCompile(`(?m)^\S*main\.go:(\d+):\d+: (.*)$`)

// verbInError is the function that the compiler names.
var verbInError = regexp.MustCompile(`in call to ingress\.(\w+)`)

// TestTheCompilerRefusesWrongCalls compiles the programs of testdata/compile. Each
// must fail at the lines with an ERROR comment, with its text, and nowhere else. The
// documentation of the function in the error has the way out, which is behind SEE.
func TestTheCompilerRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	programs, err := filepath.Glob("testdata/compile/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	docs := functionDocs(t)
	for _, program := range programs {
		name := filepath.Base(filepath.Dir(program))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ways := wantedErrors(t, program)
			require.Equal(t, name == "valid", len(want) == 0)
			out, err := exec.CommandContext(testkit.Context(t), "go", "build", "-o", os.DevNull, "./"+filepath.Dir(program)).CombinedOutput()
			require.Equal(t, len(want) > 0, err != nil, "%s", out)
			for _, found := range compilerError.FindAllStringSubmatch(string(out), -1) {
				line, message := found[1], found[2]
				require.Contains(t, want, line, message)
				require.Contains(t, message, want[line])
				delete(want, line)
				if way := ways[line]; way != "" {
					verb := verbInError.FindStringSubmatch(message)
					require.NotNil(t, verb, message)
					require.Regexp(t, `(?m)(^|[\s\[])`+regexp.QuoteMeta(way)+`([\s\].,]|$)`, docs[verb[1]], "the way out of: %s", message)
				}
			}
			require.Empty(t, want, "lines that compile: %s", out)
		})
	}
}

// wantedErrors returns what the compiler must say, and what must stand in the
// documentation of the function that it names, by the lines of the program.
func wantedErrors(t *testing.T, program string) (want, ways map[string]string) {
	t.Helper()
	file, err := os.Open(program)
	require.NoError(t, err)
	defer file.Close()
	want, ways = map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if _, text, ok := strings.Cut(lines.Text(), "// ERROR "); ok {
			want[fmt.Sprint(n)], ways[fmt.Sprint(n)], _ = strings.Cut(text, " // SEE ")
		}
	}
	require.NoError(t, lines.Err())
	return want, ways
}

// functionDocs returns the documentation of the package's functions.
func functionDocs(t *testing.T) map[string]string {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	docs := map[string]string{}
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				docs[f.Name.Name] = f.Doc.Text()
			}
		}
	}
	return docs
}
