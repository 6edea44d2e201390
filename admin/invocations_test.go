package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestAnInvocationInEachStatus(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	for _, in := range situations {
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			i := s.start(t, in)
			require.Equal(t, in.status, i.Status)
			require.Equal(t, in.handler, i.Handler)
			if in.object {
				require.Equal(t, s.object, i.Service)
				require.Equal(t, t.Name(), i.Key)
			} else {
				require.Equal(t, s.service, i.Service)
				require.Empty(t, i.Key)
			}
			if in.bound {
				require.Equal(t, s.deployment.ID, i.DeploymentID)
			} else {
				require.Equal(t, admin.NotBound, i.DeploymentID)
			}
			require.WithinDuration(t, time.Now(), i.CreatedAt, time.Minute)
			require.WithinRange(t, i.ModifiedAt, i.CreatedAt, time.Now())
			require.Equal(t, in.status == admin.StatusBackingOff, !i.NextRetryAt.IsZero(), "%v", i.NextRetryAt)
			if in.status == admin.StatusRunning || in.status == admin.StatusBackingOff {
				require.Equal(t, 1, i.RetryCount)
			}
			if !in.failed {
				require.Empty(t, i.LastFailure)
				require.Empty(t, i.LastFailureCode)
				return
			}
			require.Equal(t, "RT0007", i.LastFailureCode)
			require.Contains(t, i.LastFailure, `out of stock level=ERROR msg="forged" [31m x x`)
			require.True(t, strings.HasSuffix(i.LastFailure, "…"))
			require.InDelta(t, 1000, utf8.RuneCountInString(i.LastFailure), 2)
			for _, r := range i.LastFailure {
				require.True(t, unicode.IsPrint(r), "%q", r)
			}
		})
	}
}

// A server that runs one invocation at a time keeps the others ready.
func TestAnInvocationThatAFullServerDoesNotStartIsReady(t *testing.T) {
	t.Parallel()
	cfg := testkit.ServerConfig()
	cfg.Env["RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT"] = "1"
	cfg.Env["RESTATE_DEFAULT_NUM_PARTITIONS"] = "1"
	server := testkit.StartServer(t, cfg)
	s := &statuses{client: newClient(t, admin.Config{URL: server.AdminURL()}), service: "Full", object: "FullObject"}
	s.deployment = register(t, s.client, serve(t, s.definitions()...))
	s.await(t, sendTo(t, server, "/Full/Step/send"), admin.StatusRunning)

	ready := s.await(t, sendTo(t, server, "/Full/Step/send"), admin.StatusReady)
	require.Equal(t, admin.NotBound, ready.DeploymentID)
	require.Zero(t, ready.RetryCount)
	require.NoError(t, s.client.KillInvocation(testkit.Context(t), ready.ID))
}

