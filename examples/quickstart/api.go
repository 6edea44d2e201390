package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
)

// API is the shop's HTTP API, a chi controller like any other. It calls the
// shop's handlers through the ingress.
type API struct {
	carts  ingress.Object[*Cart]
	orders ingress.Workflow[*Order]
	server *httpserver.Server
}

// NewAPI is the constructor of API. The server serves its routes: see main.
func NewAPI(client *ingress.Client, server *httpserver.Server) *API {
	return &API{ingress.NewObject[*Cart](client), ingress.NewWorkflow[*Order](client), server}
}

// routes are the routes of the API. The server has /readyz and /livez.
func (a *API) routes() http.Handler {
	r := chi.NewRouter()
	r.Post("/carts/{key}/items", ingress.Handler(a.carts, (*Cart).Add, &ingress.Route{CurlData: true}))
	r.Put("/orders/{id}", a.placeOrder())
	r.Get("/orders/{id}", ingress.Handler0(a.orders, (*Order).Status, nil))
	r.Get("/orders/{id}/events", a.follow)
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

// follow streams the status of an order, as server-sent events, until it is shipped.
// Its context ends when the client has gone, and when the application stops.
func (a *API) follow(w http.ResponseWriter, r *http.Request) {
	order, ctx := a.orders.ID(ingress.PathValue(r, "id")), r.Context()
	for last := ""; last != "shipped"; {
		status, err := ingress.Call0(ctx, order, (*Order).Status)
		if err != nil {
			if last == "" {
				ingress.WriteProblem(w, r, err)
			}
			return
		}
		if status.Step != last {
			last = status.Step
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprintf(w, "data: %s\n\n", last)
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// URL returns the base URL of the API.
func (a *API) URL() string { return a.server.URL() }

// Requests returns three requests to try, for an order that does not exist yet.
func (a *API) Requests() string {
	return fmt.Sprintf(`  curl -X POST %[1]s/carts/ada/items -d '{"sku":"teapot","quantity":2,"price":1950}'
  curl -X PUT %[1]s/orders/%[2]s -d '{"customer":"ada"}'
  curl %[1]s/orders/%[2]s
`, a.URL(), newOrderID())
}

func newOrderID() string { return "order-" + rand.Text()[:6] }
