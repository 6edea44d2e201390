package inprocess_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// operator does to invocations what an operator does.
type operator struct {
	backend
	cancel, kill, resume func(t testing.TB, id string)
	await                func(t testing.TB, id, status string)
}

func operators(server, inProcess backend, r *runner.Runner) []operator {
	onServer := func(do func(t testing.TB, id string) error) func(testing.TB, string) {
		return func(t testing.TB, id string) { require.NoError(t, do(t, id)) }
	}
	return []operator{
		{
			backend: server,
			cancel:  onServer(func(t testing.TB, id string) error { return testkit.Admin().CancelInvocation(t.Context(), id) }),
			kill:    onServer(func(t testing.TB, id string) error { return testkit.Admin().KillInvocation(t.Context(), id) }),
			resume:  onServer(func(t testing.TB, id string) error { return testkit.Admin().ResumeInvocation(t.Context(), id, "") }),
			await:   func(t testing.TB, id, status string) { testkit.AwaitStatus(t, id, status) },
		},
		{
			backend: inProcess,
			cancel:  onServer(func(_ testing.TB, id string) error { return r.Cancel(id) }),
			kill:    onServer(func(_ testing.TB, id string) error { return r.Kill(id) }),
			resume:  onServer(func(_ testing.TB, id string) error { return r.Resume(id) }),
			await: func(t testing.TB, id, status string) {
				require.NoError(t, r.Until(t.Context(), func() bool {
					inv, err := r.Invocation(id)
					return err == nil && string(inv.Status) == status
				}))
			},
		},
	}
}

// failing are handlers that fail in one way or another, and what waits.
func failing() []restate.ServiceDefinition {
	policy := func(on restate.InvocationRetryPolicyOption) restate.HandlerOption {
		return restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(2), restate.WithInitialRetryInterval(10*time.Millisecond), on)
	}
	fail := func(restate.Context, restate.Void) (string, error) { return "", errors.New("broken") }
	wait := func(ctx restate.Context) error {
		_, err := restate.Awakeable[string](ctx).Result()
		return err
	}
	return []restate.ServiceDefinition{
		restate.NewService("InFailures").
			Handler("Kill", restate.NewServiceHandler(fail, policy(restate.KillOnMaxAttempts()))).
			Handler("Pause", restate.NewServiceHandler(fail, policy(restate.PauseOnMaxAttempts()))).
			Handler("Wish", restate.NewServiceHandler(func(restate.Context, restate.Void) (string, error) {
				return "", pipeline.Pause(errors.New("look"))
			})).
			Handler("Step", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.Run(ctx, func(restate.RunContext) (string, error) { return "", errors.New("broken") },
					restate.WithMaxRetryAttempts(2), restate.WithInitialRetryInterval(10*time.Millisecond))
			})).
			Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return "", wait(ctx) })),
		restate.NewObject("InLine").
			Handler("Wait", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) { return "", wait(ctx) })),
	}
}

func TestWhatFailsOnTheRunnerEndsAsOnAServer(t *testing.T) {
	server, inProcess, r := both(t, failing()...)
	for name, test := range map[string]struct {
		path   string
		status string // that it gets into by itself
		then   func(t testing.TB, o operator, id string)
	}{
		"attempts are used up, and it is killed": {"/InFailures/Kill", "completed", nil},
		"attempts are used up, and it is paused": {"/InFailures/Pause", "paused", func(t testing.TB, o operator, id string) {
			o.resume(t, id)
			o.kill(t, id)
		}},
		"it is paused by itself":      {"/InFailures/Wish", "paused", func(t testing.TB, o operator, id string) { o.kill(t, id) }},
		"a step has had its attempts": {"/InFailures/Step", "completed", nil},
		"it is cancelled":             {"/InFailures/Wait", "", func(t testing.TB, o operator, id string) { o.cancel(t, id) }},
		"it is killed":                {"/InFailures/Wait", "", func(t testing.TB, o operator, id string) { o.kill(t, id) }},
		"it is cancelled while it waits for its turn": {"/InLine/k/Wait", "", func(t testing.TB, o operator, first string) {
			second := o.send(t, "/InLine/k/Wait")
			o.await(t, second, "pending")
			o.cancel(t, second)
			require.Contains(t, o.result(t, second).body, "not found", "it is forgotten at once")
			o.kill(t, first)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var results []map[string]string
			for _, o := range operators(server, inProcess, r) {
				id := o.send(t, test.path)
				if test.status != "" {
					o.await(t, id, test.status)
				}
				if test.then != nil {
					test.then(t, o, id)
				}
				a := o.result(t, id)
				results = append(results, map[string]string{"status": http.StatusText(a.status), "body": a.body, "source": a.header.Get("X-Restate-Error-Source")})
			}
			require.Equal(t, results[0], results[1])
		})
	}
}

func (o operator) send(t testing.TB, path string) string {
	t.Helper()
	a := o.ask(t, http.MethodPost, path+"/send", "", "")
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	return a.header.Get("X-Restate-Id")
}

func (o operator) result(t testing.TB, id string) answer {
	t.Helper()
	return o.ask(t, http.MethodGet, "/restate/attach/"+id, "", "")
}
