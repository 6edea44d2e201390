package handlers_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

func TestOptionsOfHandlersOverrideThoseOfServicesWhichOverrideDefaults(t *testing.T) {
	t.Parallel()
	cfg := testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{
		restate.WithInactivityTimeout(11 * time.Second),
		restate.WithAbortTimeout(12 * time.Second),
		restate.WithJournalRetention(13 * time.Minute),
		restate.WithMetadata("owner", "everybody"),
	}
	plain, special := testkit.Unique("job"), testkit.Unique("job")
	testkit.StartWith(
		t, cfg,
		fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(plain)),
		fx.Module("other", fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(special),
			restate.WithAbortTimeout(22*time.Second),
			restate.WithIdempotencyRetention(23*time.Minute),
			fxrestate.Handler(sample.Depot.Store,
				restate.WithInactivityTimeout(31*time.Second),
				restate.WithIdempotencyRetention(33*time.Minute)),
		)),
	)
	got := testkit.ServiceOf(t, plain)
	require.Equal(t, "11s", got.InactivityTimeout)
	require.Equal(t, "12s", got.AbortTimeout)
	require.Equal(t, "13m", got.JournalRetention)
	require.Equal(t, map[string]string{"owner": "everybody"}, got.Metadata)

	got = testkit.ServiceOf(t, special)
	require.Equal(t, "11s", got.InactivityTimeout, "the application's default")
	require.Equal(t, "22s", got.AbortTimeout, "the service's own")
	require.Equal(t, "23m", got.IdempotencyRetention, "the service's own")

	h := testkit.HandlerOf(t, special, "Store")
	require.Equal(t, "31s", h.InactivityTimeout)
	require.Equal(t, "33m", h.IdempotencyRetention)
	require.Empty(t, h.AbortTimeout, "taken from the service")
	require.Empty(t, testkit.HandlerOf(t, special, "Look").InactivityTimeout)
}

func TestDefaultsApplyToTheKindsTheyFit(t *testing.T) {
	t.Parallel()
	cfg := testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{
		restate.WithWorkflowRetention(11 * time.Minute),
		restate.WithEnableLazyState(true),
		restate.WithAbortTimeout(12 * time.Second),
	}
	job, depot, tour := testkit.Unique("job"), testkit.Unique("depot"), testkit.Unique("tour")
	testkit.StartWith(
		t, cfg,
		fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(job)),
		fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(depot)),
		fxrestate.Workflow[Tour](testkit.Made(Tour{}), fxrestate.Name(tour)),
	)
	for _, name := range []string{job, depot, tour} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "12s", testkit.ServiceOf(t, name).AbortTimeout)
			require.Equal(t, name != job, *testkit.ServiceOf(t, name).EnableLazyState, name)
		})
	}
	require.Empty(t, testkit.ServiceOf(t, job).WorkflowCompletionRetention)
	require.Equal(t, "11m", testkit.ServiceOf(t, tour).WorkflowCompletionRetention)
}

func TestWithoutOptionsTheDefaultsAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	ours, sdks := testkit.Unique("job"), testkit.Unique("job")
	testkit.Start(t,
		fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(ours)),
		fxrestate.Definition(func(j *sample.Job) restate.ServiceDefinition { return named{restate.Reflect(j), sdks} }),
	)
	require.Equal(t, testkit.ServiceOf(t, sdks).Options, testkit.ServiceOf(t, ours).Options)
	want := testkit.HandlerOf(t, sdks, "Plain")
	require.Equal(t, "none", want.InputDescription)
	want.InputDescription = "application/json" // of ours a client may declare it, without a body
	require.Equal(t, want, testkit.HandlerOf(t, ours, "Plain"))
}

// named gives a definition another name.
type named struct {
	restate.ServiceDefinition
	name string
}

func (n named) Name() string { return n.name }

