package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/gen/gentest"
)

// call runs a command line.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &terminal.Terminal{In: &bytes.Buffer{}, Out: &out, Err: &err, Getenv: os.Getenv})
	return code, out.String(), err.String()
}

func TestHelpAndUsage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string // parts
	}{
		"no command":           {nil, terminal.CodeOK, "Write typed clients for handler structs\n", ""},
		"help":                 {[]string{"help"}, terminal.CodeOK, "Write typed clients for handler structs\n", ""},
		"-h":                   {[]string{"-h"}, terminal.CodeOK, "Exit codes: 0 all is well", ""},
		"help of gen":          {[]string{"help", "gen"}, terminal.CodeOK, "--check ", ""},
		"-h of gen":            {[]string{"gen", "-h"}, terminal.CodeOK, "--exclude methods ", ""},
		"help of record":       {[]string{"help", "record"}, terminal.CodeOK, "--redact names ", ""},
		"completion":           {[]string{"completion", "bash"}, terminal.CodeOK, "__start_fxrestate", ""},
		"record of nothing":    {[]string{"record"}, terminal.CodeUsage, "", "fxrestate record: accepts 1 arg(s), received 0; see fxrestate record --help\n"},
		"record of no id":      {[]string{"record", "inv_1'"}, terminal.CodeFailed, "", "fxrestate record: journal: \"inv_1'\" is not the id of an invocation\n"},
		"an unknown command":   {[]string{"generate"}, terminal.CodeUsage, "", "fxrestate: unknown command \"generate\" for \"fxrestate\"; see fxrestate --help\n"},
		"an unknown flag":      {[]string{"gen", "--force"}, terminal.CodeUsage, "", "fxrestate gen: unknown flag: --force; see fxrestate gen --help\n"},
		"a flag with one dash": {[]string{"gen", "-fakes", "x"}, terminal.CodeUsage, "", "fxrestate gen: unknown shorthand flag: 'f' in -fakes (names of flags have two dashes); see fxrestate gen --help\n"},
		"an unknown colour":    {[]string{"gen", "--color", "red"}, terminal.CodeUsage, "", "fxrestate gen: --color is auto, always or never, not \"red\"; see fxrestate gen --help\n"},
		"too many directories": {[]string{"gen", "a", "b"}, terminal.CodeUsage, "", "fxrestate gen: accepts at most 1 arg(s), received 2; see fxrestate gen --help\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, test.args...)
			require.Equal(t, test.code, code)
			for want, got := range map[string]string{test.stdout: stdout, test.stderr: stderr} {
				t.Run(want, func(t *testing.T) {
					if want != "" {
						require.Contains(t, got, want)
					}
				})
			}
			require.Equal(t, test.stdout == "", stdout == "")
			require.Equal(t, test.stderr == "", stderr == "")
		})
	}
}

func TestGenWritesAndChecks(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	dir := filepath.Join(module, "shop")
	output := filepath.Join(dir, "fxrestate_gen.go")
	source := func(text string) {
		gentest.Write(t, dir, txtar.File{Name: "shop.go", Data: []byte("package shop\n\nimport restate \"github.com/restatedev/sdk-go\"\n\ntype Till struct{}\n\n" + text)})
	}
	requireCall := func(wantCode int, wantStderr string, args ...string) {
		t.Helper()
		code, stdout, stderr := call(t, args...)
		require.Empty(t, stdout)
		require.Equal(t, wantStderr, stderr)
		require.Equal(t, wantCode, code)
	}

	source("func (Till) Open(restate.Context) error { return nil }\n\nfunc (Till) Peek(restate.Context) {}\n")
	warning := "fxrestate gen: warning: (*shop.Till).Peek (shop.go:9): returns no error, so typed calls cannot name it; let it return an error as well\n"
	requireCall(terminal.CodeFailed, warning+"fxrestate gen: "+output+" is not there; run go generate\n", "gen", "--check", dir)
	require.NoFileExists(t, output)
	requireCall(terminal.CodeOK, warning, "gen", dir)
	requireCall(terminal.CodeOK, warning, "gen", "--check", dir)

	// Without the excluded method there is nothing to warn about or to note.
	requireCall(terminal.CodeFailed, "fxrestate gen: "+output+` is not up to date; run go generate
@@ -16,3 +16,0 @@
-//
-// There are no clients for these, which return no error or have types that this
-// package cannot name: Peek.
`, "gen", "--check", "--type", "Till", "--exclude", "Till.Peek", dir)

	before, err := os.ReadFile(output)
	require.NoError(t, err)
	source("func (Till) Open(restate.Context, int, int) error { return nil }\n\nfunc (Till) Close(restate.Context, ...int) error { return nil }\n")
	requireCall(terminal.CodeFailed, `fxrestate gen: (*shop.Till).Close (shop.go:9): is variadic; take one input
fxrestate gen: (*shop.Till).Open (shop.go:7): takes 2 inputs (int, int), and a handler takes one; put them into a struct
fxrestate gen: nothing was written; use --exclude for methods that are not handlers, and --type to choose structs
`, "gen", dir)
	after, err := os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "nothing is written")

	require.NoError(t, os.Remove(output))
	source("func (Till) Open(restate.Context) error { return nil }\n")
	requireCall(terminal.CodeOK, "", "gen", "--output", "other_gen.go", "--tags", "x,y", "--type", "Till", dir)
	require.FileExists(t, filepath.Join(dir, "other_gen.go"))
}

