package main

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/database/databasetest"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/orders"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/restatetest"
)

// balance is what the tables have of a customer and of a product.
type balance struct {
	Points, Tokens, Cents, Version int
}

func balanceOf(t testing.TB, db *sql.DB) (b balance) {
	t.Helper()
	row := db.QueryRowContext(t.Context(), `SELECT
		(SELECT points FROM customers WHERE email = 'ada'), (SELECT COUNT(*) FROM tokens), cents, version
		FROM products WHERE sku = 'cup'`)
	require.NoError(t, row.Scan(&b.Points, &b.Tokens, &b.Cents, &b.Version))
	return b
}

// withAda opens a database that has Ada as a customer.
func withAda(t testing.TB, source database.Source) *sql.DB {
	t.Helper()
	db := databasetest.Open(t, source)
	require.NoError(t, customers.NewLedger(db).Open(t.Context(), "ada"))
	return db
}

func earn(t testing.TB, env *restatetest.Env) ingress.Handle[restate.Void] {
	t.Helper()
	points := ingress.NewService[*customers.Points](env.Ingress())
	sent, err := ingress.SendVoid(t.Context(), points, (*customers.Points).Earn, customers.Award{Email: "ada", Points: 5})
	require.NoError(t, err)
	return sent
}

func reprice(t testing.TB, env *restatetest.Env) ingress.Handle[catalogue.Price] {
	t.Helper()
	cup := ingress.NewObject[*catalogue.Product](env.Ingress()).Key("cup")
	sent, err := ingress.Send(t.Context(), cup, (*catalogue.Product).Reprice, catalogue.Change{Percent: 100})
	require.NoError(t, err)
	return sent
}

// silence keeps the first result of a step from the server: the step has had its effect, and
// the process does not live to say so.
type silence struct {
	step string
	once sync.Once
	held chan struct{}
}

func (s *silence) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	result, err := next(ctx, step)
	if step.Name() == s.step {
		s.once.Do(func() {
			close(s.held)
			<-ctx.Done()
		})
	}
	return result, err
}

func TestUpdateIsMadeOnceAlthoughItsProcessDiesBeforeItSaysSo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step string
		send func(t testing.TB, env *restatetest.Env) (wait func() error)
		want balance
	}{
		"by a token": {"add", func(t testing.TB, env *restatetest.Env) func() error {
			sent := earn(t, env)
			return func() error { _, err := sent.Attach(t.Context()); return err }
		}, balance{Points: 5, Tokens: 1, Cents: 750}},
		"on the condition of a version": {"replace", func(t testing.TB, env *restatetest.Env) func() error {
			sent := reprice(t, env)
			return func() error { _, err := sent.Attach(t.Context()); return err }
		}, balance{Cents: 1500, Version: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, fresh func() database.Source) {
				source := fresh()
				db := withAda(t, source)
				silent := &silence{step: test.step, held: make(chan struct{})}
				env := restatetest.Start(t, on(source), fxrestate.Use(fxrestate.StepInterceptors(silent)))
				wait := test.send(t, env)
				<-silent.held
				require.Equal(t, test.want, balanceOf(t, db), "the update is made")

				env.KillApp()
				env.StartApp()
				require.NoError(t, wait())
				require.Equal(t, test.want, balanceOf(t, db))
			})
		})
	}
}

// The last token is forgotten a day later, when all is done.
func TestUpdatesSurviveACrashAnywhere(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, fresh func() database.Source) {
		var db *sql.DB
		restatetest.CrashEverywhere(t, restatetest.Scenario{
			App: func() []fx.Option {
				source := fresh()
				db = withAda(t, source)
				return []fx.Option{restatetest.InProcess, on(source)}
			},
			Do: func(t testing.TB, env *restatetest.Env) any {
				_, earned := earn(t, env).Attach(t.Context())
				price, err := reprice(t, env).Attach(t.Context())
				return []any{earned, price, err}
			},
			Exactly: func() any { return balanceOf(t, db) },
		})
		require.Equal(t, balance{Points: 5, Cents: 1500, Version: 1}, balanceOf(t, db))
	})
}

func TestOrderSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{"when it is paid": payments.Settled, "when it is undone": payments.Failed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var (
				bank   *payments.Bank
				mailer *notifications.Mailer
			)
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					bank, mailer = payments.NewBank(quiet), notifications.NewMailer(quiet) // outside: they do not die
					return []fx.Option{restatetest.InProcess, on(database.Source(t.TempDir() + "/shop.db")), fx.Replace(bank, mailer)}
				},
				Do:      func(t testing.TB, env *restatetest.Env) any { return buy(t, env, event) },
				Exactly: func() any { return []any{bank.Taken(), mailer.Texts("ada")} },
				Limit:   20,
				Within:  time.Minute,
			})
		})
	}
}

// buy fills a cart, orders it, and returns what comes of that.
func buy(t testing.TB, env *restatetest.Env, event string) any {
	t.Helper()
	cart := ingress.NewObject[*carts.Cart](env.Ingress()).Key("ada")
	if _, err := ingress.Call(t.Context(), cart, (*carts.Cart).AddItem, carts.Item{SKU: "cup", Quantity: 2}); err != nil {
		return err
	}
	order := ingress.NewWorkflow[*orders.Order](env.Ingress()).ID("1")
	sent, err := ingress.Send(t.Context(), order, (*orders.Order).Run, orders.Place{Customer: "ada"})
	if err != nil {
		return err
	}
	events := ingress.NewService[*orders.BankEvents](env.Ingress())
	if err := ingress.CallVoid(t.Context(), events, (*orders.BankEvents).Record, payments.Event{ID: "1", Type: event, Order: "1"}); err != nil {
		return err
	}
	paid, err := sent.Attach(t.Context())
	return []any{paid, err}
}
