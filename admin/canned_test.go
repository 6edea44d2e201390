package admin_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// selected returns the ids of the invocations of the service that a filter selects.
func (s *statuses) selected(t testing.TB, f admin.InvocationFilter) []string {
	t.Helper()
	f.Services, f.Limit = []string{s.service, s.object}, 1000
	found, err := s.client.Invocations(testkit.Context(t), f)
	require.NoError(t, err)
	ids := make([]string, len(found))
	for i, one := range found {
		ids[i] = one.ID
	}
	return ids
}

func TestCannedFiltersSelectWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	ids := map[string]string{}
	for _, name := range []string{
		"scheduled", "running, and waiting", "suspended in a sleep", "backing off after a step", "paused after a step", "completed",
	} {
		ids[name] = s.start(t, in(name)).ID
	}
	of := func(names ...string) (some []string) {
		for _, name := range names {
			some = append(some, ids[name])
		}
		return some
	}
	require.ElementsMatch(t, of("backing off after a step", "paused after a step"), s.selected(t, admin.Stuck()))
	soon := time.Now().Add(time.Hour) // of the server's clock
	require.ElementsMatch(t, of("running, and waiting", "suspended in a sleep", "backing off after a step", "paused after a step"), s.selected(t, admin.Unchanged(soon)))
	require.Empty(t, s.selected(t, admin.Unchanged(time.Now().Add(-24*time.Hour))))

	require.Empty(t, s.selected(t, admin.Retrying()))
	require.NoError(t, s.client.ResumeInvocation(testkit.Context(t), ids["backing off after a step"], admin.ResumeOnPinned))
	testkit.Until(t, func() bool { return slices.Equal(s.selected(t, admin.Retrying()), of("backing off after a step")) }, "a second attempt")

	for status, names := range map[admin.InvocationStatus][]string{
		admin.StatusScheduled: of("scheduled"), admin.StatusRunning: of("running, and waiting"), admin.StatusSuspended: of("suspended in a sleep"),
		admin.StatusPaused: of("paused after a step"), admin.StatusCompleted: of("completed"),
	} {
		t.Run(string(status), func(t *testing.T) {
			require.Equal(t, names, s.selected(t, admin.InvocationFilter{Statuses: []admin.InvocationStatus{status}}))
		})
	}
}

func TestAFilterSelectsByEachOfItsFields(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	ctx, all := testkit.Context(t), admin.AllStatuses()
	service := testkit.Unique("caller")
	register(t, s.client, serve(t, restate.NewService(service).Handler("Go", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
		return restate.Service[string](ctx, s.service, "Echo").Request(in)
	}))))
	const trace = "0af7651916cd43dd8448eb211c80319c"
	caller := testkit.Submit(t, testkit.Path(service, "Go"), "x", "traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	testkit.AwaitStatus(t, caller, "completed")
	other := testkit.Submit(t, testkit.Path(s.service, "Sleep"), "x", "idempotency-key", "it's a key")
	s.await(t, other, admin.StatusSuspended)
	keyed := s.start(t, in("pending"))
	echoed := s.selected(t, admin.InvocationFilter{Handlers: []string{"Echo"}, Statuses: all})
	require.Len(t, echoed, 1)
	echo := s.look(t, echoed[0])

	for name, test := range map[string]struct {
		filter admin.InvocationFilter
		want   []string
	}{
		"handler":               {admin.InvocationFilter{Handlers: []string{"Sleep", "Nothing"}}, []string{other}},
		"key":                   {admin.InvocationFilter{Keys: []string{t.Name()}, Statuses: []admin.InvocationStatus{admin.StatusPending}}, []string{keyed.ID}},
		"invoked by":            {admin.InvocationFilter{InvokedBy: []string{caller}}, echoed},
		"invoked by a service":  {admin.InvocationFilter{InvokedByServices: []string{service}}, echoed},
		"idempotency key":       {admin.InvocationFilter{IdempotencyKeys: []string{"it's a key"}}, []string{other}},
		"another trace":         {admin.InvocationFilter{TraceIDs: []string{trace}}, []string{}},
		"created before":        {admin.InvocationFilter{CreatedBefore: echo.CreatedAt.Add(time.Millisecond), Handlers: []string{"Echo"}}, echoed},
		"not created before":    {admin.InvocationFilter{CreatedBefore: echo.CreatedAt, Handlers: []string{"Echo"}}, []string{}},
		"created after":         {admin.InvocationFilter{CreatedAfter: echo.CreatedAt.Add(-time.Millisecond), Handlers: []string{"Echo"}}, echoed},
		"not created after":     {admin.InvocationFilter{CreatedAfter: echo.CreatedAt, Handlers: []string{"Echo"}}, []string{}},
		"modified before":       {admin.InvocationFilter{ModifiedBefore: echo.ModifiedAt.Add(time.Millisecond), Handlers: []string{"Echo"}}, echoed},
		"a subscription":        {admin.InvocationFilter{SubscriptionIDs: []string{"sub_1"}}, []string{}},
		"restarted from":        {admin.InvocationFilter{RestartedFrom: []string{caller}}, []string{}},
		"the latest deployment": {admin.InvocationFilter{Deployment: admin.OldDeployment}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if len(test.filter.Statuses) == 0 {
				test.filter.Statuses = all
			}
			require.Equal(t, test.want, s.selected(t, test.filter))
		})
	}
	require.Equal(t, "service "+caller+" "+service+"/Go", echo.InvokedBy+" "+echo.InvokedByID+" "+echo.InvokedByTarget)
	require.False(t, echo.CompletedAt.IsZero())
	found, err := s.client.Invocations(ctx, admin.InvocationFilter{TraceIDs: []string{trace}, Statuses: all})
	require.NoError(t, err)
	require.Len(t, found, 1, testkit.Query[map[string]any](t, "SELECT id, trace_id FROM sys_invocation WHERE id IN (?, ?)", caller, echo.ID))
	require.Equal(t, caller+" "+trace, found[0].ID+" "+found[0].TraceID)
	found, err = s.client.Invocations(ctx, admin.InvocationFilter{IDs: []string{other}})
	require.NoError(t, err)
	require.Equal(t, "it's a key ingress", found[0].IdempotencyKey+" "+found[0].InvokedBy)
}

