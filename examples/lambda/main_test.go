package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/restatetest"
)

// The tests are also the program that their Platform starts as a function.
func TestMain(m *testing.M) {
	if os.Getenv(runtimeVariable) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(restatetest.Tests{M: m})
}

// handlerOf returns the function of the application, as lambda.Start gets it.
func handlerOf(t *testing.T) server.LambdaHandlerFunc {
	t.Helper()
	var handle server.LambdaHandlerFunc
	app := fx.New(trials(Length(time.Hour)), fx.Populate(&handle))
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	return handle
}

func TestFunctionListsItsServices(t *testing.T) {
	t.Parallel()
	handle := handlerOf(t)
	for name, event := range map[string]server.LambdaRequest{
		"for an event of the server or of API Gateway": {Path: "/discover"},
		"for an event of a function URL":               {RawPath: "/discover"},
	} {
		t.Run(name, func(t *testing.T) {
			event.Headers = map[string]string{"accept": "application/vnd.restate.endpointmanifest.v4+json"}
			res, err := handle(t.Context(), event)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.StatusCode)
			body, err := base64.StdEncoding.DecodeString(res.Body)
			require.NoError(t, err)
			var manifest struct {
				ProtocolMode string
				Services     []struct{ Name string }
			}
			require.NoError(t, json.Unmarshal(body, &manifest))
			require.Equal(t, "REQUEST_RESPONSE", manifest.ProtocolMode)
			names := []string{}
			for _, s := range manifest.Services {
				names = append(names, s.Name)
			}
			require.ElementsMatch(t, []string{"trial", "mails"}, names)
		})
	}
}

// record keeps the events of a function.
type record struct {
	mu     sync.Mutex
	events []Event
}

func (r *record) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// of returns the events for a handler.
func (r *record) of(path string) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.events), func(e Event) bool { return e.Request.Path != path })
}

// ended returns how many invocations of a handler have come to their end.
func (r *record) ended(path string) (n int) {
	for _, e := range r.of(path) {
		if e.Outcome() == "ended" {
			n++
		}
	}
	return n
}

// await waits until the last event of a handler had an outcome.
func (r *record) await(t *testing.T, path, outcome string) {
	t.Helper()
	require.Eventually(t, func() bool {
		events := r.of(path)
		return len(events) > 0 && strings.HasPrefix(events[len(events)-1].Outcome(), outcome)
	}, 2*time.Minute, 10*time.Millisecond, "%s is %s", path, outcome)
}

// call sends a request and returns what it shows.
func call(t *testing.T, r *Running, request requests.Request) string {
	t.Helper()
	var shown bytes.Buffer
	require.NoError(t, requests.Send(t.Context(), &shown, r.IngressURL, []requests.Request{request}))
	return shown.String()
}

// A real server calls the function by its ARN, and the function's runtime is the real one.
// The process is killed while the trial waits.
func TestTrialOutlivesTheProcessOfItsFunction(t *testing.T) {
	t.Parallel()
	seen := &record{}
	require.NoError(t, withFunction(t.Context(), time.Hour, seen.add, func(r *Running) error {
		names := []string{}
		for _, s := range r.Services {
			names = append(names, s.Name)
		}
		require.ElementsMatch(t, []string{"trial", "mails"}, names)

		call(t, r, requests.Request{Path: "/trial/ada/Run/send", Body: `"ada@mail.com"`})
		seen.await(t, "/invoke/mails/Deliver", "ended")
		seen.await(t, "/invoke/trial/Run", "suspended")
		r.Platform.Kill()
		require.NoError(t, r.Platform.Start())

		call(t, r, requests.Request{Path: "/trial/ada/Upgrade", Body: `"the large one"`})
		require.Contains(t, call(t, r, requests.Request{Method: "GET", Path: "/restate/workflow/trial/ada/attach"}), `"upgraded"`)
		return nil
	}))
	require.Equal(t, 1, seen.ended("/invoke/trial/Run"))
	require.Equal(t, 2, seen.ended("/invoke/mails/Deliver"), "each mail once")

	// What the server has sent is answered the same by the function in this process.
	events := seen.of("/invoke/mails/Deliver")
	last := events[len(events)-1]
	again, err := handlerOf(t)(t.Context(), last.Request)
	require.NoError(t, err)
	require.Equal(t, "ended", Event{last.Request, again}.Outcome())
	require.Equal(t, last.Response.Body, again.Body)
}

func TestFunctionNeedsALengthThatIsOne(t *testing.T) {
	t.Setenv(trialVariable, "two weeks")
	require.ErrorContains(t, function(), trialVariable)
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, onThisMachine(true, time.Second))
}
