package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// batch does something with the invocations of the service.
func (s *statuses) batch(t testing.TB, operation admin.Operation, f admin.InvocationFilter, options admin.BatchOptions) admin.BatchResult {
	t.Helper()
	f.Services = []string{s.service, s.object}
	result, err := s.client.Batch(testkit.Context(t), operation, f, options)
	require.NoError(t, err)
	return result
}

func TestABatchTakesWhatTheFilterSelects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		operation admin.Operation
		from      string // a situation
		untouched string
		options   admin.BatchOptions
		after     admin.InvocationStatus // empty for one that is gone
	}{
		{admin.OperationCancel, "suspended in a sleep", "completed", admin.BatchOptions{}, admin.StatusCompleted},
		{admin.OperationKill, "running, in a step", "completed", admin.BatchOptions{}, admin.StatusCompleted},
		{admin.OperationPause, "running, and waiting", "suspended in a sleep", admin.BatchOptions{}, admin.StatusPaused},
		{admin.OperationPause, "backing off after a step", "completed", admin.BatchOptions{}, admin.StatusPaused},
		{admin.OperationResume, "paused by hand", "suspended in a sleep", admin.BatchOptions{}, admin.StatusRunning},
		{admin.OperationResume, "paused by hand", "completed", admin.BatchOptions{Deployment: admin.ResumeOnLatest}, admin.StatusRunning},
		{admin.OperationPurge, "completed", "suspended in a sleep", admin.BatchOptions{}, ""},
		{admin.OperationPurgeJournal, "completed", "suspended in a sleep", admin.BatchOptions{}, admin.StatusCompleted},
		{admin.OperationRestart, "completed", "paused by hand", admin.BatchOptions{}, admin.StatusCompleted},
	} {
		t.Run(fmt.Sprintf("%s those that are %s", test.operation, test.from), func(t *testing.T) {
			t.Parallel()
			s := newStatuses(t)
			var taken []string
			for range 3 {
				taken = append(taken, s.start(t, in(test.from)).ID)
			}
			untouched := s.start(t, in(test.untouched))

			dry := test.options
			dry.DryRun = true
			planned := s.batch(t, test.operation, admin.InvocationFilter{}, dry)
			require.ElementsMatch(t, taken, planned.IDs)
			require.Zero(t, planned.Succeeded)
			for _, id := range taken {
				require.Equal(t, in(test.from).status, s.look(t, id).Status, "a dry run changes nothing")
			}

			var progress []int
			test.options.Progress = func(done, all int) {
				require.Equal(t, len(taken), all)
				progress = append(progress, done)
			}
			result := s.batch(t, test.operation, admin.InvocationFilter{}, test.options)
			require.Equal(t, planned.IDs, result.IDs)
			require.Equal(t, len(taken), result.Succeeded, "%+v", result)
			require.Empty(t, result.Failures)
			require.Empty(t, result.Skipped)
			require.Equal(t, []int{1, 2, 3}, progress)
			for _, id := range taken {
				s.await(t, id, test.after)
			}
			require.Equal(t, untouched.Status, s.look(t, untouched.ID).Status)
			if test.operation != admin.OperationRestart {
				require.Empty(t, result.Restarted)
				return
			}
			for _, id := range taken {
				s.await(t, result.Restarted[id], admin.StatusCompleted)
			}
		})
	}
}

func TestABatchTellsOfEachFailure(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	completed, sleeps := s.start(t, in("completed")).ID, s.start(t, in("suspended in a sleep")).ID
	result := s.batch(t, admin.OperationKill, admin.InvocationFilter{Statuses: admin.AllStatuses()}, admin.BatchOptions{})
	require.ElementsMatch(t, []string{completed, sleeps}, result.IDs)
	require.Equal(t, 1, result.Succeeded)
	require.Len(t, result.Failures, 1)
	require.Equal(t, completed, result.Failures[0].ID)
	requireError(t, result.Failures[0], http.StatusConflict, "")
	require.ErrorContains(t, result.Failures[0], completed+": admin: PATCH ")
}

func TestABatchGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	const many = 300 // more than a page
	testkit.Each(t, many, func(int) error {
		answer, err := testkit.PostJSON(testkit.Context(t), testkit.Server().IngressURL()+testkit.Path(s.service, "Echo", "send")+"?delay=1h", "x")
		if err == nil && answer.Status != http.StatusAccepted {
			err = fmt.Errorf("status %d", answer.Status)
		}
		return err
	})
	testkit.Until(t, func() bool {
		return len(s.batch(t, admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{DryRun: true}).IDs) == many
	}, "they are scheduled")
	limited := s.batch(t, admin.OperationKill, admin.InvocationFilter{Limit: 7}, admin.BatchOptions{DryRun: true})
	require.Len(t, limited.IDs, 7)

	// The last one ends while the batch works on the first page.
	all := s.batch(t, admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{DryRun: true})
	require.Len(t, all.IDs, many)
	last := all.IDs[many-1]
	gone := false
	result := s.batch(t, admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{Progress: func(int, int) {
		if !gone {
			gone = true
			require.NoError(t, s.client.KillInvocation(testkit.Context(t), last))
			s.await(t, last, "")
		}
	}})
	require.Equal(t, all.IDs, result.IDs)
	require.Equal(t, []string{last}, result.Skipped)
	require.Equal(t, many-1, result.Succeeded, "%+v", result.Failures)
}

