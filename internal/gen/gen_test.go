package gen_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/fxrestate/go/internal/gen"
	"github.com/fxrestate/go/internal/gen/gentest"
)

// cart is a package that compiles only with the file that is to be generated.
const cart = `package shop

import restate "github.com/restatedev/sdk-go"

type Cart struct{ other CartClient }

// Add adds.
func (c *Cart) Add(ctx restate.ObjectContext, sku string) (int, error) {
	return c.other.Key("other").Add(ctx, sku)
}
`

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	gentest.Write(t, dir, txtar.File{Name: name, Data: []byte(text)})
}

func TestTheFileFollowsTheStruct(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	write(t, module, "shop/cart.go", cart)
	cfg := gen.Config{Dir: filepath.Join(module, "shop")}
	generate := func() *gen.File {
		file, err := gen.Generate(t.Context(), cfg)
		require.NoError(t, err)
		return file
	}

	file := generate()
	var stale *gen.StaleError
	require.ErrorAs(t, file.Check(), &stale)
	require.Equal(t, gen.StaleError{Path: file.Path}, *stale, "there is no file")
	require.ErrorContains(t, stale, "is not there; run go generate")
	requireWrites(t, file, true)
	out, err := gentest.Go(t, module, "vet", "./...")
	require.NoError(t, err, out)

	again := generate()
	require.Equal(t, string(file.Source), string(again.Source), "the file of the last run changes nothing")
	require.NoError(t, again.Check())
	requireWrites(t, again, false)

	// The struct changes: the build fails in the generated file, and says why.
	write(t, module, "shop/cart.go", strings.Replace(cart, "ctx restate.ObjectContext", "ctx restate.ObjectSharedContext", 1))
	out, err = gentest.Go(t, module, "build", "./...")
	require.Error(t, err)
	require.Contains(t, out, "fxrestate_gen.go")
	require.Contains(t, out, "restate.ObjectSharedContext")

	changed := generate()
	require.ErrorAs(t, changed.Check(), &stale)
	require.ErrorContains(t, stale, "is not up to date; run go generate")
	require.Equal(t, `@@ -16,1 +16,1 @@
-	_ func(*Cart, restate.ObjectContext, string) (int, error) = (*Cart).Add
+	_ func(*Cart, restate.ObjectSharedContext, string) (int, error) = (*Cart).Add
`, stale.Diff)
	requireWrites(t, changed, true)
	out, err = gentest.Go(t, module, "build", "./...")
	require.NoError(t, err, out)

	// The struct is gone, and the package has another name.
	write(t, module, "shop/cart.go", strings.ReplaceAll(strings.Replace(cart, "package shop", "package store", 1), "Cart", "Basket"))
	renamed := generate()
	require.Contains(t, string(renamed.Source), "package store\n")
	require.Contains(t, string(renamed.Source), "type BasketClient interface")
	require.NotContains(t, string(renamed.Source), "Cart")

	// Clients that another package waits for do not keep the file from being made.
	write(t, module, "shop/user.go", "package store\n\nimport _ \"example.com/shop/broken\"\n")
	write(t, module, "broken/broken.go", "package broken\n\nvar _ NotGenerated\n")
	require.Equal(t, string(renamed.Source), string(generate().Source))
}

