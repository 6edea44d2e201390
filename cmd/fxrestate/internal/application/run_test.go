package application_test

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/description"
)

func TestAProgramThatTalksDescribesItself(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"talks", "lingers"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(t.Context(), application.NewManifest, 0, append([]string{"--timeout", "10m"}, program(name)...)...)
			requireOK(t, r)
			require.JSONEq(t, read(t, manifestOf(t, "before")), r.stdout)
		})
	}
}

func TestWhatIsNoApplicationIsSaid(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		return path
	}
	goTool, err := exec.LookPath("go")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"no Go program":               {[]string{write("true", "\x7fELF")}, 1, []string{"is no Go program"}},
		"a text":                      {[]string{write("notes.txt", "notes")}, 1, []string{"is no Go program"}},
		"an empty file":               {[]string{write("empty", "")}, 1, []string{"is no Go program"}},
		"a Go program without it":     {[]string{goTool}, 1, []string{"is a Go program without package github.com/fxrestate/go/fxrestate"}},
		"a directory without Go":      {[]string{t.TempDir()}, 1, []string{"go build ", "its output:\n  "}},
		"a package that is not there": {[]string{"./nowhere"}, 1, []string{"go build ./nowhere: ", "nowhere"}},
		"a package that is no main":   {[]string{"../terminal"}, 1, []string{"is no Go program"}},
		"a name of nothing":           {[]string{"nowhere"}, 1, []string{"there is no file nowhere"}},
		"a name that steers":          {[]string{"now\x1b[31mhere"}, 1, []string{`there is no file now\x1b[31mhere`}},
		"nothing":                     {nil, 2, []string{"0 applications; name one"}},
		"two":                         {[]string{"a", "b"}, 2, []string{"2 applications; name one"}},
		"no time":                     {[]string{"--timeout", "0s", "a"}, 2, []string{"--timeout is 0s"}},
		"JSON of something else":      {[]string{write("a.json", `{"a":1}`)}, 1, []string{"is no description and no manifest: it has no services"}},
		"JSON that is cut":            {[]string{write("cut.json", `{"format":1,`)}, 1, []string{"is no description and no manifest: description: "}},
		"a description of a newer format": {[]string{write("n.json", `{"format":2}`)}, 1, []string{
			"has format 2, which a newer fxrestate writes, and this command reads format 1; use the command of the fxrestate that the application is built with",
		}},
		"a newer program":                      {program("newer"), 1, []string{"has format 99, which a newer fxrestate writes"}},
		"a program that writes something else": {program("garbage"), 1, []string{"description: "}},
		"a program with mistakes": {program("has mistakes"), 1, []string{
			"failed before it described itself: exit status 1; its output:\n", "  ", "HTTPServer (main_test.go:",
		}},
		"a program that crashes": {program("crashes"), 1, []string{"failed before it described itself: exit status 2; its output:\n", "panic: no luck today"}},
		"a program that ends":    {program("ends"), 1, []string{"ended without a word", "give it its arguments after --; its output:\n  usage: shop serve"}},
		"a program of an older version": {[]string{"./testdata/older"}, 1, []string{
			"was built with github.com/fxrestate/go (devel), and cannot describe itself", "and was not run",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(t.Context(), application.NewManifest, 0, append([]string{"--timeout", "10m"}, test.args...)...)
			if name == "no time" {
				r = call(t.Context(), application.NewManifest, 0, test.args...)
			}
			require.Equal(t, test.code, r.code, r.err)
			for _, want := range test.want {
				require.Contains(t, r.err, want)
			}
			require.Empty(t, r.stdout)
			require.NotContains(t, r.err, "\x1b")
		})
	}
}

func TestAProgramThatHangsIsKilledWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	r := call(t.Context(), application.NewGraph, 0, append([]string{"--timeout", "1ns"}, program("hangs")...)...)
	require.Equal(t, terminal.CodeFailed, r.code)
	require.Contains(t, r.err, "has not described itself within 1ns, and was killed")
}

func TestAProgramIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // there are no process groups
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan result, 1)
	go func() {
		ended <- call(ctx, application.NewGraph, 0, append([]string{"--timeout", "10m"}, program("hangs", listener.Addr().String())...)...)
	}()
	var conns []net.Conn
	for range 2 { // the program and its child
		conn, err := listener.Accept()
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	cancel()
	for _, conn := range conns {
		_, _ = io.Copy(io.Discard, conn) // until it is gone
		require.NoError(t, conn.Close())
	}
	r := <-ended
	require.Equal(t, terminal.CodeFailed, r.code)
	require.Equal(t, context.Canceled.Error(), r.err)
}

// The command must not start what it asks, however the variable got there.
func TestAnOlderProgramIsNotRun(t *testing.T) {
	t.Parallel()
	proof := filepath.Join(t.TempDir(), "it ran")
	r := call(t.Context(), application.NewManifest, 0, "./testdata/older", "--", proof)
	require.Equal(t, terminal.CodeFailed, r.code)
	require.NoFileExists(t, proof)
}

func TestADescriptionIsReadAgain(t *testing.T) {
	t.Parallel()
	r := call(t.Context(), application.NewManifest, 0, append([]string{"--description", "--timeout", "10m"}, program("shop", "shop", "before")...)...)
	requireOK(t, r)
	doc, err := description.Parse([]byte(r.stdout))
	require.NoError(t, err)
	require.Len(t, doc.Services, 1)
	require.Equal(t, "*application_test.Till", doc.Services[0].Type)
	require.True(t, strings.HasPrefix(doc.Services[0].Handlers[0].Position, "cmd/fxrestate/internal/application"), doc.Services[0].Handlers[0].Position)
}