func TestABatchWithoutAFilterIsRefused(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: "http://127.0.0.1:1"})
	for name, test := range map[string]struct {
		operation admin.Operation
		filter    admin.InvocationFilter
		options   admin.BatchOptions
		want      string
	}{
		"no filter":                     {admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{}, "admin: the filter of a batch restricts nothing: set a field of it, or BatchOptions.All"},
		"a limit alone":                 {admin.OperationKill, admin.InvocationFilter{Limit: 5}, admin.BatchOptions{}, "restricts nothing"},
		"a dry run":                     {admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{DryRun: true}, "restricts nothing"},
		"a negative limit":              {admin.OperationKill, admin.InvocationFilter{Limit: -1}, admin.BatchOptions{All: true}, "must not be negative"},
		"another operation":             {"forget", admin.InvocationFilter{}, admin.BatchOptions{All: true}, `admin: there is no operation "forget"`},
		"a deployment for a kill":       {admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{All: true, Deployment: "latest"}, `BatchOptions.Deployment does not go with the operation "kill"`},
		"an entry for a resumption":     {admin.OperationResume, admin.InvocationFilter{}, admin.BatchOptions{All: true, From: 1}, `BatchOptions.From does not go with the operation "resume"`},
		"a deployment without an entry": {admin.OperationRestart, admin.InvocationFilter{}, admin.BatchOptions{All: true, Deployment: "keep"}, "Deployment goes with From only"},
		"a state of a deployment":       {admin.OperationKill, admin.InvocationFilter{Deployment: 7}, admin.BatchOptions{All: true}, "there is no DeploymentState 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Batch(testkit.Context(t), test.operation, test.filter, test.options)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := client.Batch(testkit.Context(t), admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{All: true})
	var failed *admin.ConnectionError
	require.ErrorAs(t, err, &failed, "All is enough")
}

// TestABatchEndsWithWhatIsNotAboutOneInvocation has a gateway that lets the query through and
// then fails each change.
func TestABatchEndsWithWhatIsNotAboutOneInvocation(t *testing.T) {
	t.Parallel()
	scheduled := func(t *testing.T) *statuses {
		s := newStatuses(t)
		for range 20 {
			send(t, testkit.Path(s.service, "Echo", "send")+"?delay=1h")
		}
		testkit.Until(t, func() bool {
			return len(s.batch(t, admin.OperationKill, admin.InvocationFilter{}, admin.BatchOptions{DryRun: true}).IDs) == 20
		}, "they are scheduled")
		return s
	}
	s := scheduled(t)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		check  func(t *testing.T, err error)
	}{
		"a token that is refused": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
			func(t *testing.T, err error) { requireError(t, err, http.StatusForbidden, "") },
		},
		"a gateway's own 404": {
			func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusNotFound) },
			func(t *testing.T, err error) { requireError(t, err, http.StatusNotFound, "") },
		},
		"a lost connection": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			func(t *testing.T, err error) {
				var failed *admin.ConnectionError
				require.ErrorAs(t, err, &failed)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := newGateway(t, nil)
			gate.intercept(func(r *http.Request) http.HandlerFunc {
				if r.Method == http.MethodPatch {
					return test.answer
				}
				return nil
			})
			result, err := newClient(t, admin.Config{URL: gate.url}).Batch(testkit.Context(t), admin.OperationKill,
				admin.InvocationFilter{Services: []string{s.service}}, admin.BatchOptions{})
			test.check(t, err)
			require.Len(t, result.IDs, 20)
			require.Zero(t, result.Succeeded)
			require.Less(t, len(gate.requests()), 20, "it goes on")
		})
	}
	t.Run("the end of the context", func(t *testing.T) {
		t.Parallel()
		s, over := scheduled(t), errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		result, err := s.client.Batch(ctx, admin.OperationCancel, admin.InvocationFilter{Services: []string{s.object, s.service}, Handlers: []string{"Echo"}},
			admin.BatchOptions{Progress: func(int, int) { cancel(over) }})
		require.Error(t, err)
		require.True(t, errors.Is(err, over) || errors.Is(err, context.Canceled), "%v", err)
		require.Positive(t, result.Succeeded)
		require.Less(t, result.Succeeded, 20)
		require.False(t, strings.Contains(err.Error(), "\n"))
	})
}
