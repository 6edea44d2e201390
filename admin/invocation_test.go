package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
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
	for name, change := range changes(client) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireError(t, settled(t, func() error { return change(testkit.Context(t), unknownID) }), http.StatusNotFound, "")
		})
	}
}

// changes has what the client does with one invocation.
func changes(client *admin.Client) map[string]func(ctx context.Context, id string) error {
	return map[string]func(ctx context.Context, id string) error{
		"cancel":            client.CancelInvocation,
		"kill":              client.KillInvocation,
		"pause":             client.PauseInvocation,
		"resume":            func(ctx context.Context, id string) error { return client.ResumeInvocation(ctx, id, "") },
		"purge":             client.PurgeInvocation,
		"purge the journal": client.PurgeJournal,
		"restart": func(ctx context.Context, id string) error {
			return second(client.RestartInvocation(ctx, id, admin.RestartOptions{}))
		},
	}
}

func TestAnIDThatCannotBeOneIsSaidWithoutACall(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: "http://127.0.0.1:1"})
	for name, test := range map[string]struct{ id, want string }{
		"nothing":             {"", "bad length"},
		"a word":              {"nope", "bad format"},
		"a word behind inv_":  {"inv_nope", "unrecognized codec version"},
		"a character too few": {unknownID[:len(unknownID)-1], "bad length"},
		"one too many":        {unknownID + "x", "bad length"},
		"another character":   {unknownID[:10] + "-" + unknownID[11:], "base62 decode error"},
		"a space in front":    {" " + unknownID, "unrecognized resource type"},
		"a deployment":        {"dp_1" + unknownID[5:], "id doesn't match the expected type"},
		"lines":               {"inv_1\n" + strings.Repeat("x", 1000), "bad length"},
		"a path":              {"inv_2/../kill", "unrecognized codec version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := testkit.Context(t)
			calls := changes(client)
			calls["find"] = func(ctx context.Context, id string) error {
				return second(client.Invocations(ctx, admin.InvocationFilter{IDs: []string{unknownID, id}}))
			}
			calls["find what it called"] = func(ctx context.Context, id string) error {
				return second(client.Invocations(ctx, admin.InvocationFilter{InvokedBy: []string{id}}))
			}
			calls["journal"] = func(ctx context.Context, id string) error { return second(client.Journal(ctx, id)) }
			calls["batch"] = func(ctx context.Context, id string) error {
				return second(client.Batch(ctx, admin.OperationKill, admin.InvocationFilter{IDs: []string{id}}, admin.BatchOptions{}))
			}
			for what, call := range calls {
				t.Run(what, func(t *testing.T) {
					err := call(ctx, test.id)
					require.ErrorIs(t, err, admin.ErrInvocationID)
					require.ErrorContains(t, err, " is not the id of an invocation, which is inv_1 with 33 letters and digits behind it: "+test.want)
					require.False(t, admin.Retryable(err))
					require.NotContains(t, err.Error(), "\n")
					require.Less(t, len(err.Error()), 400)
				})
			}
		})
	}
	require.NoError(t, admin.CheckInvocationID(unknownID))
	require.NoError(t, admin.CheckInvocationID("inv_2abc"), "of a server to come")
}

func TestACompletedInvocationIsRestarted(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("restarted")
	steps := make(chan string, 100)
	register(t, client, serve(t, restate.NewService(name).Handler("Go", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
		for _, step := range []string{"first", "second"} {
			if err := restate.RunVoid(ctx, func(restate.RunContext) error { steps <- step; return nil }); err != nil {
				return "", err
			}
		}
		return in, nil
	})), restate.NewWorkflow(name+"-workflow").Handler("Run", restate.NewWorkflowHandler(func(restate.WorkflowContext, string) (string, error) { return "", nil }))))
	id := send(t, testkit.Path(name, "Go", "send"))
	testkit.AwaitStatus(t, id, "completed")
	require.Equal(t, "first second", testkit.Receive(t, steps)+" "+testkit.Receive(t, steps))

	fromStart, err := client.RestartInvocation(ctx, id, admin.RestartOptions{})
	require.NoError(t, err)
	require.NotEqual(t, id, fromStart)
	testkit.AwaitStatus(t, fromStart, "completed")
	require.Equal(t, "first second", testkit.Receive(t, steps)+" "+testkit.Receive(t, steps))

	for _, deployment := range []string{admin.RestartOnLatest, admin.RestartOnPinned} {
		// Entry 1 is the first step and entry 2 its result.
		from, err := client.RestartInvocation(ctx, id, admin.RestartOptions{From: 1, Deployment: deployment})
		require.NoError(t, err)
		testkit.AwaitStatus(t, from, "completed")
		require.Equal(t, "second", testkit.Receive(t, steps))
		require.Empty(t, steps, "the first step has run again")
	}
	found, err := client.Invocations(ctx, admin.InvocationFilter{RestartedFrom: []string{id}, Statuses: admin.AllStatuses()})
	require.NoError(t, err)
	require.Len(t, found, 3)
	require.Equal(t, id, found[0].RestartedFrom)

	_, err = client.RestartInvocation(ctx, id, admin.RestartOptions{From: 1000})
	requireError(t, err, http.StatusBadRequest, "")
	for name, options := range map[string]admin.RestartOptions{"a negative entry": {From: -1}, "a deployment without an entry": {Deployment: admin.RestartOnPinned}} {
		t.Run(name, func(t *testing.T) {
			_, err := client.RestartInvocation(ctx, id, options)
			require.ErrorContains(t, err, "admin: RestartOptions: ")
		})
	}
	workflow := send(t, testkit.Path(name+"-workflow", "a", "Run", "send"))
	testkit.AwaitStatus(t, workflow, "completed")
	_, err = client.RestartInvocation(ctx, workflow, admin.RestartOptions{})
	requireError(t, err, http.StatusUnprocessableEntity, "")

	require.NoError(t, client.PurgeJournal(ctx, id))
	testkit.Until(t, func() bool { return len(testkit.Journal(t, id)) == 0 }, "the journal is there")
	require.Equal(t, "completed", testkit.Look(t, id).Status, "the result is kept")
	_, err = client.RestartInvocation(ctx, id, admin.RestartOptions{})
	requireError(t, err, http.StatusGone, "")
}