// Flags on the command line take the place of those in the lines.
func TestCheckTakesItsFlagsFromTheGoGenerateLines(t *testing.T) {
	const shop = "package shop\n\nimport restate \"github.com/restatedev/sdk-go\"\n\n" +
		"type Till struct{}\n\nfunc (Till) Open(restate.Context) error { return nil }\n\n" +
		"func (Till) Count(restate.Context, int, int) error { return nil }\n\n" +
		"type mail struct{}\n\nfunc (mail) Send(restate.Context) error { return nil }\n"
	t.Setenv("STRUCT", "Till")
	for name, test := range map[string]struct {
		lines string
		want  [][]string // the command lines that write the files
	}{
		"one line": {
			"//go:generate go tool fxrestate gen --type Till --exclude Till.Count --output till_gen.go\n",
			[][]string{{"--type", "Till", "--exclude", "Till.Count", "--output", "till_gen.go"}},
		},
		"two lines, run in different ways": {
			"//go:generate go run github.com/fxrestate/go/cmd/fxrestate@v1.2.3 gen --type=Till --exclude=Till.Count\n" +
				"//go:generate\t./bin/fxrestate gen --type \"mail\" --output \"mail\\x5fgen.go\" .\n",
			[][]string{{"--type", "Till", "--exclude", "Till.Count"}, {"--type", "mail", "--output", "mail_gen.go"}},
		},
		"variables": {
			"//go:generate fxrestate gen --type $STRUCT --exclude ${STRUCT}.Count --output ${GOPACKAGE}_${GOLINE}_gen.go ../$GOPACKAGE\n",
			[][]string{{"--type", "Till", "--exclude", "Till.Count", "--output", "shop_1_gen.go"}},
		},
		"an alias": {
			"//go:generate -command clients go tool -modfile=../tools.mod fxrestate gen --exclude Till.Count\n//go:generate clients --type Till\n",
			[][]string{{"--exclude", "Till.Count", "--type", "Till"}},
		},
		"CRLF, and lines that are not of this command": {
			"//go:generate go tool fxrestate gen --exclude Till.Count\r\n" +
				"//go:generate go tool stringer gen -output x\n// //go:generate fxrestate gen --type No\n //go:generate fxrestate gen --type No\n" +
				"//go:generate \"fxrestate gen --type No\n//go:generate \"fxrestate\"gen --type No\n//go:generated fxrestate gen --type No\n//go:generate\n",
			[][]string{{"--exclude", "Till.Count"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(gentest.Module(t), "shop")
			gentest.Write(t, dir,
				txtar.File{Name: "shop.go", Data: []byte(shop)},
				txtar.File{Name: "doc_test.go", Data: []byte(test.lines + "\npackage shop\n")},
				txtar.File{Name: "other_windows.go", Data: []byte("//go:generate fxrestate gen --type Other\n\npackage shop\n")})
			for i, args := range test.want {
				code, _, stderr := call(t, "gen", "--check", dir)
				require.Equal(t, terminal.CodeFailed, code)
				require.Contains(t, stderr, " is not there; run go generate\n", "file %d", i)
				code, _, stderr = call(t, append(append([]string{"gen"}, args...), dir)...)
				require.Equal(t, terminal.CodeOK, code, stderr)
			}
			code, stdout, stderr := call(t, "gen", "--check", dir)
			require.Equal(t, terminal.CodeOK, code, stderr)
			require.Empty(t, stdout)

			code, _, stderr = call(t, "gen", "--check", "--type", "Other", dir)
			require.Equal(t, terminal.CodeFailed, code, "the flags count")
			require.Contains(t, stderr, "fxrestate gen: shop.Other: is not a type of the package; see --type\n")
		})
	}
}

func TestCheckReportsAllGoGenerateLinesThatAreWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gentest.Write(t, dir, txtar.File{Name: "shop.go", Data: []byte("package shop\n\n//go:generate fxrestate gen --force\n//go:generate fxrestate gen a b\n")})
	code, stdout, stderr := call(t, "gen", "--check", dir)
	require.Equal(t, terminal.CodeFailed, code)
	require.Empty(t, stdout)
	require.Equal(t, "fxrestate gen: the go:generate line in "+filepath.Join(dir, "shop.go:3")+": unknown flag: --force\n"+
		"fxrestate gen: the go:generate line in "+filepath.Join(dir, "shop.go:4")+": 2 directories; name one\n", stderr)
}
