package main

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// The users of the tests.
var (
	carl  = User{"Carl", "carl@mail.com"}
	alice = User{"Alice", "alice@mail.com"} // see Mailbox and Plans
	taken = User{"Dora", "taken@mail.com"}  // see Directory
)

// day is the patience of the tour.
var day = Patience{Remind: 15 * time.Second, GiveUp: 24 * time.Hour}

// world is a running site with its partners.
type world struct {
	*restatetest.Env

	t         testing.TB
	directory *Directory
	mailbox   *Mailbox
	plans     *Plans
}

func start(t *testing.T, patience Patience, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	w.Env = restatetest.Start(t, append(opts, site(patience), fx.Populate(&w.directory, &w.mailbox, &w.plans))...)
	return w
}

func (w *world) signups(id string) ingress.Keyed[*Signup] {
	return ingress.NewWorkflow[*Signup](w.Ingress()).ID(id)
}

func (w *world) signup(id string, u User) (Status, error) {
	return ingress.Call(w.t.Context(), w.signups(id), (*Signup).Run, u)
}

func (w *world) paid(id string, u User) error {
	return ingress.CallVoid(w.t.Context(), ingress.NewWorkflow[*PaidSignup](w.Ingress()).ID(id), (*PaidSignup).Run, u)
}

func requireCode(t testing.TB, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
}

func TestUserIsSignedUpOnce(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, day, backend)
		_, err := ingress.Call0(t.Context(), w.signups("carl"), (*Signup).Status)
		requireCode(t, http.StatusNotFound, err)

		done, err := w.signup("carl", carl)
		require.NoError(t, err)
		require.Equal(t, Status{Step: "done", User: carl, Welcomed: true}, done)
		now, err := ingress.Call0(t.Context(), w.signups("carl"), (*Signup).Status)
		require.NoError(t, err)
		require.Equal(t, done, now)

		_, err = w.signup("carl", carl)
		requireCode(t, http.StatusConflict, err)
		require.Equal(t, map[string]bool{"carl": true}, w.directory.All())
		require.Equal(t, []string{"carl-welcome"}, w.mailbox.IDs())
	})
}

func TestWhoWaitsForAUserHearsOfIt(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, day, backend)
		early, err := ingress.Send0(t.Context(), w.signups("carl"), (*Signup).Created)
		require.NoError(t, err)
		_, err = w.signup("carl", carl)
		require.NoError(t, err)
		id, err := early.Attach(t.Context())
		require.NoError(t, err)
		require.Equal(t, "carl", id)

		_, err = w.signup("dora", taken)
		requireCode(t, http.StatusConflict, err)
		_, err = ingress.Call0(t.Context(), w.signups("dora"), (*Signup).Created)
		require.ErrorContains(t, err, "the address is taken")
		failed, err := ingress.Call0(t.Context(), w.signups("dora"), (*Signup).Status)
		require.NoError(t, err)
		require.Equal(t, "failed", failed.Step)
	})
}

func TestWelcomeIsGivenUpAndTheSignupGoesOn(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, day, backend)
		done, err := w.signup("alice", alice)
		require.NoError(t, err)
		require.Equal(t, Status{Step: "done", User: alice}, done)
		require.Equal(t, 3, w.mailbox.Refused())
		require.Equal(t, map[string]bool{"alice": true}, w.directory.All())
	})
}

func TestPaidSignupIsUndoneWithoutThePlan(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, day, backend)
		requireCode(t, http.StatusPaymentRequired, w.paid("alice", alice))
		require.Empty(t, w.directory.All())
		require.Empty(t, w.plans.All())

		require.NoError(t, w.paid("carl", carl))
		require.Equal(t, map[string]bool{"carl": true}, w.directory.All())
		require.Equal(t, map[string]User{"carl": carl}, w.plans.All())
	})
}
