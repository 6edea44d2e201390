package runner_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// app serves services as an application does.
func app(t testing.TB, services ...restate.ServiceDefinition) http.Handler {
	t.Helper()
	s := server.NewRestate().WithLogger(slog.DiscardHandler, false)
	for _, def := range services {
		s.Bind(def)
	}
	handler, err := s.Handler()
	require.NoError(t, err)
	return handler
}

// start runs services on a runner until the test ends.
func start(t testing.TB, cfg runner.Config, services ...restate.ServiceDefinition) *runner.Runner {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = t.Logf
	}
	r, err := runner.New(app(t, services...), cfg)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// inBothModes runs a test with streams that are held open, and with attempts that suspend
// wherever they wait.
func inBothModes(t *testing.T, test func(t *testing.T, cfg runner.Config)) {
	for name, cfg := range map[string]runner.Config{
		"streaming":      {},
		"always replays": {AlwaysReplay: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, cfg)
		})
	}
}

// ctxOf ends when the test has taken too long.
func ctxOf(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Within)
	t.Cleanup(cancel)
	return ctx
}

// call calls a handler with a value and returns its result.
func call[O any](t testing.TB, r *runner.Runner, service, key, handler string, in any) O {
	t.Helper()
	out, err := tryCall[O](t, r, service, key, handler, in)
	require.NoError(t, err)
	return out
}

func tryCall[O any](t testing.TB, r *runner.Runner, service, key, handler string, in any) (out O, err error) {
	t.Helper()
	result, err := r.Call(ctxOf(t), request(t, service, key, handler, in))
	if err == nil && len(result) > 0 {
		require.NoError(t, json.Unmarshal(result, &out))
	}
	return out, err
}

func request(t testing.TB, service, key, handler string, in any) runner.Request {
	t.Helper()
	q := runner.Request{Service: service, Key: key, Handler: handler}
	if in != nil {
		body, err := json.Marshal(in)
		require.NoError(t, err)
		q.Body = body
	}
	return q
}

// send sends to a handler and returns the id.
func send(t testing.TB, r *runner.Runner, q runner.Request) string {
	t.Helper()
	id, _, err := r.Send(q)
	require.NoError(t, err)
	return id
}

// await waits until an invocation has a status.
func await(t testing.TB, r *runner.Runner, id string, status runner.Status) runner.Invocation {
	t.Helper()
	var now runner.Invocation
	require.NoError(t, r.Until(ctxOf(t), func() bool {
		var err error
		now, err = r.Invocation(id)
		return err == nil && now.Status == status
	}), "%s is %s and should become %s", id, now.Status, status)
	return now
}

// entries are the types of the entries of a journal, with their names.
func entries(inv runner.Invocation) (types []string) {
	for _, e := range inv.Journal {
		types = append(types, e.String())
	}
	return types
}
