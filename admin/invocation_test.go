package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

// sleeper's handler sleeps for an hour.
func sleeper(name string) restate.ServiceDefinition {
	return restate.NewService(name).Handler("Sleep", restate.NewServiceHandler(
		func(ctx restate.Context, _ string) (string, error) { return "", restate.Sleep(ctx, time.Hour) }))
}

// send starts an invocation by the path of the ingress that sends, and returns its id.
func send(t testing.TB, path string) string {
	t.Helper()
	return sendTo(t, testkit.Server(), path)
}

func sendTo(t testing.TB, server *devserver.Server, path string) string {
	t.Helper()
	res, err := testkit.HTTPClient().Post(server.IngressURL()+path, "application/json", strings.NewReader(`"x"`))
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusAccepted, res.StatusCode)
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&sent))
	return sent.ID
}

type invocation struct {
	Status     string `json:"status"`
	Failure    string `json:"completion_failure"`
	Deployment string `json:"pinned_deployment_id"`
}

func lookUp(t testing.TB, client *admin.Client, id string) invocation {
	t.Helper()
	rows, err := admin.Query[invocation](testkit.Context(t), client,
		"SELECT status, completion_failure, pinned_deployment_id FROM sys_invocation WHERE id = "+admin.Quote(id))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0]
}

func waitForStatus(t testing.TB, client *admin.Client, id string, status ...string) invocation {
	t.Helper()
	var found invocation
	require.Eventually(t, func() bool {
		found = lookUp(t, client, id)
		for _, s := range status {
			if found.Status == s {
				return true
			}
		}
		return false
	}, testkit.Within, 20*time.Millisecond, "%s is %+v, want %s", id, &found, status)
	return found
}

func TestCancelledAndKilledInvocationsEnd(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	register(t, client, serve(t, sleeper("Ended")))

	for name, end := range map[string]func(id string) error{
		"Cancelled": func(id string) error { return client.CancelInvocation(testkit.Context(t), id) },
		"killed":    func(id string) error { return client.KillInvocation(testkit.Context(t), id) },
	} {
		t.Run(name, func(t *testing.T) {
			id := send(t, "/Ended/Sleep/send")
			waitForStatus(t, client, id, "running", "suspended")
			require.NoError(t, end(id))
			require.Contains(t, waitForStatus(t, client, id, "completed").Failure, name)

			failed := requireError(t, end(id), http.StatusConflict, "")
			require.Contains(t, failed.Message, "already completed")
		})
	}
}

func TestPausedInvocationResumesOnTheLatestDeployment(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	first := register(t, client, serve(t, sleeper("Paused")))
	id := send(t, "/Paused/Sleep/send")
	waitForStatus(t, client, id, "running")
	require.NoError(t, client.PauseInvocation(testkit.Context(t), id))
	require.Equal(t, first.ID, waitForStatus(t, client, id, "paused").Deployment)
	require.NoError(t, client.PauseInvocation(testkit.Context(t), id), "pausing twice is fine")

	require.NoError(t, client.ResumeInvocation(testkit.Context(t), id, admin.ResumeOnPinned))
	require.Equal(t, first.ID, waitForStatus(t, client, id, "running").Deployment)

	second := register(t, client, serve(t, sleeper("Paused")))
	require.NoError(t, client.PauseInvocation(testkit.Context(t), id))
	waitForStatus(t, client, id, "paused")
	require.NoError(t, client.ResumeInvocation(testkit.Context(t), id, admin.ResumeOnLatest))
	require.Equal(t, second.ID, waitForStatus(t, client, id, "running").Deployment)

	require.NoError(t, client.PauseInvocation(testkit.Context(t), id))
	waitForStatus(t, client, id, "paused")
	require.NoError(t, client.ResumeInvocation(testkit.Context(t), id, first.ID))
	require.Equal(t, first.ID, waitForStatus(t, client, id, "running").Deployment)
	require.NoError(t, client.KillInvocation(testkit.Context(t), id))
}

// settled returns the error of a call that the server can answer. For a moment after
// its start some partition may have no leader, whatever it said before.
func settled(t testing.TB, call func() error) (err error) {
	t.Helper()
	testkit.Until(t, func() bool {
		err = call()
		return !admin.Retryable(err)
	}, "a partition without a leader")
	return err
}

func TestUnknownInvocation(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	const unknown = "inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW21"
	requireError(t, settled(t, func() error { return client.CancelInvocation(testkit.Context(t), unknown) }), http.StatusNotFound, "")
	requireError(t, settled(t, func() error { return client.KillInvocation(testkit.Context(t), unknown) }), http.StatusNotFound, "")
	requireError(t, settled(t, func() error { return client.PauseInvocation(testkit.Context(t), unknown) }), http.StatusNotFound, "")
	requireError(t, settled(t, func() error { return client.ResumeInvocation(testkit.Context(t), unknown, "") }), http.StatusNotFound, "")
	requireError(t, client.KillInvocation(testkit.Context(t), "inv_nope"), http.StatusBadRequest, "")
}
