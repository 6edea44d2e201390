package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/fxrestate/go/internal/gen/gentest"
)

// dotless is a program in a module without a dot in its path. Its closure is
// called by a function of the SDK's.
const dotless = `package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
	"shop/till"
)

type ctx struct {
	restate.MockableContext
	context.Context
	failed *error
}

func (c ctx) Deadline() (time.Time, bool)  { return c.Context.Deadline() }
func (c ctx) Value(key any) any                { return c.Context.Value(key) }
func (c ctx) Done() <-chan struct{}            { return c.Context.Done() }
func (c ctx) Err() error                       { return c.Context.Err() }
func (c ctx) Request() *restate.Request        { return &restate.Request{} }
func (c ctx) Log() *slog.Logger                { return slog.New(slog.DiscardHandler) }

func main() {
	for _, amount := range []int{0, 1} {
		var failed error
		chain, err := pipeline.Compile(pipeline.Config{Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) {
			_, err := restate.Run(ctx, till.Charge(amount))
			return nil, err
		})})
		if err != nil {
			panic(err)
		}
		_, _ = chain.Call(ctx{Context: context.Background(), failed: &failed}, nil)
		var p *pipeline.PanicError
		fmt.Println(errors.As(failed, &p), p != nil && strings.Contains(string(p.Stack), "till.Charge"))
	}
}

// Run runs the closure at once: a function of the SDK's that calls the user's.
func (c ctx) Run(fn func(restate.RunContext) (any, error), _ any, _ ...restate.RunOption) restate.TerminalError {
	_, *c.failed = fn(c)
	return restate.TerminalErrorf("the till failed")
}
`

// till panics in two ways: for itself, and in the standard library.
const till = `package till

import (
	"strings"

	restate "github.com/restatedev/sdk-go"
)

//go:noinline
func Charge(amount int) func(restate.RunContext) (int, error) {
	return func(restate.RunContext) (int, error) {
		if amount == 0 {
			panic("the till is empty")
		}
		return len(strings.Repeat("x", -amount)), nil
	}
}
`

func TestAPanicOfAModuleWithoutADotIsTheUsers(t *testing.T) {
	t.Parallel()
	dir := gentest.Module(t)
	_, err := gentest.Go(t, dir, "mod", "edit", "-module", "shop")
	require.NoError(t, err)
	gentest.Write(t, dir,
		txtar.File{Name: "main.go", Data: []byte(dotless)},
		txtar.File{Name: "till/till.go", Data: []byte(till)})
	for _, flags := range [][]string{nil, {"-trimpath"}} {
		t.Run(fmt.Sprintf("built with %q", flags), func(t *testing.T) {
			args := append([]string{"run", "-mod=mod"}, flags...)
			out, err := gentest.Go(t, dir, append(args, ".")...)
			require.NoError(t, err, out)
			require.Equal(t, "true true\ntrue true\n", out, flags)
		})
	}
}