func TestInvocationsOnOldAndGoneDeploymentsAreFound(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	ctx := testkit.Context(t)
	bound := s.start(t, in("suspended in a sleep")).ID
	s.start(t, in("suspended before its first command"))
	require.Empty(t, s.selected(t, admin.InvocationFilter{Deployment: admin.OldDeployment}))

	register(t, s.client, serve(t, s.definitions()...))
	require.Equal(t, []string{bound}, s.selected(t, admin.InvocationFilter{Deployment: admin.OldDeployment}))
	require.Empty(t, s.selected(t, admin.InvocationFilter{Deployment: admin.GoneDeployment}))

	require.NoError(t, s.client.DeleteDeployment(ctx, s.deployment.ID, true))
	require.Equal(t, []string{bound}, s.selected(t, admin.InvocationFilter{Deployment: admin.GoneDeployment}))
	require.Equal(t, []string{bound}, s.selected(t, admin.InvocationFilter{Deployment: admin.OldDeployment}))
	require.NoError(t, s.client.KillInvocation(ctx, bound))
}

func TestTheQueueOfAKeyHasItsHolderAndThoseThatWait(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	ctx, key := testkit.Context(t), "it's a/key"
	queue, err := s.client.Queue(ctx, s.object, key)
	require.NoError(t, err)
	require.Equal(t, admin.KeyQueue{}, queue)

	path := "/" + s.object + "/" + url.PathEscape(key) + "/Step/send"
	var sent []string
	for i := range 3 {
		sent = append(sent, send(t, path))
		s.await(t, sent[i], map[bool]admin.InvocationStatus{true: admin.StatusRunning, false: admin.StatusPending}[i == 0])
	}
	queue, err = s.client.Queue(ctx, s.object, key)
	require.NoError(t, err)
	require.NotNil(t, queue.Holder)
	require.Equal(t, sent[0], queue.Holder.ID)
	require.Equal(t, admin.StatusRunning, queue.Holder.Status)
	require.Equal(t, 2, queue.Length)
	require.Len(t, queue.Waiting, 2)
	require.Equal(t, sent[1:], []string{queue.Waiting[0].ID, queue.Waiting[1].ID})
	for _, id := range slices.Backward(sent) {
		require.NoError(t, s.client.KillInvocation(ctx, id))
	}
}
