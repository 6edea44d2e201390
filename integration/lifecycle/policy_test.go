package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// haulage is what both versions share.
type haulage struct {
	healthy    atomic.Bool   // lets what fails succeed
	arrived    chan struct{} // ends the step
	awakeables chan string
}

func label(ctx restate.Context, name string) error {
	_, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return name, nil }, restate.WithName(name))
	return err
}

// HaulOne is the first version.
type HaulOne struct{ *haulage }

// Haul does what the key says.
func (h *HaulOne) Haul(ctx restate.ObjectContext) (string, error) {
	if err := label(ctx, "v1-load"); err != nil {
		return "", err
	}
	switch restate.Key(ctx) {
	case "step":
		_, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
			select {
			case <-h.arrived:
				return "arrived", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}, restate.WithName("v1-drive"))
		return "v1", err
	case "sleep":
		return "v1", restate.Sleep(ctx, time.Hour)
	case "awakeable":
		signed := restate.Awakeable[string](ctx)
		select {
		case h.awakeables <- signed.Id():
		default: // a further attempt
		}
		_, err := signed.Result()
		return "v1", err
	case "backing-off", "paused":
		if !h.healthy.Load() {
			return "", fmt.Errorf("the road is closed")
		}
	}
	return "v1", nil
}

// HaulTwo has another interface and does something else first.
type HaulTwo struct{ *haulage }

// Haul replays no journal of the first version.
func (h *HaulTwo) Haul(ctx restate.ObjectContext) (string, error) { return "v2", restate.Sleep(ctx, 0) }

// Track is new.
func (h *HaulTwo) Track(restate.ObjectContext) error { return nil }

// front is the address of both versions. What is discovered there and where invocations
// go may differ for a while, as during a rolling update.
type front struct {
	discover, invoke atomic.Pointer[httputil.ReverseProxy]
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/discover") {
		f.discover.Load().ServeHTTP(w, r)
		return
	}
	f.invoke.Load().ServeHTTP(w, r)
}

func leadTo(t testing.TB, addr string) *httputil.ReverseProxy {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	to := &url.URL{Scheme: "http", Host: addr}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport, FlushInterval: -1,
	}
}

// bound are the statuses of invocations that have begun on the first version.
var bound = []string{"step", "sleep", "awakeable", "backing-off", "paused"}

// upgrade is a deployment of the first version with an invocation in each status, and the
// second version, which is not started yet.
type upgrade struct {
	*haulage

	t      testing.TB
	server *devserver.Server
	admin  *admin.Client
	name   string
	road   *front
	// ids of the invocations: those that are bound, "pending" and "scheduled".
	ids   map[string]string
	first string // deployment
	two   *testkit.App
	// to leads to the processes.
	toOne, toTwo *httputil.ReverseProxy
	awakeable    string
}

func newUpgrade(t *testing.T, server *devserver.Server, policy deployment.Config) *upgrade {
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	u := &upgrade{
		t: t, server: server, admin: client, name: testkit.Unique("haul"), ids: map[string]string{},
		road:    &front{},
		haulage: &haulage{arrived: make(chan struct{}), awakeables: make(chan string, 1)},
	}
	host := testkit.Listen(t, u.road)
	one, two := testkit.StableAddr(t), testkit.StableAddr(t)
	u.toOne, u.toTwo = leadTo(t, one), leadTo(t, two)
	config := func(addr string, register deployment.Config) fx.Option {
		cfg := testkit.Config()
		cfg.Ingress.URL, cfg.Admin.URL = server.IngressURL(), server.AdminURL()
		cfg.Endpoint.Addr = addr
		register.URL, register.Mode, register.Required = "http://"+host, deployment.Production, true
		cfg.Register = &register
		return fx.Supply(cfg)
	}
	u.road.discover.Store(u.toOne)
	u.road.invoke.Store(u.toOne)
	a := testkit.Build(t, config(one, deployment.Config{}), fxrestate.Object[*HaulOne](testkit.Made(&HaulOne{u.haulage}), fxrestate.Name(u.name),
		restate.WithInactivityTimeout(50*time.Millisecond),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour))))
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	t.Cleanup(func() { // nothing of it goes on while the first version stops
		for _, id := range u.ids {
			_ = client.KillInvocation(context.Background(), id)
		}
	})

	for _, status := range bound {
		u.ids[status] = u.send(status, "Haul/send")
	}
	u.ids["scheduled"] = u.send("scheduled", "Haul/send?delay=3600s")
	u.awaits("step", admin.StatusRunning)
	u.ids["pending"] = u.send("step", "Haul/send")
	u.awaits("pending", admin.StatusPending)
	u.awaits("paused", admin.StatusBackingOff)
	require.NoError(t, client.PauseInvocation(t.Context(), u.ids["paused"]))
	for status, want := range map[string]admin.InvocationStatus{
		"sleep": admin.StatusSuspended, "awakeable": admin.StatusSuspended, "backing-off": admin.StatusBackingOff,
		"paused": admin.StatusPaused, "scheduled": admin.StatusScheduled,
	} {
		u.awaits(status, want)
	}
	u.awakeable = testkit.Receive(t, u.awakeables)
	u.first = u.look("step").DeploymentID
	require.NotEmpty(t, u.first)

	u.two = testkit.Build(t, config(two, policy), fxrestate.Object[*HaulTwo](testkit.Made(&HaulTwo{u.haulage}), fxrestate.Name(u.name),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(2))))
	return u
}

