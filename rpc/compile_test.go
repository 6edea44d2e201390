package rpc_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Calls that are wrong must not compile: each is compiled beside the services of
// testdata/compile, which compile.
func TestWrongCallsDoNotCompile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ call, says string }{
		"right calls":                         {`func f(ctx restate.Context) { right(ctx) }`, ""},
		"an input of another type":            {`func f(ctx restate.Context) { rpc.Call(ctx, bank, (*Bank).Pay, "ten") }`, `"ten"`},
		"a method of another service":         {`func f(ctx restate.Context) { rpc.Call(ctx, bank, (*Cart).Add, "x") }`, "Bank"},
		"an object without a key":             {`func f(ctx restate.Context) { rpc.Call(ctx, carts, (*Cart).Add, "x") }`, "Object["},
		"a result of another type":            {`func f(ctx restate.Context) { var s string; s, _ = rpc.Call(ctx, carts.Key("k"), (*Cart).Add, "x"); _ = s }`, "cannot use"},
		"a verb for another shape":            {`func f(ctx restate.Context) { rpc.Call(ctx, carts.Key("k"), (*Cart).Drop, "x") }`, "Drop"},
		"a call outside of a handler":         {`func f(ctx context.Context) { rpc.Call(ctx, bank, (*Bank).Pay, 1) }`, "restate.Context"},
		"a call inside of a step":             {`func f(ctx restate.RunContext) { rpc.Call(ctx, bank, (*Bank).Pay, 1) }`, "restate.Context"},
		"a method that is not a handler":      {`func f(ctx restate.Context) { rpc.Call(ctx, carts.Key("k"), (*Cart).Helper, "x") }`, "restate.Context"},
		"an option of another verb":           {`func f(ctx restate.Context) { rpc.Call(ctx, bank, (*Bank).Pay, 1, restate.WithDelay(1)) }`, "BeforeRequest"},
		"a send of an input of another type":  {`func f(ctx restate.Context) { rpc.Send(ctx, bank, (*Bank).Pay, "ten") }`, `"ten"`},
		"a future of a method of another one": {`func f(ctx restate.Context) { rpc.Start0(ctx, bank, (*Cart).Total) }`, "Bank"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "call.go")
			source := fmt.Sprintf(`package shop

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/rpc"
)

var (
	_ context.Context
	_ restate.Context
	_ rpc.Service[int]
)

%s
`, test.call)
			require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
			overlay := filepath.Join(t.TempDir(), "overlay.json")
			here, err := filepath.Abs("testdata/compile")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace":{%q:%q}}`, filepath.Join(here, "call.go"), file), 0o600))

			out, err := exec.Command("go", "build", "-overlay", overlay, "./testdata/compile").CombinedOutput()
			if test.says == "" {
				require.NoError(t, err, string(out))
				return
			}
			require.Error(t, err, "it compiles")
			require.Contains(t, string(out), test.says)
		})
	}
}
