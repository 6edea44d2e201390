package integration_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

// Job has two handlers that count how often they are tried, and fail until told
// otherwise.
type Job struct {
	mu      sync.Mutex
	tries   map[string]int
	succeed bool
}

func newJob() *Job { return &Job{tries: map[string]int{}} }

func (j *Job) Plain(restate.Context) error   { return j.try("Plain") }
func (j *Job) Special(restate.Context) error { return j.try("Special") }

func (j *Job) try(handler string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tries[handler]++
	if j.succeed {
		return nil
	}
	return errors.New("not now")
}

func (j *Job) tried(handler string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.tries[handler]
}

func TestOptionsOfHandlersOverrideThoseOfServicesWhichOverrideDefaults(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Defaults = []restate.ServiceDefinitionOption{
		restate.WithInactivityTimeout(11 * time.Second),
		restate.WithAbortTimeout(12 * time.Second),
		restate.WithJournalRetention(13 * time.Minute),
		restate.WithMetadata("owner", "everybody"),
	}
	plain, special := unique("job"), unique("job")
	startWith(
		t, cfg,
		fxrestate.Service[*Job](newJob, fxrestate.Name(plain)),
		fx.Module("other", fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(special),
			restate.WithAbortTimeout(22*time.Second),
			restate.WithIdempotencyRetention(23*time.Minute),
			fxrestate.Handler(Depot.Store,
				restate.WithInactivityTimeout(31*time.Second),
				restate.WithIdempotencyRetention(33*time.Minute)),
		)),
	)
	got := service(t, plain)
	require.Equal(t, "11s", got.InactivityTimeout)
	require.Equal(t, "12s", got.AbortTimeout)
	require.Equal(t, "13m", got.JournalRetention)
	require.Equal(t, map[string]string{"owner": "everybody"}, got.Metadata)

	got = service(t, special)
	require.Equal(t, "11s", got.InactivityTimeout, "the application's default")
	require.Equal(t, "22s", got.AbortTimeout, "the service's own")
	require.Equal(t, "23m", got.IdempotencyRetention, "the service's own")

	h := handlerOf(t, special, "Store")
	require.Equal(t, "31s", h.InactivityTimeout)
	require.Equal(t, "33m", h.IdempotencyRetention)
	require.Empty(t, h.AbortTimeout, "taken from the service")
	require.Empty(t, handlerOf(t, special, "Look").InactivityTimeout)
}

func TestDefaultsApplyToTheKindsTheyFit(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Defaults = []restate.ServiceDefinitionOption{
		restate.WithWorkflowRetention(11 * time.Minute),
		restate.WithEnableLazyState(true),
		restate.WithAbortTimeout(12 * time.Second),
	}
	job, depot, tour := unique("job"), unique("depot"), unique("tour")
	startWith(
		t, cfg,
		fxrestate.Service[*Job](newJob, fxrestate.Name(job)),
		fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(depot)),
		fxrestate.Workflow[Tour](made(Tour{}), fxrestate.Name(tour)),
	)
	for _, name := range []string{job, depot, tour} {
		require.Equal(t, "12s", service(t, name).AbortTimeout)
		require.Equal(t, name != job, *service(t, name).EnableLazyState, name)
	}
	require.Empty(t, service(t, job).WorkflowCompletionRetention)
	require.Equal(t, "11m", service(t, tour).WorkflowCompletionRetention)
}

func TestWithoutOptionsTheDefaultsAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	ours, sdks := unique("job"), unique("job")
	start(t,
		fxrestate.Service[*Job](newJob, fxrestate.Name(ours)),
		fxrestate.Definition(func(j *Job) restate.ServiceDefinition { return named{restate.Reflect(j), sdks} }),
	)
	require.Equal(t, service(t, sdks).Options, service(t, ours).Options)
	require.Equal(t, handlerOf(t, sdks, "Plain"), handlerOf(t, ours, "Plain"))
}

// named gives a definition another name.
type named struct {
	restate.ServiceDefinition
	name string
}

