package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
)

// API is the tea house's HTTP API: a chi controller whose routes are handlers.
type API struct {
	client  *ingress.Client
	carrier *Carrier
	addr    string
}

// NewAPI is the constructor of API. The API serves while the application runs: fx
// starts it after the handlers are registered, because it takes the ingress client.
func NewAPI(lc fx.Lifecycle, s settings, client *ingress.Client, carrier *Carrier, log *slog.Logger, down fx.Shutdowner) *API {
	a := &API{client: client, carrier: carrier, addr: s.addr}
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

// routes mounts handlers. The path and the body provide key and input, an
// Idempotency-Key is passed on, and errors are problem details.
func (a *API) routes() http.Handler {
	carts, orders := ingress.NewObject[*Cart](a.client), ingress.NewWorkflow[*Orders](a.client)
	payments, deliveries := ingress.NewService[*Payments](a.client), ingress.NewService[*Deliveries](a.client)
	later := ingress.Route{Send: true, StatusPath: "/invocations/{id}"}

	r := chi.NewRouter()
	r.Post("/charge", ingress.Handler(payments, (*Payments).Charge, nil))
	r.Post("/cart/{key}/add", ingress.Handler(carts, (*Cart).Add, nil))
	r.Get("/cart/{key}/total", ingress.Handler0(carts, (*Cart).Total, nil))
	r.Post("/orders/{id}", ingress.Handler(orders, (*Orders).Run, &later))
	r.Get("/orders/{id}", ingress.Handler0(orders, (*Orders).Progress, nil))
	r.Get("/invocations/{id}", ingress.StatusHandler(a.client))
	r.With(ingress.Verify(0, a.carrier.Check)).Post("/webhooks/carrier",
		ingress.HandlerVoid(deliveries, (*Deliveries).Record, &ingress.Route{Send: true, IdempotencyKey: eventID}))
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		ingress.WriteProblem(w, r, &ingress.RequestError{Status: http.StatusNotFound, Detail: "there is no such page"})
	})
	return r
}

// URL returns the base URL of the API.
func (a *API) URL() string { return "http://" + a.addr }
