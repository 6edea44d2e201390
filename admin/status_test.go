package admin_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// errForged is the error of handlers that fail: it has lines of its own, and is long.
var errForged = errors.New("out of stock\nlevel=ERROR msg=\"forged\"\x1b[31m" + strings.Repeat(" x", 5000))

// statuses is a service and an object whose handlers bring an invocation into each status.
type statuses struct {
	client          *admin.Client
	service, object string
	deployment      admin.RegisteredDeployment
	awakeables      chan string
}

func newStatuses(t testing.TB) *statuses {
	t.Helper()
	s := &statuses{client: newClient(t, admin.Config{}), service: testkit.Unique("Statuses"), object: testkit.Unique("StatusesObject"), awakeables: make(chan string, 100)}
	s.deployment = register(t, s.client, serve(t, s.definitions()...))
	return s
}

func (s *statuses) definitions() []restate.ServiceDefinition {
	soon := restate.WithInactivityTimeout(time.Millisecond)
	seldom := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour))
	once := restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.PauseOnMaxAttempts())
	blocked := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	step := func(ctx restate.Context) error {
		return restate.RunVoid(ctx, func(restate.RunContext) error { return nil })
	}
	plain := func(f func(ctx restate.Context) error) func(restate.Context, string) (string, error) {
		return func(ctx restate.Context, in string) (string, error) { return in, f(ctx) }
	}
	fail := plain(func(restate.Context) error { return errForged })
	failLate := plain(func(ctx restate.Context) error { return errors.Join(step(ctx), errForged) })
	return []restate.ServiceDefinition{
		restate.NewService(s.service).
			Handler("Echo", restate.NewServiceHandler(echo)).
			Handler("Compute", restate.NewServiceHandler(plain(func(ctx restate.Context) error { return blocked(ctx) }))).
			Handler("Step", restate.NewServiceHandler(plain(func(ctx restate.Context) error {
				return restate.RunVoid(ctx, func(ctx restate.RunContext) error { return blocked(ctx) })
			}))).
			Handler("Sleep", restate.NewServiceHandler(plain(func(ctx restate.Context) error { return restate.Sleep(ctx, time.Hour) }), soon)).
			Handler("SleepAwake", restate.NewServiceHandler(plain(func(ctx restate.Context) error { return restate.Sleep(ctx, time.Hour) }),
				restate.WithInactivityTimeout(time.Hour))).
			Handler("Wait", restate.NewServiceHandler(plain(func(ctx restate.Context) error {
				awakeable := restate.Awakeable[string](ctx)
				s.awakeables <- awakeable.Id()
				_, err := awakeable.Result()
				return err
			}), soon)).
			Handler("Fail", restate.NewServiceHandler(fail, seldom)).
			Handler("FailLate", restate.NewServiceHandler(failLate, seldom)).
			Handler("Pause", restate.NewServiceHandler(fail, once)).
			Handler("PauseLate", restate.NewServiceHandler(failLate, once)),
		restate.NewObject(s.object).
			Handler("Step", restate.NewObjectHandler(func(ctx restate.ObjectContext, in string) (string, error) {
				return in, restate.RunVoid(ctx, func(ctx restate.RunContext) error { return blocked(ctx) })
			})),
	}
}

// situation is an invocation in one status.
type situation struct {
	name    string
	handler string
	status  admin.InvocationStatus
	bound   bool // to the deployment
	failed  bool // an attempt failed
	object  bool // behind another invocation of the same key
	pause   bool // by hand
	query   string
}

// situations has each status, and where it matters with and without a pinned deployment.
// StatusReady is not among them: a server that is not full does not keep it.
var situations = []situation{
	{name: "scheduled", handler: "Echo", status: admin.StatusScheduled, query: "?delay=1h"},
	{name: "pending", handler: "Step", status: admin.StatusPending, object: true},
	{name: "running, before its first command", handler: "Compute", status: admin.StatusRunning, bound: true},
	{name: "running, in a step", handler: "Step", status: admin.StatusRunning, bound: true},
	{name: "running, and waiting", handler: "SleepAwake", status: admin.StatusRunning, bound: true},
	{name: "suspended in a sleep", handler: "Sleep", status: admin.StatusSuspended, bound: true},
	{name: "suspended before its first command", handler: "Wait", status: admin.StatusSuspended},
	{name: "backing off before its first command", handler: "Fail", status: admin.StatusBackingOff, failed: true},
	{name: "backing off after a step", handler: "FailLate", status: admin.StatusBackingOff, bound: true, failed: true},
	{name: "paused before its first command", handler: "Pause", status: admin.StatusPaused, failed: true},
	{name: "paused after a step", handler: "PauseLate", status: admin.StatusPaused, bound: true, failed: true},
	{name: "paused by hand", handler: "SleepAwake", status: admin.StatusPaused, bound: true, pause: true},
	{name: "completed", handler: "Echo", status: admin.StatusCompleted, bound: true},
}

// in returns the situation with a name.
func in(name string) situation {
	for _, s := range situations {
		if s.name == name {
			return s
		}
	}
	panic("no situation " + name)
}

// start starts an invocation and waits until it is in the situation.
func (s *statuses) start(t testing.TB, in situation) admin.Invocation {
	t.Helper()
	path := "/" + s.service + "/" + in.handler
	if in.object {
		path = "/" + s.object + "/" + url.PathEscape(t.Name()) + "/" + in.handler
		s.await(t, send(t, path+"/send"), admin.StatusRunning)
	}
	id := send(t, path+"/send"+in.query)
	if in.pause {
		s.await(t, id, admin.StatusRunning)
		require.NoError(t, s.client.PauseInvocation(testkit.Context(t), id))
	}
	var found admin.Invocation
	testkit.Until(t, func() bool {
		found = s.look(t, id)
		return found.Status == in.status && (found.DeploymentID == s.deployment.ID) == in.bound
	}, "%s is %+v", in.name, &found)
	return found
}

// await waits until an invocation has one of the statuses.
func (s *statuses) await(t testing.TB, id string, status ...admin.InvocationStatus) admin.Invocation {
	t.Helper()
	var found admin.Invocation
	testkit.Until(t, func() bool {
		found = s.look(t, id)
		return slices.Contains(status, found.Status)
	}, "%s is %+v, want %v", id, &found, status)
	return found
}

// look returns an invocation of the services, or the zero value.
func (s *statuses) look(t testing.TB, id string) admin.Invocation {
	t.Helper()
	found, err := s.client.Invocations(testkit.Context(t), admin.InvocationFilter{
		Services: []string{s.service, s.object}, Statuses: allStatuses, Limit: 1000,
	})
	require.NoError(t, err)
	at := slices.IndexFunc(found, func(i admin.Invocation) bool { return i.ID == id })
	if at < 0 {
		return admin.Invocation{}
	}
	return found[at]
}

var allStatuses = []admin.InvocationStatus{
	admin.StatusScheduled, admin.StatusPending, admin.StatusReady, admin.StatusRunning,
	admin.StatusSuspended, admin.StatusBackingOff, admin.StatusPaused, admin.StatusCompleted,
}