func requireWrites(t *testing.T, file *gen.File, want bool) {
	t.Helper()
	wrote, err := file.Write()
	require.NoError(t, err)
	require.Equal(t, want, wrote)
	require.NoError(t, file.Check())
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	dir := filepath.Join(module, "shop")
	write(t, dir, "cart.go", cart)
	write(t, dir, "other.go", "package shop\n\ntype Generic[T any] struct{}\n\ntype Plain struct{}\n\ntype Number int\n")
	write(t, dir, "mine.go", "package shop\n")
	write(t, module, "empty/notes.txt", "")
	write(t, module, "none/none.go", "package none\n")
	write(t, module, "two/a.go", "package a\n")
	write(t, module, "two/b.go", "package b\n")
	write(t, module, "shadow/shadow.go", "package shadow\n\nimport restate \"github.com/restatedev/sdk-go\"\n\n"+
		"type string []byte\n\ntype Cart struct{}\n\nfunc (Cart) Add(restate.ObjectContext) error { return nil }\n")
	write(t, module, "syntax/syntax.go", "package syntax\n\nfunc {\n")
	elsewhere := t.TempDir()
	write(t, elsewhere, "go.mod", "module example.com/elsewhere\n")
	write(t, elsewhere, "shop.go", "package shop\n")

	for name, test := range map[string]struct {
		cfg  gen.Config
		want []string
	}{
		"a directory that is not there":     {gen.Config{Dir: filepath.Join(module, "nowhere")}, []string{"gen: read", "nowhere"}},
		"a directory without Go files":      {gen.Config{Dir: filepath.Join(module, "empty")}, []string{"gen: read", "no buildable Go source files"}},
		"a directory with two packages":     {gen.Config{Dir: filepath.Join(module, "two")}, []string{"gen: read", "found packages a (a.go) and b (b.go)"}},
		"a package without handler structs": {gen.Config{Dir: filepath.Join(module, "none")}, []string{"gen: package none has no handler structs; write an exported struct"}},
		"a file that does not parse":        {gen.Config{Dir: filepath.Join(module, "syntax")}, []string{"gen: ", "syntax.go:3:6: "}},
		"a package that declares string":    {gen.Config{Dir: filepath.Join(module, "shadow")}, []string{"gen: the generated code would not compile (line ", "does the package declare a name such as string anew?"}},
		"a module without the framework":    {gen.Config{Dir: elsewhere}, []string{"cannot be imported by example.com/elsewhere; is it in go.mod? (go get "}},
		"an output in another directory":    {gen.Config{Dir: dir, Output: "../x.go"}, []string{`gen: output "../x.go" is not the name of a Go file`}},
		"an output that is no Go file":      {gen.Config{Dir: dir, Output: "x.txt"}, []string{`gen: output "x.txt" is not the name of a Go file`}},
		"an output written by hand":         {gen.Config{Dir: dir, Output: "mine.go"}, []string{"gen: mine.go was not written by fxrestate gen; choose another name with -output"}},
		"types and exclusions that do not fit": {
			gen.Config{Dir: dir, Types: []string{"Cart", "Missing", "Plain", "Number", "Generic"}, Exclude: []string{"Cart.Gone", "Gone.Add"}},
			[]string{
				"gen: shop.Generic (other.go:3): has no handlers; ",
				"gen: shop.Missing: is not a type of the package; see -type\n",
				"gen: shop.Number (other.go:7): is not an exported struct; declare it as one, or leave it out of -type\n",
				"gen: shop.Plain (other.go:5): has no handlers; write exported methods that take a restate.Context first\n",
				"gen: (*shop.Cart).Gone: is excluded and is not there; remove it from -exclude\n",
				"gen: (*shop.Gone).Add: is excluded and is not there; remove it from -exclude",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gen.Generate(t.Context(), test.cfg)
			require.Error(t, err)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestTheContextEndsTheRun(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	write(t, module, "shop/cart.go", cart)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := gen.Generate(ctx, gen.Config{Dir: filepath.Join(module, "shop")})
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, filepath.Join(module, "shop", gen.DefaultOutput))
}

func TestStructsCanHaveAFileEach(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	dir := filepath.Join(module, "shop")
	write(t, dir, "cart.go", cart)
	write(t, dir, "mail_linux.go", strings.NewReplacer("Cart", "Mail", "Object", "", `Key("other").`, "").Replace(cart))
	for output, structName := range map[string]string{"cart_gen.go": "Cart", "mail_gen_linux.go": "Mail"} {
		file, err := gen.Generate(t.Context(), gen.Config{Dir: dir, Types: []string{structName}, Output: output})
		require.NoError(t, err)
		requireWrites(t, file, true)
	}
	source, err := os.ReadFile(filepath.Join(dir, "mail_gen_linux.go"))
	require.NoError(t, err)
	require.Contains(t, string(source), "\n//go:build linux\n")
	out, err := gentest.Go(t, module, "vet", "./...")
	require.NoError(t, err, out)
}