func TestInFlightCountsWhatIsBoundToADeployment(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	for _, in := range situations {
		s.start(t, in)
	}
	s.start(t, in("suspended in a sleep"))
	ctx := testkit.Context(t)
	row := func(deployment, service, handler string, status admin.InvocationStatus, count int) admin.InFlight {
		return admin.InFlight{DeploymentID: deployment, Service: service, Handler: handler, Status: status, Count: count}
	}
	dp := s.deployment.ID
	bound := []admin.InFlight{
		row(dp, s.service, "Compute", admin.StatusRunning, 1),
		row(dp, s.service, "FailLate", admin.StatusBackingOff, 1),
		row(dp, s.service, "PauseLate", admin.StatusPaused, 1),
		row(dp, s.service, "Sleep", admin.StatusSuspended, 2),
		row(dp, s.service, "SleepAwake", admin.StatusPaused, 1),
		row(dp, s.service, "SleepAwake", admin.StatusRunning, 1),
		row(dp, s.service, "Step", admin.StatusRunning, 1),
		row(dp, s.object, "Step", admin.StatusRunning, 1),
	}
	notBound := []admin.InFlight{
		row("", s.service, "Echo", admin.StatusScheduled, 1),
		row("", s.service, "Fail", admin.StatusBackingOff, 1),
		row("", s.service, "Pause", admin.StatusPaused, 1),
		row("", s.service, "Wait", admin.StatusSuspended, 1),
		row("", s.object, "Step", admin.StatusPending, 1),
	}
	// Tests share the server.
	ours := func(rows []admin.InFlight) (ours []admin.InFlight) {
		for _, r := range rows {
			require.False(t, r.Newest.Before(r.Oldest))
			require.Equal(t, r.Count == 1, r.Newest.Equal(r.Oldest))
			r.Oldest, r.Newest = time.Time{}, time.Time{}
			if r.Service == s.service || r.Service == s.object {
				ours = append(ours, r)
			}
		}
		return ours
	}

	got, err := s.client.InFlight(ctx, dp)
	require.NoError(t, err)
	require.Equal(t, bound, ours(got), "of one deployment")
	got, err = s.client.InFlight(ctx, dp, admin.NotBound)
	require.NoError(t, err)
	require.Equal(t, append(notBound, bound...), ours(got), "and those of none")
	got, err = s.client.InFlight(ctx)
	require.NoError(t, err)
	require.Equal(t, append(notBound, bound...), ours(got), "of all deployments")
	got, err = s.client.InFlight(ctx, "dp_' OR '1'='1")
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestAFilterSelectsInvocations(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	ids := map[string]string{} // names of situations by id
	for _, in := range situations {
		ids[s.start(t, in).ID] = in.name
	}
	resumed := s.start(t, in("backing off before its first command"))
	require.NoError(t, s.client.ResumeInvocation(testkit.Context(t), resumed.ID, admin.ResumeOnPinned))
	testkit.Until(t, func() bool { return s.look(t, resumed.ID).RetryCount == 2 }, "a second attempt")
	ids[resumed.ID] = "retried"

	service, both := []string{s.service}, []string{s.service, s.object}
	for name, test := range map[string]struct {
		filter admin.InvocationFilter
		want   []string
	}{
		"by service, all that have not completed, in the order of their last change": {
			admin.InvocationFilter{Services: both}, []string{
				"scheduled", "", "pending", "running, before its first command", "running, in a step", "running, and waiting",
				"suspended in a sleep", "suspended before its first command", "backing off before its first command",
				"backing off after a step", "paused before its first command", "paused after a step", "paused by hand", "retried",
			},
		},
		"by status":                    {admin.InvocationFilter{Services: service, Statuses: []admin.InvocationStatus{admin.StatusCompleted, admin.StatusScheduled}}, []string{"scheduled", "completed"}},
		"by deployment":                {admin.InvocationFilter{DeploymentIDs: []string{s.deployment.ID}, Statuses: []admin.InvocationStatus{admin.StatusSuspended}}, []string{"suspended in a sleep"}},
		"bound to none":                {admin.InvocationFilter{Services: service, DeploymentIDs: []string{admin.NotBound}, Statuses: []admin.InvocationStatus{admin.StatusSuspended}}, []string{"suspended before its first command"}},
		"by retries, and what paused":  {admin.InvocationFilter{Services: service, MinRetries: 2}, []string{"paused before its first command", "paused after a step", "paused by hand", "retried"}},
		"by id":                        {admin.InvocationFilter{IDs: []string{resumed.ID}}, []string{"retried"}},
		"the first of many":            {admin.InvocationFilter{Services: both, Limit: 1}, []string{"scheduled"}},
		"of no such service":           {admin.InvocationFilter{Services: []string{"' OR '1'='1"}}, nil},
		"of no such status":            {admin.InvocationFilter{Statuses: []admin.InvocationStatus{"') OR ('1'='1"}}, nil},
		"of no such deployment":        {admin.InvocationFilter{DeploymentIDs: []string{"'", "') OR 1=1 --"}}, nil},
		"of a deployment of a service": {admin.InvocationFilter{Services: []string{s.object}, DeploymentIDs: []string{s.deployment.ID}}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.client.Invocations(testkit.Context(t), test.filter)
			require.NoError(t, err)
			var names []string
			for i, invocation := range found {
				names = append(names, ids[invocation.ID])
				require.False(t, i > 0 && invocation.ModifiedAt.Before(found[i-1].ModifiedAt), "not sorted")
			}
			require.ElementsMatch(t, test.want, names)
		})
	}
}

func TestInvocationsAreLimitedUnlessAsked(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	for range 101 {
		send(t, "/"+s.service+"/Echo/send?delay=1h")
	}
	for limit, want := range map[int]int{0: 100, 7: 7, 500: 101} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			found, err := s.client.Invocations(testkit.Context(t), admin.InvocationFilter{Services: []string{s.service}, Limit: limit})
			require.NoError(t, err)
			require.Len(t, found, want)
		})
	}
}

func TestAFilterIsChecked(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: "http://localhost", HTTPClient: &http.Client{Transport: answer{500, nil}}})
	for name, filter := range map[string]admin.InvocationFilter{
		"a negative limit": {Limit: -1},
		"negative retries": {MinRetries: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Invocations(testkit.Context(t), filter)
			require.ErrorContains(t, err, "admin: InvocationFilter: ")
			require.ErrorContains(t, err, "must not be negative")
		})
	}
}
