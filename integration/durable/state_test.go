package durable_test

import (
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
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
	name := testkit.Unique("drawer")
	testkit.Start(t, fxrestate.Object[Drawer](testkit.Made(Drawer{}), append(opts, fxrestate.Name(name))...))
	return name
}

func TestStateIsWrittenReadAndCleared(t *testing.T) {
	t.Parallel()
	name := startDrawer(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Put"), map[string]string{"a": "1"}).Status)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Put"), map[string]string{"b": "2"}).Status)
	require.Equal(t, map[string]string{"a": `"1"`, "b": `"2"`}, testkit.StateOf(t, name, "k"))
	require.Empty(t, testkit.StateOf(t, name, "other"))
	require.ElementsMatch(t, []string{"a", "b"}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(name, "k", "Things"), nil)))
	require.Equal(t, "1", *testkit.Decode[*string](t, testkit.Post(t, testkit.Path(name, "k", "Get"), "a")))
	require.Nil(t, testkit.Decode[*string](t, testkit.Post(t, testkit.Path(name, "k", "Get"), "c")))

	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Drop"), "a").Status)
	require.Equal(t, map[string]string{"b": `"2"`}, testkit.StateOf(t, name, "k"))
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Empty"), nil).Status)
	require.Empty(t, testkit.StateOf(t, name, "k"))
}

func TestSharedHandlerCannotWriteStateByATypeAssertion(t *testing.T) {
	t.Parallel()
	name := startDrawer(t, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.KillOnMaxAttempts()))
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "k", "Sneak"), nil))
	require.Contains(t, got.Message, "Set in "+name+"/Sneak: a shared handler cannot write state; let an exclusive handler do it")
	require.Empty(t, testkit.StateOf(t, name, "k"))
}

func TestKeysWithSpecialCharactersReachTheObjectTheyName(t *testing.T) {
	t.Parallel()
	name := startDrawer(t)
	for _, key := range []string{"a/b", "a/b/Put", "x?y=z", "50% & more", "ключ 键 🔑", "..", "a\\b", `"quoted"`, "#fragment", "a;b", "+", "%2F"} {
		t.Run(key, func(t *testing.T) {
			require.Equal(t, key, testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, key, "Key"), nil)))
			require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, key, "Put"), map[string]string{"is": key}).Status)
			require.Equal(t, key, *testkit.Decode[*string](t, testkit.Post(t, testkit.Path(name, key, "Get"), "is")))
			require.Len(t, testkit.StateOf(t, name, key), 1, key)
		})
	}
}
