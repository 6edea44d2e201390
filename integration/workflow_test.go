package integration_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
)

// Signup is a workflow that waits for a click.
type Signup struct{ mails atomic.Int32 }

func (s *Signup) Run(ctx restate.WorkflowContext, user string) (string, error) {
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		s.mails.Add(1)
		return nil
	}, restate.WithName("mail")); err != nil {
		return "", err
	}
	restate.Set(ctx, "status", "mailed")
	click, err := restate.Promise[string](ctx, "click").Result()
	if err != nil {
		return "", err
	}
	restate.Set(ctx, "status", "clicked")
	return user + " clicked " + click, nil
}

func (s *Signup) Click(ctx restate.WorkflowSharedContext, where string) error {
	return restate.Promise[string](ctx, "click").Resolve(where)
}

func (s *Signup) Refuse(ctx restate.WorkflowSharedContext, why string) error {
	return restate.Promise[string](ctx, "click").Reject(restate.ToTerminalError(errors.New(why), restate.WithErrorCode(http.StatusGone)))
}

func (s *Signup) Peek(ctx restate.WorkflowSharedContext) (*string, error) {
	return restate.Promise[*string](ctx, "click").Peek()
}

func (s *Signup) Status(ctx restate.WorkflowSharedContext) (string, error) {
	return restate.Get[string](ctx, "status")
}

func startSignup(t *testing.T, opts ...restate.ServiceDefinitionOption) (*Signup, string) {
	s, name := &Signup{}, unique("signup")
	start(t, fxrestate.Workflow[*Signup](made(s), append(opts, fxrestate.Name(name))...))
	return s, name
}

func TestWorkflowAnswersQueriesAndTakesSignalsWhileItRuns(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	id := submit(t, path(name, "ada", "Run"), "Ada")
	eventually(t, func() error { return stateIs(t, name, "ada", "status", `"mailed"`) })

	require.Equal(t, "mailed", decode[string](t, call(t, path(name, "ada", "Status"), nil)))
	require.Nil(t, decode[*string](t, call(t, path(name, "ada", "Peek"), nil)))
	require.Equal(t, http.StatusOK, call(t, path(name, "ada", "Click"), "here").status)
	require.Equal(t, "Ada clicked here", decode[string](t, attach(t, id)))
	require.Equal(t, "here", *decode[*string](t, call(t, path(name, "ada", "Peek"), nil)))
	require.Equal(t, "clicked", decode[string](t, call(t, path(name, "ada", "Status"), nil)))
}

func TestSignalBeforeTheRunIsDelivered(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "ada", "Click"), "early").status)
	require.Equal(t, "Ada clicked early", decode[string](t, call(t, path(name, "ada", "Run"), "Ada")))
}

func TestSecondResolutionOfAPromiseIsAConflict(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "ada", "Click"), "here").status)
	got := failed(t, call(t, path(name, "ada", "Click"), "there"))
	require.Equal(t, http.StatusConflict, got.Code)
	require.Equal(t, "invocation", got.Source)
}

func TestRejectedPromiseFailsWhoWaits(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "ada", "Refuse"), "gone").status)
	require.Contains(t, failed(t, call(t, path(name, "ada", "Run"), "Ada")).Message, "gone")
}

func TestWorkflowRunsOncePerID(t *testing.T) {
	t.Parallel()
	s, name := startSignup(t)
	run := path(name, "ada", "Run")
	id := submit(t, run, "Ada")

	again := call(t, run+"/send", "Ada")
	require.Equal(t, http.StatusAccepted, again.status)
	var sent struct{ InvocationID, Status string }
	require.NoError(t, json.Unmarshal(again.body, &sent))
	require.Equal(t, "PreviouslyAccepted", sent.Status)
	require.Equal(t, id, sent.InvocationID)
	require.Equal(t, http.StatusConflict, failed(t, call(t, run, "Ada")).Code)

	call(t, path(name, "ada", "Click"), "here")
	attach(t, id)
	require.Equal(t, http.StatusConflict, failed(t, call(t, run, "Ada")).Code)
	require.EqualValues(t, 1, s.mails.Load())
}

func TestWorkflowIsForgottenAfterItsRetention(t *testing.T) {
	t.Parallel()
	s, name := startSignup(t, restate.WithWorkflowRetention(100*time.Millisecond))
	require.Equal(t, "100ms", service(t, name).WorkflowCompletionRetention)
	call(t, path(name, "ada", "Click"), "here")
	run := path(name, "ada", "Run")
	require.Equal(t, "Ada clicked here", decode[string](t, call(t, run, "Ada")))
	eventually(t, func() error { return stateIs(t, name, "ada", "status", "") })

	// Its state and its promises went with it, and the id is free.
	call(t, path(name, "ada", "Click"), "again")
	require.Equal(t, "Ada clicked again", decode[string](t, call(t, run, "Ada")))
	require.EqualValues(t, 2, s.mails.Load())
}