func (u *upgrade) send(key, handler string) string {
	u.t.Helper()
	a := testkit.Post(u.t, u.server.IngressURL()+testkit.Path(u.name, key)+"/"+handler, nil)
	require.Equal(u.t, http.StatusAccepted, a.Status, a.Text())
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(u.t, json.Unmarshal(a.Body, &sent))
	return sent.ID
}

// look returns what the server knows of an invocation that has not completed, or zero.
func (u *upgrade) look(which string) admin.Invocation {
	u.t.Helper()
	all, err := u.admin.Invocations(context.WithoutCancel(u.t.Context()), admin.InvocationFilter{Services: []string{u.name}})
	require.NoError(u.t, err)
	for _, i := range all {
		if i.ID == u.ids[which] {
			return i
		}
	}
	return admin.Invocation{}
}

func (u *upgrade) awaits(which string, status admin.InvocationStatus) {
	u.t.Helper()
	testkit.Eventually(u.t, func() error {
		if now := u.look(which); now.Status != status || slices.Contains(bound, which) && now.DeploymentID == "" {
			return fmt.Errorf("%s is %q on %q, not %q: %s", which, now.Status, now.DeploymentID, status, now.LastFailure)
		}
		return nil
	})
}

func (u *upgrade) result(which string) string {
	u.t.Helper()
	return testkit.Decode[string](u.t, testkit.AttachOn(u.t, u.server, u.ids[which]))
}

// goOn lets all that can go on do so, on whatever version is there now.
func (u *upgrade) goOn() {
	u.healthy.Store(true)
	close(u.arrived)
	testkit.Post(u.t, u.server.IngressURL()+testkit.Path("restate", "awakeables", u.awakeable, "resolve"), "signed")
	for _, which := range []string{"sleep", "backing-off", "paused"} {
		require.NoError(u.t, u.admin.ResumeInvocation(context.WithoutCancel(u.t.Context()), u.ids[which], admin.ResumeOnPinned))
	}
}

// finishesOnOne checks that nothing has happened to the invocations of the first version.
func (u *upgrade) finishesOnOne(t *testing.T) {
	t.Helper()
	require.Equal(t, 1, u.revision(t), "nothing is registered")
	u.road.discover.Store(u.toOne)
	u.road.invoke.Store(u.toOne)
	u.goOn()
	for _, which := range []string{"step", "awakeable", "backing-off", "paused", "pending"} {
		require.Equal(t, "v1", u.result(which), which)
	}
	u.awaits("sleep", admin.StatusSuspended)
	u.awaits("scheduled", admin.StatusScheduled)
}

func (u *upgrade) revision(t *testing.T) int {
	t.Helper()
	s, err := u.admin.Service(t.Context(), u.name)
	require.NoError(t, err)
	return s.Revision
}

// breaksOnTwo checks that what the second version cannot replay is paused and named, and
// that nothing is lost. The step ends with the old process, and then goes on with the new.
func (u *upgrade) breaksOnTwo(t *testing.T) {
	t.Helper()
	for _, w := range bound {
		testkit.Eventually(t, func() error {
			now := u.look(w)
			if now.Status == admin.StatusBackingOff { // with the long pauses of the first version
				return errors.Join(fmt.Errorf("%s is not paused", w), u.admin.ResumeInvocation(t.Context(), u.ids[w], admin.ResumeOnPinned))
			}
			if now.Status != admin.StatusPaused {
				return fmt.Errorf("%s is %s", w, now.Status)
			}
			return nil
		})
	}
	for _, w := range bound {
		var found []admin.Invocation
		var i int
		testkit.Eventually(t, func() (err error) { // an answer is kept for ten seconds
			found, err = u.two.Health.Stuck(t.Context())
			if i = slices.IndexFunc(found, func(i admin.Invocation) bool { return i.ID == u.ids[w] }); i < 0 && err == nil {
				err = fmt.Errorf("%s is not named", w)
			}
			return err
		})
		if w != "step" { // which may have been asked to pause
			require.Contains(t, found[i].LastFailure, "mismatch", w)
		}
	}
	u.awaits("scheduled", admin.StatusScheduled)
	u.awaits("pending", admin.StatusPending)
	require.NoError(t, u.admin.KillInvocation(t.Context(), u.ids["step"]))
	require.Equal(t, "v2", u.result("pending"), "what has not begun runs on the new version")
}

