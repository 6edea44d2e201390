package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

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

// outcome is what the server answers to a change of an invocation, and the status of
// the invocation then. A status of "" is that of no invocation.
type outcome struct {
	answer int // of an error, 0 for success
	status admin.InvocationStatus
}

// TestWhatChangesAnInvocationInEachStatus has for each situation what cancelling,
// killing, pausing, resuming and moving to another deployment do.
func TestWhatChangesAnInvocationInEachStatus(t *testing.T) {
	t.Parallel()
	const (
		scheduled, pending, running = admin.StatusScheduled, admin.StatusPending, admin.StatusRunning
		suspended, backingOff       = admin.StatusSuspended, admin.StatusBackingOff
		paused, completed           = admin.StatusPaused, admin.StatusCompleted
		removed                     = ""
		conflict, tooEarly          = http.StatusConflict, http.StatusTooEarly
	)
	s := newStatuses(t)
	outcomes := map[string]struct{ cancel, kill, pause, resume, move outcome }{
		"scheduled": {
			outcome{0, removed}, outcome{0, removed}, outcome{conflict, scheduled}, outcome{tooEarly, scheduled}, outcome{tooEarly, scheduled},
		},
		"pending": {
			outcome{0, removed}, outcome{0, removed}, outcome{conflict, pending}, outcome{tooEarly, pending}, outcome{tooEarly, pending},
		},
		"running, before its first command": {
			outcome{0, running}, outcome{0, completed}, outcome{0, running}, outcome{0, running}, outcome{conflict, running},
		},
		"running, in a step": {
			outcome{0, completed}, outcome{0, completed}, outcome{0, running}, outcome{0, running}, outcome{conflict, running},
		},
		"running, and waiting": {
			outcome{0, completed}, outcome{0, completed}, outcome{0, paused}, outcome{0, running}, outcome{conflict, running},
		},
		"suspended in a sleep": {
			outcome{0, completed}, outcome{0, completed}, outcome{0, suspended}, outcome{0, suspended}, outcome{0, suspended},
		},
		"suspended before its first command": {
			outcome{0, completed}, outcome{0, completed}, outcome{0, suspended}, outcome{0, suspended}, outcome{0, suspended},
		},
		"backing off before its first command": {
			outcome{0, backingOff}, outcome{0, completed}, outcome{0, paused}, outcome{0, backingOff}, outcome{conflict, backingOff},
		},
		"backing off after a step": {
			outcome{0, backingOff}, outcome{0, completed}, outcome{0, paused}, outcome{0, backingOff}, outcome{conflict, backingOff},
		},
		"paused before its first command": {
			outcome{0, paused}, outcome{0, completed}, outcome{0, paused}, outcome{0, paused}, outcome{0, paused},
		},
		"paused after a step": {
			outcome{0, paused}, outcome{0, completed}, outcome{0, paused}, outcome{0, paused}, outcome{0, paused},
		},
		"paused by hand": {
			outcome{0, completed}, outcome{0, completed}, outcome{0, paused}, outcome{0, running}, outcome{0, running},
		},
		"completed": {
			outcome{conflict, completed}, outcome{conflict, completed}, outcome{conflict, completed}, outcome{conflict, completed}, outcome{conflict, completed},
		},
	}
	require.Len(t, outcomes, len(situations))
	for _, in := range situations {
		want, ok := outcomes[in.name]
		require.True(t, ok, in.name)
		for name, change := range map[string]struct {
			want outcome
			do   func(ctx context.Context, id string) error
		}{
			"cancelled": {want.cancel, s.client.CancelInvocation},
			"killed":    {want.kill, s.client.KillInvocation},
			"paused":    {want.pause, s.client.PauseInvocation},
			"resumed": {want.resume, func(ctx context.Context, id string) error {
				return s.client.ResumeInvocation(ctx, id, admin.ResumeOnPinned)
			}},
			"moved": {want.move, func(ctx context.Context, id string) error {
				return s.client.ResumeInvocation(ctx, id, admin.ResumeOnLatest)
			}},
		} {
			t.Run(in.name+" is "+name, func(t *testing.T) {
				t.Parallel()
				id := s.start(t, in).ID
				err := change.do(testkit.Context(t), id)
				if change.want.answer == 0 {
					require.NoError(t, err)
				} else {
					requireError(t, err, change.want.answer, "")
				}
				s.await(t, id, change.want.status)
			})
		}
	}
}

func TestASuspendedInvocationIsNotPaused(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	i := s.start(t, in("suspended before its first command"))
	require.NoError(t, s.client.PauseInvocation(testkit.Context(t), i.ID))
	res, err := testkit.HTTPClient().Post(testkit.Server().IngressURL()+"/restate/awakeables/"+testkit.Receive(t, s.awakeables)+"/resolve",
		"application/json", strings.NewReader(`"x"`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusAccepted, res.StatusCode)
	s.await(t, i.ID, admin.StatusCompleted)
}

func TestAResumedInvocationRunsAgain(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	i := s.start(t, in("backing off before its first command"))
	require.Equal(t, 1, i.RetryCount)
	require.NoError(t, s.client.ResumeInvocation(testkit.Context(t), i.ID, admin.ResumeOnPinned))
	testkit.Until(t, func() bool { return s.look(t, i.ID).RetryCount == 2 }, "a second attempt")
}

func TestCancelledAndKilledInvocationsEnd(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	for name, end := range map[string]func(ctx context.Context, id string) error{
		"Cancelled": s.client.CancelInvocation,
		"killed":    s.client.KillInvocation,
	} {
		t.Run(name, func(t *testing.T) {
			id := s.start(t, in("running, and waiting")).ID
			require.NoError(t, end(testkit.Context(t), id))
			require.Contains(t, testkit.AwaitStatus(t, id, "completed").Failure, name)

			failed := requireError(t, end(testkit.Context(t), id), http.StatusConflict, "")
			require.Contains(t, failed.Message, "already completed")
		})
	}
}

func TestPausedInvocationResumesOnTheLatestDeployment(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	s := newStatuses(t)
	first := s.deployment.ID
	id := s.start(t, in("running, and waiting")).ID
	pause := func() {
		t.Helper()
		require.NoError(t, s.client.PauseInvocation(ctx, id))
		s.await(t, id, admin.StatusPaused)
	}
	resume := func(on string) string {
		t.Helper()
		require.NoError(t, s.client.ResumeInvocation(ctx, id, on))
		return s.await(t, id, admin.StatusRunning).DeploymentID
	}
	pause()
	require.Equal(t, first, resume(admin.ResumeOnPinned))

	second := register(t, s.client, serve(t, s.definitions()...)).ID
	pause()
	require.Equal(t, second, resume(admin.ResumeOnLatest))
	pause()
	require.Equal(t, first, resume(first))
	require.NoError(t, s.client.KillInvocation(ctx, id))
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
