package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

// The parts of the page of the configuration that the tests look at.
var (
	tableRow   = regexp.MustCompile(`(?m)^\| ([^|]*) \|.*\|$`)
	configPath = regexp.MustCompile("`((?:Cloud|Ingress|Admin|Endpoint|Register|Defaults|Steps|Pipeline|HTTP|Logging)(?:\\.\\w+)*)`")
	envName    = regexp.MustCompile(`\b(?:RESTATE_[A-Z_]+|PORT)\b`)
)

func TestThePageHasEachFieldOfTheConfiguration(t *testing.T) {
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
			t.Errorf("the table of the configuration has no row for %s", path)
		}
	}
	for path := range known {
		if !have[path] {
			t.Errorf("the table of the configuration has %s, which is no field", path)
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

func TestThePageHasEachVariableOfTheEnvironment(t *testing.T) {
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
	text, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	_, after, ok := strings.Cut(string(text), head+"\n")
	require.True(t, ok, "the page has no table %s", head)
	table, _, _ := strings.Cut(after, "\n\n")
	return tableRow.FindAllString(table, -1)
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
