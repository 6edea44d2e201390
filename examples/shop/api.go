package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/greeter"
	"github.com/fxrestate/go/examples/shop/orders"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/examples/shop/signups"
	"github.com/fxrestate/go/ingress"
)

// API is the shop's HTTP API: a chi controller whose routes are handlers.
type API struct {
	client *ingress.Client
	signed *payments.Signature
}

// NewAPI is the constructor of API.
func NewAPI(client *ingress.Client, signed *payments.Signature) *API { return &API{client, signed} }

// routes mounts the handlers. The path and the body provide key and input, an
// Idempotency-Key is passed on, and errors are problem details.
func (a *API) routes() http.Handler {
	later := &ingress.Route{Send: true, StatusPath: "/invocations/{id}"}
	r := chi.NewRouter()

	pay := ingress.NewService[*payments.Service](a.client)
	r.Post("/charges", ingress.Handler(pay, (*payments.Service).Charge, nil))
	r.Post("/refunds", ingress.HandlerVoid(pay, (*payments.Service).Refund, nil))

	cart := ingress.NewObject[*carts.Cart](a.client)
	r.Post("/carts/{key}/items", ingress.Handler(cart, (*carts.Cart).AddItem, nil))
	r.Get("/carts/{key}/total", ingress.Handler0(cart, (*carts.Cart).GetTotal, nil))

	product := ingress.NewObject[*catalogue.Product](a.client)
	r.Get("/products/{key}", ingress.Handler0(product, (*catalogue.Product).Price, nil))
	r.Patch("/products/{key}", ingress.Handler(product, (*catalogue.Product).Reprice, nil))

	signup := ingress.NewWorkflow[*signups.Signup](a.client)
	r.Put("/signups/{id}", ingress.Handler(signup, (*signups.Signup).Run, later))
	r.Get("/signups/{id}", ingress.Handler0(signup, (*signups.Signup).Status, nil))
	r.Post("/signups/{id}/code", ingress.HandlerVoid(signup, (*signups.Signup).Confirm, nil))

	points := ingress.NewService[*customers.Points](a.client)
	r.Get("/customers/{email}/points", ingress.Handler(points, (*customers.Points).Count, nil))

	order := ingress.NewWorkflow[*orders.Order](a.client)
	r.Put("/orders/{id}", ingress.Handler(order, (*orders.Order).Run, later))
	r.Get("/orders/{id}", ingress.Handler0(order, (*orders.Order).Status, nil))
	r.Get("/invocations/{id}", ingress.StatusHandler(a.client))

	events := ingress.NewService[*orders.BankEvents](a.client)
	r.With(ingress.Verify(0, a.signed.Check)).Post("/webhooks/bank",
		ingress.HandlerVoid(events, (*orders.BankEvents).Record, &ingress.Route{Send: true, IdempotencyKey: payments.EventID}))

	r.Get("/greetings/{name}", ingress.Handler(ingress.NewService[*greeter.Service](a.client), (*greeter.Service).Greet, nil))
	return r
}
