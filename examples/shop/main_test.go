package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// world is a running shop with its partners.
type world struct {
	*restatetest.Env

	t      testing.TB
	server *httpserver.Server
	bank   *payments.Bank
	signed *payments.Signature
	mailer *notifications.Mailer
}

func start(t *testing.T, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	w.Env = restatetest.Start(t, append(opts, on(""), fx.Populate(&w.server, &w.bank, &w.signed, &w.mailer))...)
	return w
}

// on is the shop on a database.
func on(source database.Source) fx.Option {
	return fx.Options(shop, fx.Supply(source, Addr("127.0.0.1:0"), fxrestate.Config{Register: &deployment.Config{}}))
}

// answer is a response of the API.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// do sends a request, with a body of JSON if there is one, and header lines.
func (w *world) do(method, path, body string, header ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL()+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return answer{w.t, res.StatusCode, res.Header, string(read)}
}

// requireJSON is for what a GET answers.
func (w *world) requireJSON(want, path string) {
	w.t.Helper()
	w.do(http.MethodGet, path, "").json(want)
}

// becomes waits until a GET answers what is wanted.
func (w *world) becomes(want, path string) {
	w.t.Helper()
	w.Until(func() bool { return w.do(http.MethodGet, path, "").body == want }, path+" becomes "+want)
}

// result waits for the result of what was sent.
func (w *world) result(sent answer) (a answer) {
	w.t.Helper()
	require.Equal(w.t, http.StatusAccepted, sent.status, sent.body)
	w.Until(func() bool {
		a = w.do(http.MethodGet, sent.header.Get("Location"), "")
		return a.status != http.StatusAccepted
	}, "a result")
	return a
}

// webhook sends an event of the bank.
func (w *world) webhook(event string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/webhooks/bank", event, payments.SignatureHeader+": "+w.signed.Of([]byte(event)))
}

// written waits for a mail, and returns its text behind a prefix.
func (w *world) written(to, prefix string) (rest string) {
	w.t.Helper()
	w.Until(func() bool {
		for _, text := range w.mailer.Texts(to) {
			if found, ok := strings.CutPrefix(text, prefix); ok {
				rest = found
				return true
			}
		}
		return false
	}, "a mail to "+to+": "+prefix)
	return rest
}

func (a answer) json(want string) {
	a.t.Helper()
	require.Equal(a.t, http.StatusOK, a.status, a.body)
	require.JSONEq(a.t, want, a.body)
}

func (a answer) problem(status int, detail string) {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	var p ingress.Problem
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &p), a.body)
	require.Equal(a.t, detail, p.Detail)
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run("127.0.0.1:0", "", true))
}
