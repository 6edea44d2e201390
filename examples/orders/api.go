package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
)

// API is the tea house's HTTP API: a chi controller whose routes are handlers.
type API struct {
	client  *ingress.Client
	carrier *Carrier
	server  *httpserver.Server
}

// NewAPI is the constructor of API. The server serves its routes: see main.
func NewAPI(client *ingress.Client, carrier *Carrier, server *httpserver.Server) *API {
	return &API{client, carrier, server}
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
func (a *API) URL() string { return a.server.URL() }
