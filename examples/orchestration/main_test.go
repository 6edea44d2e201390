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

// world is a running company with its partners.
type world struct {
	*restatetest.Env

	t         testing.TB
	billing   *Billing
	streaming *Streaming
	provider  *Provider
	post      *Post
}

func start(t *testing.T, patience time.Duration, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	w.Env = restatetest.Start(t, append(opts, company(Patience(patience)),
		fx.Populate(&w.billing, &w.streaming, &w.provider, &w.post))...)
	return w
}

func (w *world) subscribe(card string, services ...string) error {
	_, err := ingress.Call(w.t.Context(), ingress.NewService[*Subscriptions](w.Ingress()), (*Subscriptions).Add, Subscribe{"ada", card, services})
	return err
}

func (w *world) saga(services ...string) error {
	_, err := ingress.Call(w.t.Context(), ingress.NewService[*Saga](w.Ingress()), (*Saga).Add, Subscribe{"ada", "4111", services})
	return err
}

func (w *world) buy(cents int, starts time.Time, opts ...ingress.RequestOption) (string, error) {
	return ingress.Call(w.t.Context(), ingress.NewService[*Concerts](w.Ingress()), (*Concerts).Buy, Purchase{"ada", cents, starts}, opts...)
}

func (w *world) deposit(cents int) {
	w.t.Helper()
	account := ingress.NewObject[*Account](w.Ingress()).Key("ada")
	_, err := ingress.Call(w.t.Context(), account, (*Account).Deposit, cents)
	require.NoError(w.t, err)
}

func (w *world) requireBalance(cents int) {
	w.t.Helper()
	account := ingress.NewObject[*Account](w.Ingress()).Key("ada")
	now, err := ingress.Call0(w.t.Context(), account, (*Account).Balance)
	require.NoError(w.t, err)
	require.Equal(w.t, cents, now)
}

func requireCode(t testing.TB, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		for name, test := range map[string]struct {
			card     string
			services []string
			code     restate.Code // 0: success
			active   []string
			tries    int // of the payment
		}{
			"are added":                                {"4111", []string{"Hulu", "Prime"}, 0, []string{"Hulu", "Prime"}, 1},
			"wait for a service that is down":          {"4111", []string{"Hulu", "Netflix"}, 0, []string{"Hulu", "Netflix"}, 1},
			"need a card":                              {"", []string{"Hulu"}, http.StatusUnprocessableEntity, []string{}, 0},
			"give up a payment after three attempts":   {"0000", []string{"Hulu"}, http.StatusInternalServerError, []string{}, 3},
			"that fail leave what was done before":     {"4111", []string{"Hulu", "Disney"}, http.StatusConflict, []string{"Hulu"}, 1},
			"that nobody wants are paid for all alone": {"4111", nil, 0, []string{}, 1},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := start(t, time.Minute, backend)
				if err := w.subscribe(test.card, test.services...); test.code == 0 {
					require.NoError(t, err)
				} else {
					requireCode(t, test.code, err)
				}
				require.Equal(t, test.active, w.streaming.All())
				require.Equal(t, test.tries, w.billing.Tries())
			})
		}
	})
}

func TestSagaSubscribesToAllOrNone(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, time.Minute, backend)
		requireCode(t, http.StatusConflict, w.saga("Hulu", "Prime", "Disney"))
		require.Empty(t, w.streaming.All())
		require.Empty(t, w.billing.All())

		require.NoError(t, w.saga("Hulu", "Netflix"))
		require.Equal(t, []string{"Hulu", "Netflix"}, w.streaming.All())
		require.Equal(t, []string{"4111"}, w.billing.All())
	})
}

func TestParallelSubscriptionsTellWhatCameOfEach(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, time.Minute, backend)
		out, err := ingress.Call(t.Context(), ingress.NewService[*Parallel](w.Ingress()), (*Parallel).Add,
			Subscribe{"ada", "4111", []string{"Netflix", "Disney", "Hulu", "Prime"}})
		require.NoError(t, err)
		require.Equal(t, []string{"Netflix", "Hulu", "Prime"}, out.Active)
		require.Equal(t, map[string]string{"Disney": "Disney is not for sale"}, out.Failed)
		require.Equal(t, []string{"Hulu", "Netflix", "Prime"}, w.streaming.All())
	})
}

func TestLibraryIsOfOneUser(t *testing.T) {
	t.Parallel()
	w := start(t, time.Minute, restatetest.InProcess)
	libraries := ingress.NewObject[*Library](w.Ingress())
	for _, service := range []string{"Hulu", "Prime", "Hulu"} {
		require.NoError(t, ingress.CallVoid(t.Context(), libraries.Key("ada"), (*Library).Add, service))
	}
	for user, services := range map[string][]string{"ada": {"Hulu", "Prime"}, "bob": {}} {
		all, err := ingress.Call0(t.Context(), libraries.Key(user), (*Library).List)
		require.NoError(t, err)
		require.Equal(t, services, all, user)
	}
	at, found := restatetest.Get(restatetest.StateOf[*Library](w.Env, "ada"), updated)
	require.True(t, found)
	require.False(t, at.IsZero())
}

func TestOverdraftIsRefusedAndLeavesTheBalance(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, time.Minute, backend)
		w.deposit(10_000)
		_, err := w.buy(8_000, w.Now())
		require.NoError(t, err)
		_, err = w.buy(8_000, w.Now())
		requireCode(t, http.StatusPaymentRequired, err)
		w.requireBalance(2_000)
	})
}

func TestConcertIsPaidOncePerIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := start(t, time.Minute, restatetest.InProcess)
	w.deposit(10_000)
	first, err := w.buy(4_000, w.Now(), restate.WithIdempotencyKey("a"))
	require.NoError(t, err)
	again, err := w.buy(4_000, w.Now(), restate.WithIdempotencyKey("a"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	w.requireBalance(6_000)
}

func TestReminderComesOnTheDayBeforeTheConcert(t *testing.T) {
	t.Parallel()
	w := start(t, time.Minute, restatetest.InProcess, restatetest.ManualClock)
	w.deposit(10_000)
	_, err := w.buy(4_000, w.Now().AddDate(0, 0, 10))
	require.NoError(t, err)
	w.Until(func() bool { return len(w.post.All()) == 1 }, "the ticket is sent")

	w.Advance(8 * 24 * time.Hour)
	require.Equal(t, []string{"ada: your ticket"}, w.post.All())
	w.Advance(24 * time.Hour)
	w.Until(func() bool { return len(w.post.All()) == 2 }, "the reminder is sent")
	require.Equal(t, []string{"ada: see you tomorrow", "ada: your ticket"}, w.post.All())
}