func TestRetryPoliciesAreMergedFieldByField(t *testing.T) {
	t.Parallel()
	cfg := testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(10*time.Millisecond),
		restate.WithRetryIntervalFactor(1.5),
		restate.WithMaxRetryInterval(40*time.Millisecond),
		restate.WithMaxRetryAttempts(7),
	)}
	j, name := sample.NewJob(), testkit.Unique("job")
	testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](testkit.Made(j), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(4), restate.KillOnMaxAttempts()),
		fxrestate.Handler((*sample.Job).Special, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(2))),
	))
	attempts := 4
	require.Equal(t, &admin.RetryPolicy{
		InitialInterval: "10ms", ExponentiationFactor: 1.5, MaxInterval: "40ms", // of the application
		MaxAttempts: &attempts, OnMaxAttempts: "Kill", // of the service
	}, testkit.ServiceOf(t, name).RetryPolicy)
	// The server merges a handler's policy into the service's, field by field too:
	// it only shows what the handler says, and then does both.
	attempts = 2
	require.Equal(t, &admin.RetryPolicy{MaxAttempts: &attempts}, testkit.HandlerOf(t, name, "Special").RetryPolicy)

	// How long it takes with the server's intervals, which are longer, however busy the
	// machine is.
	slow := testkit.Unique("job")
	testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(slow),
		restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(4), restate.KillOnMaxAttempts())))
	began := time.Now()
	testkit.Failed(t, testkit.Post(t, testkit.Path(slow, "Plain"), nil))
	slowly := time.Since(began)

	for handler, want := range map[string]int{"Plain": 4, "Special": 2} {
		t.Run(handler, func(t *testing.T) {
			began := time.Now()
			got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, handler), nil))
			require.Equal(t, http.StatusInternalServerError, got.Code)
			require.Equal(t, "not now", got.Message)
			require.Equal(t, want, j.Tried(handler), handler)
			require.Less(t, time.Since(began), slowly, "the intervals are ours, not those of the server")
		})
	}
}

func TestInvocationPausesAfterItsLastAttemptAndIsResumed(t *testing.T) {
	t.Parallel()
	j, name := sample.NewJob(), testkit.Unique("job")
	testkit.Start(t, fxrestate.Service[*sample.Job](testkit.Made(j), fxrestate.Name(name), restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(2), restate.PauseOnMaxAttempts(),
	)))
	id := testkit.Submit(t, testkit.Path(name, "Plain"), nil)
	testkit.AwaitStatus(t, id, "paused")
	require.Equal(t, 2, j.Tried("Plain"))

	j.Succeed()
	require.NoError(t, testkit.Admin().ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
	require.Equal(t, "success", testkit.AwaitStatus(t, id, "completed").Result)
	require.Equal(t, 3, j.Tried("Plain"))
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
	s, name := &Stuck{aborted: make(chan error, 1), proceed: make(chan struct{})}, testkit.Unique("stuck")
	testkit.Start(t, fxrestate.Service[*Stuck](testkit.Made(s), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Handler((*Stuck).Hang, restate.WithInactivityTimeout(50*time.Millisecond), restate.WithAbortTimeout(50*time.Millisecond)),
	))
	id := testkit.Submit(t, testkit.Path(name, "Hang"), nil, "Idempotency-Key", "1")
	require.Error(t, testkit.Receive(t, s.aborted, "the end of the step's context"))
	testkit.Eventually(t, func() error {
		if code := testkit.Look(t, id).LastErrorCode; code != "RT0001" {
			return fmt.Errorf("the error's code is %q, not that of an abort timeout", code)
		}
		return nil
	})
	close(s.proceed)
	require.Equal(t, "freed", testkit.Decode[string](t, testkit.Attach(t, id)))
}

// Bell calls the handlers of a Job.
type Bell struct {
	job rpc.Service[*sample.Job]
}

func NewBell(job rpc.Service[*sample.Job]) *Bell { return &Bell{job} }

func (b *Bell) Plain(ctx restate.Context) error {
	return rpc.Call0Void(ctx, b.job, (*sample.Job).Plain)
}

func (b *Bell) Special(ctx restate.Context) error {
	return rpc.Call0Void(ctx, b.job, (*sample.Job).Special)
}

