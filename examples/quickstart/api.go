package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// API is the shop's HTTP API, a chi controller like any other. It calls the
// shop's handlers through the ingress.
type API struct {
	carts  ingress.Object[*Cart]
	orders ingress.Workflow[*Order]
	health *fxrestate.Health
	addr   string
}

// NewAPI is the constructor of API. The API serves while the application runs: fx
// starts it after the handlers are registered, because it takes the ingress client.
func NewAPI(lc fx.Lifecycle, client *ingress.Client, health *fxrestate.Health, log *slog.Logger, down fx.Shutdowner) *API {
	a := &API{
		carts:  ingress.NewObject[*Cart](client),
		orders: ingress.NewWorkflow[*Order](client),
		health: health,
		addr:   cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000"),
	}
	srv := &http.Server{Handler: a.routes(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan struct{})
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", a.addr)
			if err != nil {
				return fmt.Errorf("%w; set ADDR to another address", err)
			}
			a.addr = l.Addr().String()
			go func() {
				defer close(served)
				if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					log.Error("the API has ended", "error", err)
					_ = down.Shutdown(fx.ExitCode(1))
				}
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			err := srv.Shutdown(ctx)
			<-served
			return err
		},
	})
	return a
}

func (a *API) routes() http.Handler {
	r := chi.NewRouter()
	r.Post("/carts/{key}/items", ingress.Handler(a.carts, (*Cart).Add, &ingress.Route{CurlData: true}))
	r.Put("/orders/{id}", a.placeOrder())
	r.Get("/orders/{id}", ingress.Handler0(a.orders, (*Order).Status, nil))
	r.Method(http.MethodGet, "/readyz", a.health.ReadyHandler())
	r.Method(http.MethodGet, "/livez", a.health.LiveHandler())
	return r
}

// placeOrder starts the workflow of an order and does not wait for it. A second
// request with the same id is for the same order.
func (a *API) placeOrder() http.HandlerFunc {
	start := ingress.Handler(a.orders, (*Order).Run, &ingress.Route{Send: true, CurlData: true})
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/orders/"+url.PathEscape(ingress.PathValue(r, "id")))
		start(w, r)
	}
}

// URL returns the base URL of the API.
func (a *API) URL() string { return "http://" + a.addr }

// Requests returns three requests to try, for an order that does not exist yet.
func (a *API) Requests() string {
	return fmt.Sprintf(`  curl -X POST %[1]s/carts/ada/items -d '{"sku":"teapot","quantity":2,"price":1950}'
  curl -X PUT %[1]s/orders/%[2]s -d '{"customer":"ada"}'
  curl %[1]s/orders/%[2]s
`, a.URL(), newOrderID())
}

func newOrderID() string { return "order-" + rand.Text()[:6] }
