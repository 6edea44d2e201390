package deployment_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

func TestRegisterAndRegisterAgain(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	app := serve(t, service("Once"), object("OnceObject"))
	endpoint := app.at()
	var log logLines

	first, err := newRegistrar(t, client, deployment.Config{Metadata: map[string]string{"run": "1"}}, log.logger()).
		Register(testkit.Context(t), endpoint)
	require.NoError(t, err)
	require.True(t, first.Created)
	require.Equal(t, map[string]int{"Once": 1, "OnceObject": 1}, first.Revisions)
	require.Equal(t, []string{fmt.Sprintf(
		`level=INFO msg="registered with Restate" deployment=%s url=%s created=true action=create reason="the URL is new" services="[Once OnceObject]"`,
		first.DeploymentID, first.URL)}, log.all())

	registered, err := client.Deployment(testkit.Context(t), first.DeploymentID)
	require.NoError(t, err)
	require.Equal(t, registered.URI, first.URL)
	require.Contains(t, first.URL, fmt.Sprintf(":%d/", app.port))
	require.Equal(t, "1", registered.Metadata["run"])
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", registered.Metadata[deployment.InterfaceHashKey])

	second, err := newRegistrar(t, client, deployment.Config{Metadata: map[string]string{"run": "2"}}, nil).
		Register(testkit.Context(t), endpoint)
	require.NoError(t, err)
	require.False(t, second.Created)
	require.Equal(t, first.DeploymentID, second.DeploymentID)
	require.Equal(t, map[string]int{"Once": 2, "OnceObject": 2}, second.Revisions)
	registered, err = client.Deployment(testkit.Context(t), first.DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "2", registered.Metadata["run"])
}

func TestURLIsReportedAsTheServerListsIt(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	host := testkit.Server().EndpointHost()
	for _, url := range []string{
		"http://" + host + ":{{port}}", "http://" + host + ":{{port}}/", "HTTP://" + host + ":{{port}}",
		"http://" + host + ":{{port}}/Mounted", "http://" + host + ":{{port}}/Mounted/", "http://" + host + ":{{port}}/a%2Fb/{{port}}",
	} {
		t.Run(url, func(t *testing.T) {
			app := serve(t, service("Listed"))
			registration, err := newRegistrar(t, client, deployment.Config{URL: url}, nil).
				Register(testkit.Context(t), app.at())
			require.NoError(t, err, url)
			registered, err := client.Deployment(testkit.Context(t), registration.DeploymentID)
			require.NoError(t, err)
			require.Equal(t, registered.URI, registration.URL)
		})
	}
}

func TestTokenAndHeadersGoWithEachCall(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{URL: gate.url, AuthToken: "t0ken", Headers: map[string]string{"X-Key": "abc"}})
	_, err := newRegistrar(t, client, deployment.Config{Application: testkit.Unique("Guarded")}, nil).
		Register(testkit.Context(t), serve(t, service("Guarded")).at())
	require.NoError(t, err)
	calls, _ := gate.made("")
	require.Len(t, calls, 3)
	for i, line := range []string{"GET /deployments", "POST /deployments", "GET /deployments"} {
		t.Run(fmt.Sprint(i, " ", line), func(t *testing.T) {
			require.Equal(t, line, calls[i].line)
			require.Equal(t, "Bearer t0ken", calls[i].header.Get("Authorization"))
			require.Equal(t, "abc", calls[i].header.Get("X-Key"))
		})
	}
}

func TestAdditionalHeadersAndHTTP11ReachTheEndpoint(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	for protocol, cfg := range map[string]deployment.Config{
		"HTTP/2.0": {AdditionalHeaders: map[string]string{"x-key": "abc"}},
		"HTTP/1.1": {AdditionalHeaders: map[string]string{"x-key": "abc"}, UseHTTP11: true},
	} {
		t.Run(protocol, func(t *testing.T) {
			app := serve(t, service("Headed"))
			_, err := newRegistrar(t, client, cfg, nil).
				Register(testkit.Context(t), app.at())
			require.NoError(t, err)
			requests := app.requests()
			require.NotEmpty(t, requests)
			for _, r := range requests {
				require.Equal(t, protocol, r.Proto)
				require.Equal(t, "abc", r.Header.Get("X-Key"))
			}
		})
	}
}

func TestServerThatStartsLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	port := testkit.StablePort(t)
	client := newClient(t, admin.Config{URL: fmt.Sprintf("http://127.0.0.1:%d", port)})
	waiting := make(chan struct{}, 10)
	log := logLines{told: func(line string) {
		if strings.Contains(line, "waiting for the Restate admin API") {
			waiting <- struct{}{}
		}
	}}
	app := serve(t, service("Early"))
	type outcome struct {
		deployment.Registration
		error
	}
	done := make(chan outcome, 1)
	go func() {
		registration, err := newRegistrar(t, client, deployment.Config{}, log.logger()).
			Register(testkit.Context(t), app.at())
		done <- outcome{registration, err}
	}()

	select {
	case <-waiting:
	case got := <-done:
		t.Fatalf("did not wait: %+v", got)
	}
	srv, err := devserver.Start(testkit.Context(t), devserver.Config{AdminPort: port})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Stop(context.Background())) })

	got := <-done
	require.NoError(t, got.error)
	require.Equal(t, map[string]int{"Early": 1}, got.Revisions)
	lines := log.all()
	require.Regexp(t, `^level=INFO msg="waiting for the Restate admin API" url=http://\S+ admin=http://127.0.0.1:\d+ attempts=1 elapsed=\S+ error="admin: GET .*connection refused`, lines[0])
	require.Contains(t, lines[len(lines)-1], "registered with Restate")
	require.Less(t, len(lines), 6, "too many lines:\n%s", strings.Join(lines, "\n"))
}

func TestEndpointThatIsReachableLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	port := testkit.StablePort(t)
	manifest := serve(t, service("Slow")).manifest
	failed := make(chan struct{}, 10)
	log := logLines{told: func(line string) {
		if strings.Contains(line, "META0003") {
			failed <- struct{}{}
		}
	}}
	done := make(chan error, 1)
	go func() {
		_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, log.logger()).
			Register(testkit.Context(t), deployment.Endpoint{Port: port, Manifest: manifest})
		done <- err
	}()
	select {
	case <-failed:
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	serveOn(t, listener, service("Slow"))
	require.NoError(t, <-done)
	require.Contains(t, log.all()[0], `level=WARN msg="registration failed, trying again"`)
}

func TestEndpointThatIsNotThere(t *testing.T) {
	t.Parallel()
	// The server itself retries for about two seconds.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	port := testkit.StablePort(t)
	_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, nil).
		Register(ctx, nobody(port))

	var unfinished *deployment.UnfinishedError
	require.ErrorAs(t, err, &unfinished)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.GreaterOrEqual(t, unfinished.Attempts, 2)
	var refused *admin.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "META0003", refused.Code)
	require.Regexp(t, fmt.Sprintf(`^deployment: register http://\S+:%d with http://\S+: gave up after \d+ attempts in [\d.]+s: `+
		`context deadline exceeded; last failure: admin: POST http://127.0.0.1:\d+/deployments: status 500 META0003: .*http://\S+:%d/.*from where the server runs`, port, port), err.Error())
}

func TestServiceOfAnotherKindIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{URL: gate.url})
	_, err := newRegistrar(t, client, deployment.Config{}, nil).
		Register(testkit.Context(t), serve(t, service("Kind")).at())
	require.NoError(t, err)

	// Another test may have registered the free port: no other test uses the path.
	fresh := deployment.Config{Mode: deployment.Production, URL: "http://" + testkit.Server().EndpointHost() + ":{{port}}/another-kind"}
	_, err = newRegistrar(t, client, fresh, nil).
		Register(testkit.Context(t), serve(t, object("Kind")).at())
	var refused *admin.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "META0006", refused.Code)
	require.Regexp(t, `^deployment: register http://\S+: 1 attempt in \S+: admin: POST http://\S+/deployments: status 409 META0006: .*'Kind'.*rename the service`, err.Error())
	_, posts := gate.made("POST /deployments")
	require.Len(t, posts, 3)
	require.Contains(t, posts[1].body, `"dry_run":true`, "the plan")

	registration, err := newRegistrar(t, client, deployment.Config{}, nil).
		Register(testkit.Context(t), serve(t, object("Kind")).at())
	require.NoError(t, err, "force allows it")
	require.Equal(t, map[string]int{"Kind": 2}, registration.Revisions)
}

func TestWhatCannotGetBetterIsNotRepeated(t *testing.T) {
	t.Parallel()
	for status, hint := range map[int]string{
		http.StatusUnauthorized: "auth token",
		http.StatusForbidden:    "auth token",
		http.StatusNotFound:     "may not be an admin API",
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			gate := newGateway(t, func(w http.ResponseWriter, _ adminCall) bool {
				w.WriteHeader(status)
				return true
			})
			_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url, AuthToken: "t0ken"}), deployment.Config{}, nil).
				Register(testkit.Context(t), nobody(1))
			require.ErrorContains(t, err, hint)
			require.NotContains(t, err.Error(), "t0ken")
			var unfinished *deployment.UnfinishedError
			require.False(t, errors.As(err, &unfinished))
			calls, _ := gate.made("")
			require.Len(t, calls, 1)
		})
	}

	t.Run("an endpoint without HTTP/2", func(t *testing.T) {
		t.Parallel()
		old := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(old.Close)
		_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, nil).
			Register(testkit.Context(t), nobody(old.Listener.Addr().(*net.TCPAddr).Port))
		require.ErrorContains(t, err, "META0014")
		require.ErrorContains(t, err, "1 attempt in")
	})
}

func TestOverloadIsWaitedOut(t *testing.T) {
	t.Parallel()
	var looks, posts atomic.Int32
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		switch {
		case call.line == "GET /deployments" && looks.Add(1) == 1:
			w.WriteHeader(http.StatusBadGateway)
			return true
		case call.line == "POST /deployments" && posts.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	var log logLines
	registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, log.logger()).
		Register(testkit.Context(t), serve(t, service("Patient")).at())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"Patient": 1}, registration.Revisions)
	lines := log.all()
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "status 502: Bad Gateway")
	require.Contains(t, lines[1], "status 503: Service Unavailable")
}

func TestEndOfTheContextEndsTheWait(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: fmt.Sprintf("http://127.0.0.1:%d", testkit.StablePort(t))})
	ctx, cancel := context.WithCancelCause(t.Context())
	stopping := errors.New("the app is stopping")
	var ended time.Time
	log := logLines{told: func(string) {
		ended = time.Now()
		cancel(stopping)
	}}
	_, err := newRegistrar(t, client, deployment.Config{}, log.logger()).Register(ctx, nobody(1))
	require.Less(t, time.Since(ended), testkit.Within/2)

	var unfinished *deployment.UnfinishedError
	require.ErrorAs(t, err, &unfinished)
	require.ErrorIs(t, err, stopping)
	require.Equal(t, 1, unfinished.Attempts)
	require.Contains(t, unfinished.LastFailure.Error(), "connection refused")
	require.ErrorContains(t, err, "gave up after 1 attempt in ")
	require.ErrorContains(t, err, client.URL())
}

func TestEndOfTheContextEndsACall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	gate := newGateway(t, func(_ http.ResponseWriter, call adminCall) bool {
		if call.line != "POST /deployments" {
			return false
		}
		cancel()
		<-released // as a server that does not respond
		return true
	})
	defer close(released)
	_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, nil).
		Register(ctx, nobody(1))
	var unfinished *deployment.UnfinishedError
	require.ErrorAs(t, err, &unfinished)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "POST "+gate.url+"/deployments")
}