func (n named) Name() string { return n.name }

func TestRetryPoliciesAreMergedFieldByField(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(10*time.Millisecond),
		restate.WithRetryIntervalFactor(1.5),
		restate.WithMaxRetryInterval(40*time.Millisecond),
		restate.WithMaxRetryAttempts(7),
	)}
	j, name := newJob(), unique("job")
	startWith(t, cfg, fxrestate.Service[*Job](made(j), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(4), restate.KillOnMaxAttempts()),
		fxrestate.Handler((*Job).Special, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(2))),
	))
	attempts := 4
	require.Equal(t, &admin.RetryPolicy{
		InitialInterval: "10ms", ExponentiationFactor: 1.5, MaxInterval: "40ms", // of the application
		MaxAttempts: &attempts, OnMaxAttempts: "Kill", // of the service
	}, service(t, name).RetryPolicy)
	// The server merges a handler's policy into the service's, field by field too:
	// it only shows what the handler says, and then does both.
	attempts = 2
	require.Equal(t, &admin.RetryPolicy{MaxAttempts: &attempts}, handlerOf(t, name, "Special").RetryPolicy)

	for handler, want := range map[string]int{"Plain": 4, "Special": 2} {
		began := time.Now()
		got := failed(t, call(t, path(name, handler), nil))
		require.Equal(t, http.StatusInternalServerError, got.Code)
		require.Equal(t, "not now", got.Message)
		require.Equal(t, want, j.tried(handler), handler)
		require.Less(t, time.Since(began), 10*time.Second, "the intervals are ours, not those of the server")
	}
}

func TestInvocationPausesAfterItsLastAttemptAndIsResumed(t *testing.T) {
	t.Parallel()
	j, name := newJob(), unique("job")
	start(t, fxrestate.Service[*Job](made(j), fxrestate.Name(name), restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(2), restate.PauseOnMaxAttempts(),
	)))
	id := submit(t, path(name, "Plain"), nil)
	awaitStatus(t, id, "paused")
	require.Equal(t, 2, j.tried("Plain"))

	j.mu.Lock()
	j.succeed = true
	j.mu.Unlock()
	require.NoError(t, adminAPI.ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
	require.Equal(t, "success", awaitStatus(t, id, "completed").Result)
	require.Equal(t, 3, j.tried("Plain"))
}

// Stuck hangs in a step until its attempt is aborted, and the next time until it may
// proceed.
type Stuck struct {
	tries   int
	aborted chan error
	proceed chan struct{}
}

func (s *Stuck) Hang(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		if s.tries++; s.tries > 1 {
			<-s.proceed
			return "freed", nil
		}
		<-ctx.Done()
		s.aborted <- ctx.Err()
		return "", ctx.Err()
	})
}

// The server takes 5 s longer than the timeouts say, for the bare SDK as well.
func TestAttemptIsAbortedAfterItsTimeouts(t *testing.T) {
	t.Parallel()
	s, name := &Stuck{aborted: make(chan error, 1), proceed: make(chan struct{})}, unique("stuck")
	start(t, fxrestate.Service[*Stuck](made(s), fxrestate.Name(name), quickly(),
		fxrestate.Handler((*Stuck).Hang, restate.WithInactivityTimeout(50*time.Millisecond), restate.WithAbortTimeout(50*time.Millisecond)),
	))
	id := submit(t, path(name, "Hang"), nil, "Idempotency-Key", "1")
	require.Error(t, receive(t, s.aborted, "the end of the step's context"))
	eventually(t, func() error {
		if code := look(t, id).LastErrorCode; code != "RT0001" {
			return fmt.Errorf("the error's code is %q, not that of an abort timeout", code)
		}
		return nil
	})
	close(s.proceed)
	require.Equal(t, "freed", decode[string](t, attach(t, id)))
}

// Bell calls the handlers of a Job.
type Bell struct {
	job rpc.Service[*Job]
}

func NewBell(job rpc.Service[*Job]) *Bell { return &Bell{job} }

