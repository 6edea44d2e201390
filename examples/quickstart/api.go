package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// API is the shop's HTTP API, a chi controller like any other. It calls the
// shop's handlers through the ingress.
type API struct {
	carts  ingress.ObjectClient[*Cart]
	orders ingress.WorkflowClient[*Order]
	health *fxrestate.Health
	addr   string
}

// NewAPI is the constructor of API. It serves while the application runs: fx
// starts what takes the ingress client after the handlers are registered.
func NewAPI(lc fx.Lifecycle, client *ingress.Client, health *fxrestate.Health, down fx.Shutdowner) *API {
	a := &API{
		carts:  ingress.Object[*Cart](client),
		orders: ingress.Workflow[*Order](client),
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
	r.Use(middleware.RequestSize(1 << 20))
	r.Post("/carts/{customer}/items", a.addItem)
	r.Put("/orders/{id}", a.placeOrder)
	r.Get("/orders/{id}", a.orderStatus)
	r.Method(http.MethodGet, "/readyz", a.health.ReadyHandler())
	r.Method(http.MethodGet, "/livez", a.health.LiveHandler())
	return r
}

func (a *API) addItem(w http.ResponseWriter, r *http.Request) {
	var item Item
	if !read(w, r, &item) {
		return
	}
	cart, err := ingress.Call(r.Context(), a.carts.Key(chi.URLParam(r, "customer")), (*Cart).Add, item)
	write(w, http.StatusOK, cart, err)
}

// placeOrder starts the workflow of an order and does not wait for it. An order
// with the same id is the same order.
func (a *API) placeOrder(w http.ResponseWriter, r *http.Request) {
	var in PlaceOrder
	if !read(w, r, &in) {
		return
	}
	id := chi.URLParam(r, "id")
	sent, err := ingress.Send(r.Context(), a.orders.ID(id), (*Order).Run, in)
	w.Header().Set("Location", "/orders/"+id)
	write(w, http.StatusAccepted, map[string]string{"order": id, "status": string(sent.Status())}, err)
}

func (a *API) orderStatus(w http.ResponseWriter, r *http.Request) {
	status, err := ingress.Call0(r.Context(), a.orders.ID(chi.URLParam(r, "id")), (*Order).Status)
	write(w, http.StatusOK, status, err)
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, "the body is not what it should be: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func write(w http.ResponseWriter, status int, out any, err error) {
	if err != nil {
		status, out = http.StatusBadGateway, map[string]string{"error": err.Error()}
		if e, ok := errors.AsType[*ingress.Error](err); ok {
			status = e.Status
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// URL is where the API answers.
func (a *API) URL() string { return "http://" + a.addr }

// Requests are three requests to try, with an order that is not there yet.
func (a *API) Requests() string {
	return fmt.Sprintf(`  curl -X POST %[1]s/carts/ada/items -d '{"sku":"teapot","quantity":2,"price":1950}'
  curl -X PUT %[1]s/orders/%[2]s -d '{"customer":"ada"}'
  curl %[1]s/orders/%[2]s
`, a.URL(), newOrderID())
}

func newOrderID() string { return "order-" + rand.Text()[:6] }
