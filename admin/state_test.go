package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// drawer is an object that keeps what it is given, as it is.
func drawer(name string) restate.ServiceDefinition {
	return restate.NewObject(name).
		Handler("Put", restate.NewObjectHandler(func(ctx restate.ObjectContext, in string) (restate.Void, error) {
			restate.Set(ctx, "content", []byte(in), restate.WithBinary)
			return restate.Void{}, nil
		})).
		Handler("Look", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) {
			content, err := restate.Get[[]byte](ctx, "content", restate.WithBinary)
			return string(content), err
		}))
}

func TestStateIsReadAndReplaced(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("drawer")
	register(t, client, serve(t, drawer(name), echoService(name+"-echo")))

	state, err := client.State(ctx, name, "nobody")
	require.NoError(t, err)
	require.Empty(t, state)
	const key, content = "it's a/key", "\x00'\n ü"
	testkit.Post(t, testkit.Path(name, key, "Put"), content)
	state, err = client.State(ctx, name, key)
	require.NoError(t, err)
	require.Equal(t, map[string]json.RawMessage{"content": json.RawMessage(content)}, state)

	for _, want := range []map[string]json.RawMessage{
		{"content": json.RawMessage("\xff\x00")},
		{"content": json.RawMessage("again"), "other": json.RawMessage("{}")},
		{},
	} {
		require.NoError(t, client.ModifyState(ctx, name, key, admin.ModifyStateRequest{State: want}))
		testkit.Eventually(t, func() error {
			state, err := client.State(ctx, name, key)
			if err == nil && fmt.Sprint(state) != fmt.Sprint(want) {
				err = fmt.Errorf("the state is %q", state)
			}
			return err
		})
	}
	require.Empty(t, testkit.Call[string](t, testkit.Path(name, key, "Look")))

	some := map[string]json.RawMessage{"content": json.RawMessage("1")}
	requireError(t, client.ModifyState(ctx, name+"-none", key, admin.ModifyStateRequest{State: some}), http.StatusNotFound, "")
	requireError(t, client.ModifyState(ctx, name+"-echo", key, admin.ModifyStateRequest{State: some}), http.StatusBadRequest, "")
	require.NoError(t, client.ModifyState(ctx, name+"-none", key, admin.ModifyStateRequest{}), "the server does not look for what has no state then")
}

func TestOnlyTheStateThatWasReadIsReplaced(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("versioned")
	register(t, client, serve(t, drawer(name)))
	const key = "a"
	read := func() map[string]json.RawMessage {
		t.Helper()
		state, err := client.State(ctx, name, key)
		require.NoError(t, err)
		return state
	}
	// Each state is replaced in the version that the one before has, from none on.
	states := []map[string]json.RawMessage{
		{"content": json.RawMessage("one")},
		{"b": json.RawMessage("\x00\xff"), "a": json.RawMessage("{}"), "ü": {}},
		{},
		{"content": json.RawMessage("last")},
	}
	for _, state := range states {
		require.NoError(t, client.ModifyState(ctx, name, key, admin.ModifyStateRequest{State: state, Version: admin.StateVersion(read())}))
		testkit.Eventually(t, func() error {
			if now := read(); fmt.Sprint(now) != fmt.Sprint(state) {
				return fmt.Errorf("the state is %q", now)
			}
			return nil
		})
	}
	// The server does both in turn, so the first is over when the second is.
	old := admin.StateVersion(states[0])
	require.NoError(t, client.ModifyState(ctx, name, key, admin.ModifyStateRequest{State: states[1], Version: old}))
	testkit.Post(t, testkit.Path(name, key, "Look"), nil)
	require.Equal(t, "last", string(read()["content"]), "the state of another version was replaced")
}

func TestACompletedInvocationIsPurged(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("purged")
	fails := restate.NewServiceHandler(func(restate.Context, string) (string, error) {
		return "", restate.TerminalErrorf("it fails %s", strings.Repeat("x", 3000))
	})
	register(t, client, serve(t, restate.NewService(name).Handler("Fail", fails).Handler("Sleep", restate.NewServiceHandler(
		func(ctx restate.Context, _ string) (string, error) { return "", restate.Sleep(ctx, 24*60*60*1e9) }))))

	id := send(t, testkit.Path(name, "Fail", "send"))
	testkit.AwaitStatus(t, id, "completed")
	found, err := client.Invocations(ctx, admin.InvocationFilter{IDs: []string{id}, Statuses: []admin.InvocationStatus{admin.StatusCompleted}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Failure, "it fails")
	require.Less(t, len(found[0].Failure), 1100, "it is limited")
	require.NoError(t, client.PurgeInvocation(ctx, id))
	testkit.Eventually(t, func() error {
		rows, err := admin.Query[map[string]any](ctx, client, "SELECT id FROM sys_invocation WHERE id = ?", id)
		if err == nil && len(rows) > 0 {
			err = fmt.Errorf("%s is there", id)
		}
		return err
	})

	sleeps := send(t, testkit.Path(name, "Sleep", "send"))
	testkit.Look(t, sleeps)
	requireError(t, client.PurgeInvocation(ctx, sleeps), http.StatusConflict, "")
	require.NoError(t, client.KillInvocation(ctx, sleeps))
}