func (b *Bell) Plain(ctx restate.Context) error {
	return rpc.Call0Void(ctx, b.job, (*Job).Plain)
}

func (b *Bell) Special(ctx restate.Context) error {
	return rpc.Call0Void(ctx, b.job, (*Job).Special)
}

func TestPrivateHandlersAreCalledByHandlersOnly(t *testing.T) {
	t.Parallel()
	for of, test := range map[string]struct {
		option  restate.ServiceDefinitionOption
		private map[string]bool
	}{
		"a service": {restate.WithIngressPrivate(true), map[string]bool{"Plain": true, "Special": true}},
		"a handler": {
			fxrestate.Handler((*Job).Special, restate.WithIngressPrivate(true)),
			map[string]bool{"Plain": false, "Special": true},
		},
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			j, job, bell := newJob(), unique("job"), unique("bell")
			j.succeed = true
			start(t,
				fxrestate.Service[*Job](made(j), fxrestate.Name(job), test.option),
				fxrestate.Service[*Bell](NewBell, fxrestate.Name(bell)),
			)
			for handler, private := range test.private {
				got := call(t, path(job, handler), nil)
				if private {
					require.Equal(t, failure{http.StatusBadRequest, "the invoked service is not public", "ingress"}, failed(t, got))
				} else {
					require.Equal(t, http.StatusOK, got.status)
				}
				require.Equal(t, !private, handlerOf(t, job, handler).Public)
				tried := j.tried(handler)
				require.Equal(t, http.StatusOK, call(t, path(bell, handler), nil).status)
				require.Equal(t, tried+1, j.tried(handler))
			}
		})
	}
}

func TestLazyStateIsFetchedWhenItIsRead(t *testing.T) {
	t.Parallel()
	for _, lazy := range []bool{false, true} {
		name := unique("depot")
		start(t, fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(name), restate.WithEnableLazyState(lazy)))
		require.Equal(t, lazy, *service(t, name).EnableLazyState)
		require.Equal(t, http.StatusOK, call(t, path(name, "k", "Store"), "a thing").status)
		got := call(t, path(name, "k", "Look"), nil)
		require.Equal(t, "a thing", decode[string](t, got))
		read := journal(t, got.header.Get("X-Restate-Id"))[1]
		require.Equal(t, map[bool]string{false: "GetEagerState", true: "GetLazyState"}[lazy], read)
	}
}

func TestIdempotencyKeyIsForgottenAfterItsRetention(t *testing.T) {
	t.Parallel()
	for retention, tries := range map[time.Duration]int{time.Hour: 1, 50 * time.Millisecond: 2} {
		j, name := newJob(), unique("job")
		j.succeed = true
		start(t, fxrestate.Service[*Job](made(j), fxrestate.Name(name), restate.WithIdempotencyRetention(retention)))
		ring := func() string {
			a := call(t, path(name, "Plain"), nil, "Idempotency-Key", "1")
			require.Equal(t, http.StatusOK, a.status, string(a.body))
			return a.header.Get("X-Restate-Id")
		}
		first := ring()
		if tries > 1 {
			eventually(t, func() error {
				if rows := query[invocation](t, "SELECT id FROM sys_invocation WHERE id = ?", first); len(rows) > 0 {
					return fmt.Errorf("%s is still there", first)
				}
				return nil
			})
		}
		ring()
		require.Equal(t, tries, j.tried("Plain"), retention)
	}
}

func TestJournalIsKeptForItsRetention(t *testing.T) {
	t.Parallel()
	for retention, kept := range map[time.Duration]bool{0: false, time.Hour: true} {
		j, name := newJob(), unique("job")
		j.succeed = true
		start(t, fxrestate.Service[*Job](made(j), fxrestate.Name(name),
			restate.WithJournalRetention(retention), restate.WithIdempotencyRetention(time.Hour)))
		a := call(t, path(name, "Plain"), nil, "Idempotency-Key", "1")
		require.Equal(t, kept, len(journal(t, a.header.Get("X-Restate-Id"))) > 0, retention)
	}
}
