package fxrestate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Renamed has a step that a version may have under another name.
type Renamed struct {
	step    string
	waiting chan string
	fails   bool
}

// Go does the step and waits for ever.
func (r *Renamed) Go(ctx restate.Context) error {
	if _, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "done", nil }, restate.WithName(r.step)); err != nil {
		return err
	}
	if r.fails {
		return errors.New("no paper in the printer")
	}
	signed := restate.Awakeable[string](ctx)
	r.waiting <- signed.Id()
	_, err := signed.Result()
	return err
}

// An operator who follows the way out must come out: an invocation whose handler cannot be
// reached or replayed cannot be cancelled.
func TestAStartNamesWhatIsStuckAndTheWayOut(t *testing.T) {
	t.Parallel()
	retried := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(20*time.Millisecond), restate.WithMaxRetryInterval(time.Second))
	paused := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(20*time.Millisecond), restate.WithMaxRetryAttempts(2))
	seldom := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour))
	const again = "an invocation fails again and again"
	for _, tt := range []struct {
		name         string
		retry        restate.ServiceDefinitionOption
		fails        bool // the application that began it stays, and its handler fails
		replaced     bool // another version comes to its URL
		message, way string
	}{
		{
			"paused by its retry policy", paused, true, false,
			"an invocation is paused, and its caller waits", "mend the cause, then: fxrestate invocations resume ID",
		},
		{"failing", retried, true, false, again, "mend the cause, or: fxrestate invocations cancel ID"},
		{"failing once, with the next attempt in an hour", seldom, true, false, again, "mend the cause, or: fxrestate invocations cancel ID"},
		{
			"at a URL where nobody answers", retried, false, false, again,
			"nobody answered at the URL of deployment DP: serve its version there again, or move it with PATCH /deployments/DP, or: fxrestate invocations kill ID",
		},
		{
			"met by other code", retried, false, true, again,
			"the code is not that with which it began: serve that version again at the URL of deployment DP, or: fxrestate invocations kill ID",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name, cfg := testkit.Unique("stuck"), testkit.Config()
			serve := func(r *Renamed) *testkit.App {
				a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Renamed](testkit.Made(r), fxrestate.Name(name), tt.retry))
				a.RequireStart()
				return a
			}
			cfg.Endpoint.Addr = testkit.StableAddr(t)
			began := &Renamed{step: "print", waiting: make(chan string, 100), fails: tt.fails}
			first := serve(began)
			id := testkit.Submit(t, testkit.Path(name, "Go"), nil)
			if tt.fails {
				t.Cleanup(first.RequireStop)
			} else {
				testkit.Receive(t, began.waiting)
				first.RequireStop()
				testkit.Eventually(t, func() error { // the server learns that it is suspended
					if status := testkit.Look(t, id).Status; status != "suspended" {
						return fmt.Errorf("it is %s", status)
					}
					return testkit.Admin().ResumeInvocation(t.Context(), id, admin.ResumeOnPinned)
				})
			}
			deployment := ""
			testkit.Eventually(t, func() error { // it fails often enough
				attempts := 6
				if tt.retry == seldom {
					attempts = 1
				}
				found, err := testkit.Admin().Invocations(t.Context(), admin.InvocationFilter{
					Services: []string{name}, Statuses: []admin.InvocationStatus{admin.StatusPaused, admin.StatusBackingOff}, MinRetries: attempts,
				})
				if len(found) == 0 {
					return fmt.Errorf("not stuck: %w", err)
				}
				deployment = found[0].DeploymentID
				return err
			})
			if !tt.replaced {
				cfg.Endpoint.Addr = "127.0.0.1:0"
			}
			a := serve(&Renamed{step: "send", waiting: make(chan string, 100)})
			t.Cleanup(a.RequireStop)

			testkit.Eventually(t, func() error {
				if len(a.Lines(tt.message)) == 0 {
					return errors.New("it is not named")
				}
				return nil
			})
			line := a.Lines(tt.message)[0].ContextMap()
			require.Equal(t, name+"/Go", line["method"])
			require.Equal(t, id, line["invocationID"])
			require.NotEmpty(t, line["error"])
			require.Equal(t, strings.NewReplacer("ID", id, "DP", deployment).Replace(tt.way), line["way out"])

			var report struct {
				Ready, Live bool
				Stuck       []map[string]any
			}
			shown := httptest.NewRecorder()
			a.Health.ReportHandler().ServeHTTP(shown, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
			require.Equal(t, http.StatusOK, shown.Code)
			require.NoError(t, json.Unmarshal(shown.Body.Bytes(), &report))
			require.True(t, report.Ready && report.Live, shown.Body)
			require.Len(t, report.Stuck, 1, shown.Body)
			for key, want := range map[string]any{"id": id, "handler": name + "/Go", "last_failure": line["error"], "way_out": line["way out"]} {
				require.Equal(t, want, report.Stuck[0][key], key)
			}
			require.Equal(t, tt.message == again, report.Stuck[0]["status"] == "backing-off", shown.Body)
			require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
		})
	}
}

// A probe that gave up, or a stop, does not wait for the look of somebody else.
func TestALookAtWhatIsStuckWaitsForAnotherOnlyAsLongAsItsCtx(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}, 10), make(chan struct{})
	url := gateway(t, func(r *http.Request) bool {
		if r.URL.Path == "/query" {
			asked <- struct{}{}
			<-answer
		}
		return false
	})
	cfg := lifeConfig(url, false)
	cfg.Register = nil
	i := newIdle(t, cfg)
	i.RequireStart()
	t.Cleanup(i.RequireStop)
	looked := make(chan error, 1)
	go func() {
		_, err := i.health.Stuck(t.Context())
		looked <- err
	}()
	testkit.Receive(t, asked)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := i.health.Stuck(over)
	require.ErrorIs(t, err, context.Canceled)
	close(answer)
	require.NoError(t, testkit.Receive(t, looked))
}

func TestWhatIsStuckBelongsToItsCaller(t *testing.T) {
	t.Parallel()
	name, cfg := testkit.Unique("stuck"), testkit.Config()
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Renamed](testkit.Made(&Renamed{step: "print", fails: true}), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryAttempts(1))))
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	id := testkit.Submit(t, testkit.Path(name, "Go"), nil)
	testkit.Eventually(t, func() error {
		if status := testkit.Look(t, id).Status; status != "paused" {
			return fmt.Errorf("it is %s", status)
		}
		return nil
	})
	look := func() []admin.Invocation {
		found, err := a.Health.Stuck(t.Context())
		require.NoError(t, err)
		require.Len(t, found, 1)
		return found
	}
	look()[0].ID = "changed"
	require.Equal(t, id, look()[0].ID)
	require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
}
