package lifecycle_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// Auditor asks for a look at each thing that it does for the first time.
type Auditor struct {
	mu    sync.Mutex
	tries map[string]int
}

func (a *Auditor) try(what string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tries[what]++; a.tries[what] > 1 {
		return nil
	}
	return fmt.Errorf("audit: %w", pipeline.Pause(errors.New("nobody has looked at "+what)))
}

func (a *Auditor) Handler(restate.Context) (string, error) { return "audited", a.try("handler") }

func (a *Auditor) Step(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return "audited", a.try("step") })
}

func (a *Auditor) StepWithPolicy(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return "audited", a.try("policy") },
		restate.WithMaxRetryAttempts(5), restate.WithInitialRetryInterval(time.Millisecond))
}

func TestAnErrorPausesItsInvocationUntilItIsResumed(t *testing.T) {
	t.Parallel()
	for name, requestResponse := range map[string]bool{"streaming": false, "request and response": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auditor, service, cfg := &Auditor{tries: map[string]int{}}, testkit.Unique("auditor"), testkit.Config()
			cfg.Endpoint.RequestResponse = requestResponse
			testkit.StartWith(t, cfg, fxrestate.Service[*Auditor](testkit.Made(auditor), fxrestate.Name(service)))
			for handler, what := range map[string]string{"Handler": "handler", "Step": "step", "StepWithPolicy": "policy"} {
				t.Run(handler, func(t *testing.T) {
					t.Parallel()
					id := testkit.Submit(t, testkit.Path(service, handler), nil)
					testkit.AwaitStatus(t, id, string(admin.StatusPaused))
					found, err := testkit.Admin().Invocations(t.Context(), admin.InvocationFilter{Services: []string{service}})
					require.NoError(t, err)
					var text string
					for _, i := range found {
						if i.ID == id {
							text = i.LastFailure
						}
					}
					require.Contains(t, text, "nobody has looked at "+what)
					require.NoError(t, testkit.Admin().ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
					require.Equal(t, "audited", testkit.Decode[string](t, testkit.Attach(t, id)))
					auditor.mu.Lock()
					defer auditor.mu.Unlock()
					require.Equal(t, 2, auditor.tries[what])
				})
			}
		})
	}
}

// Booking is a handler whose code changes while an invocation is in flight.
type Booking struct{ broken, paid bool }

// Book has a step that the broken code has not, and one that fails until it is paid.
func (b *Booking) Book(ctx restate.Context) (string, error) {
	if b.broken {
		return "", restate.Sleep(ctx, time.Hour)
	}
	room, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "room 1", nil }, restate.WithName("reserve"))
	if err != nil {
		return "", err
	}
	return room, restate.RunVoid(ctx, func(restate.RunContext) error {
		if !b.paid {
			return errors.New("no money")
		}
		return nil
	}, restate.WithName("pay"))
}

func TestAnInvocationWhoseJournalDoesNotMatchWaitsForTheRightCode(t *testing.T) {
	t.Parallel()
	server := testkit.StartServer(t, testkit.ServerConfig()) // with mismatches in its log
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		on     endpoint.OnMismatch
		status admin.InvocationStatus
	}{
		{"and is retried meanwhile, by default", "", admin.StatusBackingOff},
		{"and is paused meanwhile", endpoint.Pause, admin.StatusPaused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			service, addr := testkit.Unique("booking"), testkit.StableAddr(t)
			deploy := func(b Booking) *testkit.App {
				cfg := testkit.Config()
				cfg.Ingress.URL, cfg.Admin.URL = server.IngressURL(), server.AdminURL()
				cfg.Endpoint.Addr, cfg.Endpoint.OnMismatch = addr, tt.on
				a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Booking](testkit.Made(&b), fxrestate.Name(service), testkit.RetrySoon()))
				a.RequireStart()
				return a
			}
			look := func() (now admin.Invocation) {
				found, err := client.Invocations(t.Context(), admin.InvocationFilter{Services: []string{service}})
				require.NoError(t, err)
				require.Len(t, found, 1)
				return found[0]
			}
			await := func(status admin.InvocationStatus, failure string) {
				t.Helper()
				testkit.Eventually(t, func() error {
					if now := look(); now.Status != status || !strings.Contains(now.LastFailure, failure) {
						return fmt.Errorf("it is %s: %s", now.Status, now.LastFailure)
					}
					return nil
				})
			}
			old := deploy(Booking{})
			id := testkit.Submit(t, server.IngressURL()+testkit.Path(service, "Book"), nil)
			await(admin.StatusBackingOff, "no money")
			old.RequireStop()

			broken := deploy(Booking{broken: true})
			await(tt.status, "mismatch")
			require.Equal(t, "RT0016", look().LastFailureCode)
			broken.RequireStop()

			fixed := deploy(Booking{paid: true})
			defer fixed.RequireStop()
			if tt.status == admin.StatusPaused {
				require.Equal(t, admin.StatusPaused, look().Status, "the right code alone does not resume it")
				require.NoError(t, client.ResumeInvocation(t.Context(), id, admin.ResumeOnPinned))
			}
			require.Equal(t, "room 1", testkit.Decode[string](t, testkit.AttachOn(t, server, id)))
		})
	}
}
