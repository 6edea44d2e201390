package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// modes are what the tests run on.
var modes = map[string]fx.Option{
	"on a server with its defaults":       fx.Options(),
	"on a server that replays every step": restatetest.AlwaysReplay,
	"in process":                          restatetest.InProcess,
}

// world is a running tea house with its partners.
type world struct {
	t       *testing.T
	api     *API
	bank    *Bank
	postbox *Postbox
	carrier *Carrier
}

func start(t *testing.T, mode fx.Option, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	restatetest.Start(t, append(opts, mode, teaHouse(),
		fx.Supply(settings{addr: "127.0.0.1:0", askAfter: time.Second}),
		fx.Populate(&w.api, &w.bank, &w.postbox, &w.carrier))...)
	return w
}

// in returns the same world for a subtest.
func (w world) in(t *testing.T) *world {
	w.t = t
	return &w
}

// answer is a response of the API.
type answer struct {
	response

	t *testing.T
}

func (w *world) get(path string) answer { return w.do(request{method: "GET", url: w.api.URL() + path}) }

func (w *world) post(path string, in any) answer {
	return w.do(request{method: "POST", url: w.api.URL() + path, body: encode(in)})
}

func (w *world) do(r request) answer {
	w.t.Helper()
	res, err := r.do(w.t.Context())
	require.NoError(w.t, err)
	return answer{res, w.t}
}

// as decodes the body.
func (a answer) as(into any) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal(a.body, into), "%d %s", a.status, a.body)
}

func (a answer) problem(status int, detail string) ingress.Problem {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	var p ingress.Problem
	a.as(&p)
	require.Equal(a.t, detail, p.Detail)
	return p
}

// comesTo polls the progress of an order until it is at the given step.
func (w *world) comesTo(order, step string) (p Progress) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		a := w.get("/orders/" + order)
		if a.status == http.StatusNotFound {
			return false // it has not started yet
		}
		a.as(&p)
		return p.Step == step
	}, time.Minute, 20*time.Millisecond, step)
	return p
}

// result waits for the result of a send.
func (w *world) result(sent answer) answer {
	w.t.Helper()
	require.Equal(w.t, http.StatusAccepted, sent.status, "%s", sent.body)
	status := sent.header.Get("Location")
	require.Regexp(w.t, `^/invocations/inv_`, status)
	return w.settled(status)
}

// settled waits until an invocation has a result.
func (w *world) settled(status string) (a answer) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		a = w.get(status)
		return a.status != http.StatusAccepted
	}, time.Minute, 20*time.Millisecond)
	return a
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(settings{addr: "127.0.0.1:0", askAfter: 100 * time.Millisecond}, true))
}
