package integration_test

import (
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

// Drawer is a virtual object with a state of several keys.
type Drawer struct{}

func (Drawer) Put(ctx restate.ObjectContext, things map[string]string) error {
	for k, v := range things {
		restate.Set(ctx, k, v)
	}
	return nil
}

func (Drawer) Drop(ctx restate.ObjectContext, thing string) error {
	restate.Clear(ctx, thing)
	return nil
}

func (Drawer) Empty(ctx restate.ObjectContext) error {
	restate.ClearAll(ctx)
	return nil
}

func (Drawer) Get(ctx restate.ObjectSharedContext, thing string) (*string, error) {
	return restate.Get[*string](ctx, thing)
}

func (Drawer) Things(ctx restate.ObjectSharedContext) ([]string, error) { return restate.Keys(ctx) }
func (Drawer) Key(ctx restate.ObjectSharedContext) string               { return restate.Key(ctx) }

// Sneak writes state from a shared handler, by a type assertion that the SDK's
// context satisfies.
func (Drawer) Sneak(ctx restate.ObjectSharedContext) error {
	restate.Set(ctx.(restate.ObjectContext), "sneaked", "in")
	return nil
}

func startDrawer(t *testing.T, opts ...restate.ServiceDefinitionOption) string {
	name := unique("drawer")
	start(t, fxrestate.Object[Drawer](made(Drawer{}), append(opts, fxrestate.Name(name))...))
	return name
}

func TestStateIsWrittenReadAndCleared(t *testing.T) {
	t.Parallel()
	name := startDrawer(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Put"), map[string]string{"a": "1"}).status)
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Put"), map[string]string{"b": "2"}).status)
	require.Equal(t, map[string]string{"a": `"1"`, "b": `"2"`}, stateOf(t, name, "k"))
	require.Empty(t, stateOf(t, name, "other"))
	require.ElementsMatch(t, []string{"a", "b"}, decode[[]string](t, call(t, path(name, "k", "Things"), nil)))
	require.Equal(t, "1", *decode[*string](t, call(t, path(name, "k", "Get"), "a")))
	require.Nil(t, decode[*string](t, call(t, path(name, "k", "Get"), "c")))

	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Drop"), "a").status)
	require.Equal(t, map[string]string{"b": `"2"`}, stateOf(t, name, "k"))
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Empty"), nil).status)
	require.Empty(t, stateOf(t, name, "k"))
}

func TestSharedHandlerCannotWriteStateByATypeAssertion(t *testing.T) {
	t.Parallel()
	name := startDrawer(t, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.KillOnMaxAttempts()))
	got := failed(t, call(t, path(name, "k", "Sneak"), nil))
	require.Contains(t, got.Message, "Set in "+name+"/Sneak: a shared handler cannot write state; let an exclusive handler do it")
	require.Empty(t, stateOf(t, name, "k"))
}

func TestKeysWithSpecialCharactersReachTheObjectTheyName(t *testing.T) {
	t.Parallel()
	name := startDrawer(t)
	for _, key := range []string{"a/b", "a/b/Put", "x?y=z", "50% & more", "ключ 键 🔑", "..", "a\\b", `"quoted"`, "#fragment", "a;b", "+", "%2F"} {
		require.Equal(t, key, decode[string](t, call(t, path(name, key, "Key"), nil)))
		require.Equal(t, http.StatusOK, call(t, path(name, key, "Put"), map[string]string{"is": key}).status)
		require.Equal(t, key, *decode[*string](t, call(t, path(name, key, "Get"), "is")))
		require.Len(t, stateOf(t, name, key), 1, key)
	}
}
