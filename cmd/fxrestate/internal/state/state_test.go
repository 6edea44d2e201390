package state_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/state"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func on(columns int) commandtest.Console {
	c := commandtest.New(state.Commands)
	c.Columns = columns
	return c
}

// cart sets the state of a key as a handler does.
func cart(t testing.TB, shop *commandtest.Shop, key string) {
	t.Helper()
	testkit.Post(t, testkit.Path(shop.Name, key, "Set"), map[string]any{"items": []string{"tea", "milk\x1b[31m"}, "paid": false})
	testkit.PostBytes(t, testkit.Path(shop.Name, key, "SetBytes"), []byte("\x00\xff\x1b[2J"), "Content-Type", "application/octet-stream")
	require.Len(t, testkit.StateOf(t, shop.Name, key), 3)
}

func TestStateIsShown(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	cart(t, shop, key)
	for name, test := range map[string]struct {
		columns int
		args    []string
		code    int
	}{
		"all.txt":     {100, nil, terminal.CodeOK},
		"all40.txt":   {40, nil, terminal.CodeOK},
		"all.json":    {40, []string{"--json"}, terminal.CodeOK},
		"one.txt":     {100, []string{"items"}, terminal.CodeOK},
		"one.json":    {100, []string{"items", "--json"}, terminal.CodeOK},
		"bytes.txt":   {100, []string{"bytes"}, terminal.CodeOK},
		"missing.txt": {100, []string{"prices"}, terminal.CodeFailed},
		"raw.txt":     {100, []string{"--raw"}, terminal.CodeUsage},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(test.columns).Run(t, append([]string{"state", "get", shop.Name, key}, test.args...)...)
			require.Equal(t, test.code, r.Code, r.Err)
			require.NotRegexp(t, `[\x00-\x09\x0b-\x1f]`, r.Out+r.Err)
			commandtest.Golden(t, name, r.String())
		})
	}
	require.Equal(t, "\x00\xff\x1b[2J", on(40).Run(t, "state", "get", shop.Name, key, "bytes", "--raw").Out)
	r := on(40).Run(t, "state", "get", shop.Name, key+"x")
	require.Equal(t, "there is no state\n", r.Err)
	r = on(40).Run(t, "state", "get", shop.Name+"x", key)
	require.Equal(t, terminal.CodeFailed, r.Code)
	require.Contains(t, r.Err, "status 404")
}

func TestStateIsChanged(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	for name, test := range map[string]struct {
		args  []string
		after map[string]string
	}{
		"set":             {[]string{"set", "paid=true", `note={"a": 1}`}, map[string]string{"items": `["tea","milk\u001b[31m"]`, "paid": "true", "note": `{"a": 1}`, "bytes": ""}},
		"set and replace": {[]string{"set", "paid=true", "--replace"}, map[string]string{"paid": "true"}},
		"set of bytes":    {[]string{"set", "paid=no", "--replace", "--raw"}, map[string]string{"paid": "no"}},
		"clear":           {[]string{"clear"}, map[string]string{}},
		"clear of some":   {[]string{"clear", "bytes", "items"}, map[string]string{"paid": "false"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := commandtest.Unique("ada")
			cart(t, shop, key)
			before := testkit.StateOf(t, shop.Name, key)
			line := slices.Concat([]string{"state", test.args[0], shop.Name, key}, test.args[1:])
			dry := on(100).Run(t, append(line, "--dry-run")...)
			require.Equal(t, terminal.CodeOK, dry.Code, dry.Err)
			require.Contains(t, dry.Err, "nothing was written")
			asked := on(100)
			asked.Answers = []string{"n"}
			require.Equal(t, terminal.CodeFailed, asked.Run(t, line...).Code)
			require.Equal(t, terminal.CodeUsage, on(100).Run(t, line...).Code, "nobody can be asked")
			require.Equal(t, before, testkit.StateOf(t, shop.Name, key))

			asked.Answers = []string{"y"}
			done := asked.Run(t, line...)
			require.Equal(t, terminal.CodeOK, done.Code, done.Err)
			after := testkit.StateOf(t, shop.Name, key)
			if _, ok := test.after["bytes"]; ok {
				test.after["bytes"] = after["bytes"]
			}
			require.Equal(t, test.after, after)
			require.NotRegexp(t, `[\x00-\x09\x0b-\x1f]`, done.Out+done.Err)
			commandtest.Golden(t, name+".txt", done.String())

			if test.args[0] == "set" {
				again := on(100).Run(t, line...)
				require.Equal(t, terminal.CodeOK, again.Code, again.Err)
				require.Contains(t, again.Err, "the state is so already; nothing was written\n")
			}
		})
	}
}