// A version with another interface, which replays no journal of the first, comes in place
// at the same address: what happens to an invocation in each status.
func TestInvocationsInFlightDuringADeploymentInPlace(t *testing.T) {
	t.Parallel()
	server := testkit.StartServer(t, testkit.ServerConfig()) // with mismatches in its log
	inFlight := func(t *testing.T, u *upgrade, err error) *deployment.InFlightError {
		var refused *deployment.InFlightError
		require.ErrorAs(t, err, &refused)
		n := 0
		for _, row := range refused.InFlight {
			n += row.Count
		}
		require.Equal(t, len(bound), n, "all that are bound, and no others")
		require.ErrorContains(t, err, u.name+"/Haul 5")
		require.ErrorContains(t, err, "give the new version a URL of its own")
		require.NoError(t, testkit.Refused(u.two.URL()), "nothing is left running")
		return refused
	}

	t.Run("Refuse fails the start and changes nothing", func(t *testing.T) {
		t.Parallel()
		u := newUpgrade(t, server, deployment.Config{})
		u.road.discover.Store(u.toTwo)
		inFlight(t, u, u.two.TryStart(t))
		u.finishesOnOne(t)
	})

	t.Run("WaitDrained gives up at its limit and changes nothing", func(t *testing.T) {
		t.Parallel()
		u := newUpgrade(t, server, deployment.Config{InPlace: deployment.WaitDrained, DrainLimit: 1500 * time.Millisecond})
		u.road.discover.Store(u.toTwo)
		require.GreaterOrEqual(t, inFlight(t, u, u.two.TryStart(t)).Waited, 1500*time.Millisecond)
		require.NotEmpty(t, u.two.Lines("waiting for invocations in flight before the deployment is replaced"))
		u.finishesOnOne(t)
	})

	t.Run("WaitDrained lets all finish, under calls that keep coming", func(t *testing.T) {
		t.Parallel()
		u := newUpgrade(t, server, deployment.Config{InPlace: deployment.WaitDrained})
		u.road.discover.Store(u.toTwo)
		ctx, stop := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for i := range 4 {
			calls.Go(func() {
				for ctx.Err() == nil {
					a, err := testkit.PostJSON(t.Context(), u.server.IngressURL()+testkit.Path(u.name, fmt.Sprint("quick-", i), "Haul"), nil)
					if err != nil || a.Status != http.StatusOK {
						t.Errorf("a new call fails: %d %s %v", a.Status, a.Body, err)
						return
					}
				}
			})
		}
		started := make(chan error, 1)
		go func() { started <- u.two.TryStart(t) }()
		testkit.Until(t, func() bool {
			return len(u.two.Lines("waiting for invocations in flight before the deployment is replaced")) > 0
		}, "it does not wait")
		require.Equal(t, 1, u.revision(t))
		u.goOn()
		require.NoError(t, u.admin.CancelInvocation(t.Context(), u.ids["sleep"]), "nobody waits for an hour")
		require.NoError(t, testkit.Receive(t, started))
		t.Cleanup(u.two.RequireStop)
		stop()
		calls.Wait()
		require.Equal(t, 2, u.revision(t))
		for _, which := range []string{"step", "awakeable", "backing-off", "paused"} {
			require.Equal(t, "v1", u.result(which), which)
		}
		require.Equal(t, http.StatusConflict, testkit.AttachOn(t, server, u.ids["sleep"]).Status, "cancelled")
		u.awaits("scheduled", admin.StatusScheduled)
	})

	t.Run("Proceed names them, and what cannot go on is paused and named", func(t *testing.T) {
		t.Parallel()
		u := newUpgrade(t, server, deployment.Config{InPlace: deployment.Proceed})
		u.road.discover.Store(u.toTwo)
		u.road.invoke.Store(u.toTwo)
		require.NoError(t, u.two.TryStart(t))
		t.Cleanup(u.two.RequireStop)
		lines := u.two.Lines("replacing a deployment with invocations in flight; their journals may not fit the new handlers")
		require.Len(t, lines, 1)
		require.EqualValues(t, len(bound), lines[0].ContextMap()["invocations"])
		require.Equal(t, 2, u.revision(t))
		u.goOn()
		u.breaksOnTwo(t)
	})

	t.Run("PauseAndList pauses what can be paused, and names each", func(t *testing.T) {
		t.Parallel()
		u := newUpgrade(t, server, deployment.Config{InPlace: deployment.PauseAndList})
		u.road.discover.Store(u.toTwo)
		u.road.invoke.Store(u.toTwo)
		require.NoError(t, u.two.TryStart(t))
		t.Cleanup(u.two.RequireStop)
		outcomes := map[string]string{}
		for _, line := range u.two.Lines("invocation in flight on the deployment that is replaced") {
			outcomes[line.ContextMap()["invocationID"].(string)] = line.ContextMap()["outcome"].(string)
		}
		require.Len(t, outcomes, len(bound))
		for which, outcome := range map[string]string{
			"step": "asked to pause; it goes on", "sleep": "not paused, since it does not run", "awakeable": "not paused, since it does not run",
			"backing-off": "paused", "paused": "paused",
		} {
			require.True(t, strings.HasPrefix(outcomes[u.ids[which]], outcome), "%s is %q", which, outcomes[u.ids[which]])
			require.Equal(t, outcome == "paused", u.look(which).Status == admin.StatusPaused, which)
		}
		require.Equal(t, 2, u.revision(t))
		u.goOn()
		u.breaksOnTwo(t)
	})
}
