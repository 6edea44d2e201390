package ingress_test

import (
	"bufio"
	"fmt"
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

// TestTheCompilerRefusesWrongCalls compiles the programs of testdata/compile. Each
// must fail at the lines with an ERROR comment, with its text, and nowhere else.
func TestTheCompilerRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	programs, err := filepath.Glob("testdata/compile/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	for _, program := range programs {
		name := filepath.Base(filepath.Dir(program))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := wantedErrors(t, program)
			require.Equal(t, name == "valid", len(want) == 0)
			out, err := exec.CommandContext(testkit.Context(t), "go", "build", "-o", os.DevNull, "./"+filepath.Dir(program)).CombinedOutput()
			require.Equal(t, len(want) > 0, err != nil, "%s", out)
			for _, found := range compilerError.FindAllStringSubmatch(string(out), -1) {
				line, message := found[1], found[2]
				require.Contains(t, want, line, message)
				require.Contains(t, message, want[line])
				delete(want, line)
			}
			require.Empty(t, want, "lines that compile: %s", out)
		})
	}
}

func wantedErrors(t *testing.T, program string) map[string]string {
	t.Helper()
	file, err := os.Open(program)
	require.NoError(t, err)
	defer file.Close()
	want := map[string]string{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if _, text, ok := strings.Cut(lines.Text(), "// ERROR "); ok {
			want[fmt.Sprint(n)] = text
		}
	}
	require.NoError(t, lines.Err())
	return want
}
