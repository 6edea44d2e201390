package application_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/tail"
	"github.com/fxrestate/go/internal/testkit"
)

// programFlag makes the test binary one of the programs, which commands are tried on.
const programFlag = "-program="

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], programFlag) {
		programs[strings.TrimPrefix(os.Args[1], programFlag)](os.Args[2:])
		os.Exit(0)
	}
	testkit.Main(m)
}

// programs are applications, good and bad ones.
var programs = map[string]func(args []string){
	"shop": func(args []string) { fxrestate.Run(fxrestate.Module, shop(args[0], args[1])) },
	"talks": func([]string) {
		fmt.Println("{\"format\": 7}")
		fmt.Println(strings.Repeat("to the standard output\n", 100_000))
		fxrestate.Run(fxrestate.Module, shop("shop", "before"))
	},
	"lingers": func([]string) {
		fx.New(fx.NopLogger, fxrestate.Module, shop("shop", "before"))
		time.Sleep(time.Hour) // until it is killed
	},
	"has mistakes": func([]string) {
		fxrestate.Run(fxrestate.Module, fxrestate.Service[*Till](func(*bytes.Buffer) *Till { return nil }), fxrestate.HTTPServer("\x1b[31m"))
	},
	"crashes": func([]string) { panic("no luck today") },
	"ends":    func([]string) { fmt.Println("usage: shop serve") },
	"hangs": func(args []string) {
		fmt.Println("waiting for the database")
		if len(args) > 0 {
			child := exec.Command(os.Args[0], programFlag+"holds", args[0])
			child.Stdout = os.Stdout
			_ = child.Start()
			hold(args[0])
		}
		time.Sleep(time.Hour) // until it is killed
	},
	"holds":   func(args []string) { hold(args[0]) },
	"newer":   func([]string) { write(`{"format": 99}`) },
	"garbage": func([]string) { write("no JSON") },
}

// hold keeps a connection as long as the process lives.
func hold(addr string) {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

func write(text string) { _ = os.WriteFile(os.Getenv(description.Variable), []byte(text), 0o644) }

// Till is what the shop has, in its versions.
type (
	Till    struct{}
	Newer   struct{}
	Breaker struct{}
	Sale    struct {
		Cents int `json:"cents"`
	}
	Tip struct {
		Cents int    `json:"cents"`
		Note  string `json:"note,omitempty"`
	}
)

func (*Till) Pay(restate.Context, Sale) (Sale, error) { return Sale{}, nil }
func (*Till) Open(restate.Context) error              { return nil }

func (*Newer) Pay(restate.Context, Tip) (Tip, error) { return Tip{}, nil }
func (*Newer) Open(restate.Context) error            { return nil }
func (*Newer) Close(restate.Context) error           { return nil }

func (*Breaker) Pay(restate.Context, string) (Sale, error) { return Sale{}, nil }

// shop is an application in a version.
func shop(name, version string) fx.Option {
	switch version {
	case "newer":
		return fxrestate.Service[*Newer](func() *Newer { return &Newer{} }, fxrestate.Name(name))
	case "breaking":
		return fxrestate.Service[*Breaker](func() *Breaker { return &Breaker{} }, fxrestate.Name(name))
	default:
		return fxrestate.Service[*Till](func() *Till { return &Till{} }, fxrestate.Name(name))
	}
}

// program is the command line of one of the programs.
func program(name string, args ...string) []string {
	return append([]string{os.Args[0], "--", programFlag + name}, args...)
}

// result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
	err            string
}

// call runs a command. A width in front, as in "40", is that of the terminal.
func call(ctx context.Context, newCommand func(*terminal.Terminal) *cobra.Command, columns int, args ...string) result {
	var out bytes.Buffer
	var stderr tail.Writer // to which progress and a log may write at a time
	t := &terminal.Terminal{In: &bytes.Buffer{}, Out: &out, Err: &stderr, Getenv: func(string) string { return "" }, Columns: columns}
	cmd := newCommand(t)
	cmd.Flags().BoolVar(&t.JSON, "json", false, "")
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	r := result{code: terminal.Code(err), stdout: out.String(), stderr: stderr.String()}
	if err != nil {
		r.err = err.Error()
	}
	return r
}

func requireOK(t *testing.T, r result) {
	t.Helper()
	require.Empty(t, r.err)
	require.Equal(t, terminal.CodeOK, r.code)
}
