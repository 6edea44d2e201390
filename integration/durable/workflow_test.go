package durable_test

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
	"github.com/fxrestate/go/internal/testkit"
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
	s, name := &Signup{}, testkit.Unique("signup")
	testkit.Start(t, fxrestate.Workflow[*Signup](testkit.Made(s), append(opts, fxrestate.Name(name))...))
	return s, name
}

func TestWorkflowAnswersQueriesAndTakesSignalsWhileItRuns(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	id := testkit.Submit(t, testkit.Path(name, "ada", "Run"), "Ada")
	testkit.Eventually(t, func() error { return testkit.StateIs(t, name, "ada", "status", `"mailed"`) })

	require.Equal(t, "mailed", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "ada", "Status"), nil)))
	require.Nil(t, testkit.Decode[*string](t, testkit.Post(t, testkit.Path(name, "ada", "Peek"), nil)))
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "ada", "Click"), "here").Status)
	require.Equal(t, "Ada clicked here", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.Equal(t, "here", *testkit.Decode[*string](t, testkit.Post(t, testkit.Path(name, "ada", "Peek"), nil)))
	require.Equal(t, "clicked", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "ada", "Status"), nil)))
}

func TestSignalBeforeTheRunIsDelivered(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "ada", "Click"), "early").Status)
	require.Equal(t, "Ada clicked early", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "ada", "Run"), "Ada")))
}

func TestSecondResolutionOfAPromiseIsAConflict(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "ada", "Click"), "here").Status)
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "ada", "Click"), "there"))
	require.Equal(t, http.StatusConflict, got.Code)
	require.Equal(t, "invocation", got.Source)
}

func TestRejectedPromiseFailsWhoWaits(t *testing.T) {
	t.Parallel()
	_, name := startSignup(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "ada", "Refuse"), "gone").Status)
	require.Contains(t, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "ada", "Run"), "Ada")).Message, "gone")
}

func TestWorkflowRunsOncePerID(t *testing.T) {
	t.Parallel()
	s, name := startSignup(t)
	run := testkit.Path(name, "ada", "Run")
	id := testkit.Submit(t, run, "Ada")

	again := testkit.Post(t, run+"/send", "Ada")
	require.Equal(t, http.StatusAccepted, again.Status)
	var sent struct{ InvocationID, Status string }
	require.NoError(t, json.Unmarshal(again.Body, &sent))
	require.Equal(t, "PreviouslyAccepted", sent.Status)
	require.Equal(t, id, sent.InvocationID)
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Post(t, run, "Ada")).Code)

	testkit.Post(t, testkit.Path(name, "ada", "Click"), "here")
	testkit.Attach(t, id)
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Post(t, run, "Ada")).Code)
	require.EqualValues(t, 1, s.mails.Load())
}

func TestWorkflowIsForgottenAfterItsRetention(t *testing.T) {
	t.Parallel()
	s, name := startSignup(t, restate.WithWorkflowRetention(100*time.Millisecond))
	require.Equal(t, "100ms", testkit.ServiceOf(t, name).WorkflowCompletionRetention)
	testkit.Post(t, testkit.Path(name, "ada", "Click"), "here")
	run := testkit.Path(name, "ada", "Run")
	require.Equal(t, "Ada clicked here", testkit.Decode[string](t, testkit.Post(t, run, "Ada")))
	testkit.Eventually(t, func() error { return testkit.StateIs(t, name, "ada", "status", "") })

	// Its state and its promises went with it, and the id is free.
	testkit.Post(t, testkit.Path(name, "ada", "Click"), "again")
	require.Equal(t, "Ada clicked again", testkit.Decode[string](t, testkit.Post(t, run, "Ada")))
	require.EqualValues(t, 2, s.mails.Load())
}