func TestAStateThatHasChangedIsNotOverwritten(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	cart(t, shop, key)
	var shown struct{ Version string }
	require.NoError(t, json.Unmarshal([]byte(on(0).Run(t, "state", "get", shop.Name, key, "--json").Out), &shown))
	testkit.Post(t, testkit.Path(shop.Name, key, "Set"), map[string]any{"paid": true})
	line := []string{"state", "set", shop.Name, key, "paid=null", "--yes", "--json", "--version"}
	r := on(0).Run(t, append(line, shown.Version)...)
	require.Equal(t, terminal.CodeFailed, r.Code)
	require.Contains(t, r.Err, "the state has changed: its version is ")
	require.Equal(t, "true", testkit.StateOf(t, shop.Name, key)["paid"])

	require.NoError(t, json.Unmarshal([]byte(on(0).Run(t, "state", "get", shop.Name, key, "--json").Out), &shown))
	r = on(0).Run(t, append(line, shown.Version)...)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.Equal(t, "null", testkit.StateOf(t, shop.Name, key)["paid"])
	var done struct {
		Applied bool
		Changes []struct {
			Name          string
			Before, After struct{ Value json.RawMessage }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.Out), &done))
	require.True(t, done.Applied)
	require.Len(t, done.Changes, 1)
	require.Equal(t, "true", string(done.Changes[0].Before.Value))
	require.Equal(t, "null", string(done.Changes[0].After.Value))
}

func TestAStateIsWrittenAfterTheInvocationThatHoldsTheKey(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	cart(t, shop, key)
	holder := shop.Send(t, key, "Hold", admin.StatusSuspended)
	r := on(100).Run(t, "state", "set", shop.Name, key, "paid=true", "--yes")
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.Contains(t, r.Err, "The server writes it when "+holder+" has ended, which holds the key")
	commandtest.Golden(t, "behind.txt", r.String())
	require.NoError(t, testkit.Admin().KillInvocation(testkit.Context(t), holder))
	testkit.Eventually(t, func() error { return testkit.StateIs(t, shop.Name, key, "paid", "true") })
}

func TestMistakesAreSaid(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	cart(t, shop, key)
	before := testkit.StateOf(t, shop.Name, key)
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no value":            {[]string{"set", shop.Name, key, "paid"}, terminal.CodeUsage, `"paid" is not name=value`},
		"no name":             {[]string{"set", shop.Name, key, "=1"}, terminal.CodeUsage, `"=1" is not name=value`},
		"no JSON":             {[]string{"set", shop.Name, key, "note=tea"}, terminal.CodeUsage, `the value of "note" is not JSON, which a text has in quotes: 'note="text"'`},
		"a name twice":        {[]string{"set", shop.Name, key, "a=1", "a=2"}, terminal.CodeUsage, `"a" is there twice`},
		"nothing to set":      {[]string{"set", shop.Name, key}, terminal.CodeUsage, "requires at least 3 arg(s)"},
		"an unknown service":  {[]string{"clear", shop.Name + "x", key}, terminal.CodeFailed, "status 404"},
		"an unknown name":     {[]string{"clear", shop.Name, key, "price"}, terminal.CodeFailed, `there is no state "price", but bytes, items, paid`},
		"a timeout of a word": {[]string{"clear", shop.Name, key, "--timeout", "soon"}, terminal.CodeUsage, "is no duration such as"},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(100).Run(t, append(append([]string{"state"}, test.args...), "--yes")...)
			require.Equal(t, test.code, r.Code, r.Err)
			require.Contains(t, r.Err, test.want)
			require.Empty(t, r.Out)
		})
	}
	require.Equal(t, before, testkit.StateOf(t, shop.Name, key))
}