func TestPrivateHandlersAreCalledByHandlersOnly(t *testing.T) {
	t.Parallel()
	for of, test := range map[string]struct {
		option  restate.ServiceDefinitionOption
		private map[string]bool
	}{
		"a service": {restate.WithIngressPrivate(true), map[string]bool{"Plain": true, "Special": true}},
		"a handler": {
			fxrestate.Handler((*sample.Job).Special, restate.WithIngressPrivate(true)),
			map[string]bool{"Plain": false, "Special": true},
		},
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			j, job, bell := sample.NewJob(), testkit.Unique("job"), testkit.Unique("bell")
			j.Succeed()
			testkit.Start(t,
				fxrestate.Service[*sample.Job](testkit.Made(j), fxrestate.Name(job), test.option),
				fxrestate.Service[*Bell](NewBell, fxrestate.Name(bell)),
			)
			for handler, private := range test.private {
				got := testkit.Post(t, testkit.Path(job, handler), nil)
				if private {
					require.Equal(t, testkit.Failure{Code: http.StatusBadRequest, Message: "the invoked service is not public", Source: "ingress"}, testkit.Failed(t, got))
				} else {
					require.Equal(t, http.StatusOK, got.Status)
				}
				require.Equal(t, !private, testkit.HandlerOf(t, job, handler).Public)
				tried := j.Tried(handler)
				require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(bell, handler), nil).Status)
				require.Equal(t, tried+1, j.Tried(handler))
			}
		})
	}
}

func TestLazyStateIsFetchedWhenItIsRead(t *testing.T) {
	t.Parallel()
	for _, lazy := range []bool{false, true} {
		t.Run(fmt.Sprintf("lazy state is %t", lazy), func(t *testing.T) {
			name := testkit.Unique("depot")
			testkit.Start(t, fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(name), restate.WithEnableLazyState(lazy)))
			require.Equal(t, lazy, *testkit.ServiceOf(t, name).EnableLazyState)
			require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Store"), "a thing").Status)
			got := testkit.Post(t, testkit.Path(name, "k", "Look"), nil)
			require.Equal(t, "a thing", testkit.Decode[string](t, got))
			read := testkit.Journal(t, got.Header.Get("X-Restate-Id"))[1]
			require.Equal(t, map[bool]string{false: "GetEagerState", true: "GetLazyState"}[lazy], read)
		})
	}
}

func TestIdempotencyKeyIsForgottenAfterItsRetention(t *testing.T) {
	t.Parallel()
	for retention, tries := range map[time.Duration]int{time.Hour: 1, 50 * time.Millisecond: 2} {
		t.Run(fmt.Sprintf("a retention of %v", retention), func(t *testing.T) {
			j, name := sample.NewJob(), testkit.Unique("job")
			j.Succeed()
			testkit.Start(t, fxrestate.Service[*sample.Job](testkit.Made(j), fxrestate.Name(name), restate.WithIdempotencyRetention(retention)))
			ring := func() string {
				a := testkit.Post(t, testkit.Path(name, "Plain"), nil, "Idempotency-Key", "1")
				require.Equal(t, http.StatusOK, a.Status, string(a.Body))
				return a.Header.Get("X-Restate-Id")
			}
			first := ring()
			if tries > 1 {
				testkit.Eventually(t, func() error {
					if rows := testkit.Query[testkit.Invocation](t, "SELECT id FROM sys_invocation WHERE id = ?", first); len(rows) > 0 {
						return fmt.Errorf("%s is still there", first)
					}
					return nil
				})
			}
			ring()
			require.Equal(t, tries, j.Tried("Plain"), retention)
		})
	}
}

func TestJournalIsKeptForItsRetention(t *testing.T) {
	t.Parallel()
	for retention, kept := range map[time.Duration]bool{0: false, time.Hour: true} {
		t.Run(fmt.Sprintf("a retention of %v", retention), func(t *testing.T) {
			j, name := sample.NewJob(), testkit.Unique("job")
			j.Succeed()
			testkit.Start(t, fxrestate.Service[*sample.Job](testkit.Made(j), fxrestate.Name(name),
				restate.WithJournalRetention(retention), restate.WithIdempotencyRetention(time.Hour)))
			a := testkit.Post(t, testkit.Path(name, "Plain"), nil, "Idempotency-Key", "1")
			require.Equal(t, kept, len(testkit.Journal(t, a.Header.Get("X-Restate-Id"))) > 0, retention)
		})
	}
}
