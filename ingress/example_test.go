package ingress_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Payments is the service of the examples.
type Payments struct{}

type Charge struct {
	CartID string `path:"cart"`
	Cents  int    `json:"cents"`
}

func (*Payments) Charge(_ restate.Context, in Charge) (string, error) {
	if in.Cents <= 0 {
		return "", restate.ToTerminalError(errors.New("nothing to pay"), restate.WithErrorCode(http.StatusUnprocessableEntity))
	}
	return fmt.Sprintf("%s paid %d cents", in.CartID, in.Cents), nil
}

// exampleClient is what fx injects.
func exampleClient() *ingress.Client {
	client, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL()}, nil)
	if err != nil {
		panic(err)
	}
	return client
}

func ExampleCall() {
	ctx, client := context.Background(), exampleClient()
	payments := ingress.NewService[*Payments](client)

	receipt, err := ingress.Call(ctx, payments, (*Payments).Charge, Charge{"cart-1", 250},
		restate.WithIdempotencyKey("ExampleCall"))
	fmt.Println(receipt, err)
	// Output: cart-1 paid 250 cents <nil>
}

func ExampleCall0() {
	ctx, client := context.Background(), exampleClient()
	cart := ingress.NewObject[*Cart](client).Key("ExampleCall0")

	total, err := ingress.Call(ctx, cart, (*Cart).AddItem, Item{SKU: "tea", Quantity: 2})
	fmt.Println(total, err)
	total, err = ingress.Call0(ctx, cart, (*Cart).Total)
	fmt.Println(total, err)
	// Output:
	// 2 <nil>
	// 2 <nil>
}

func ExampleCallVoid() {
	ctx, client := context.Background(), exampleClient()
	signup := ingress.NewWorkflow[*Signup](client).ID("ExampleCallVoid")

	submitted, err := ingress.Send(ctx, signup, (*Signup).Run, "ada@example.com")
	fmt.Println(submitted.Status(), err)
	fmt.Println(ingress.CallVoid(ctx, signup, (*Signup).Confirm, "1234"))
	result, err := submitted.Attach(ctx)
	fmt.Println(result, err)
	// Output:
	// Accepted <nil>
	// <nil>
	// ada@example.com confirmed with 1234 <nil>
}

func ExampleSend() {
	ctx, client := context.Background(), exampleClient()
	payments := ingress.NewService[*Payments](client)

	sent, err := ingress.Send(ctx, payments, (*Payments).Charge, Charge{"cart-1", 250},
		restate.WithDelay(100*time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ready, err := sent.Output(ctx)
	fmt.Println("ready:", ready, err)
	receipt, err := sent.Attach(ctx)
	fmt.Println(receipt, err)
	// Output:
	// ready: false <nil>
	// cart-1 paid 250 cents <nil>
}

func ExampleLookup() {
	ctx, client := context.Background(), exampleClient()
	payments, orderID := ingress.NewService[*Payments](client), "ExampleLookup"

	_, _ = ingress.Send(ctx, payments, (*Payments).Charge, Charge{"cart-1", 250}, restate.WithIdempotencyKey(orderID))

	// Later, and elsewhere.
	receipt, err := ingress.Lookup(payments, (*Payments).Charge, restate.WithIdempotencyKey(orderID)).Attach(ctx)
	fmt.Println(receipt, err)
	// Output: cart-1 paid 250 cents <nil>
}

func ExampleHandleOf() {
	ctx, client := context.Background(), exampleClient()
	sent, _ := ingress.Send(ctx, ingress.NewService[*Payments](client), (*Payments).Charge, Charge{"cart-1", 250})
	id, _ := sent.ID(ctx) // kept somewhere

	receipt, err := ingress.HandleOf[string](client, id).Attach(ctx)
	fmt.Println(receipt, err)
	// Output: cart-1 paid 250 cents <nil>
}

func ExampleHandle_Cancel() {
	ctx := context.Background()
	// An application of package fxrestate has this canceller by itself.
	canceller, err := admin.New(admin.Config{URL: testkit.Server().AdminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL(), Canceller: canceller}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	signup := ingress.NewWorkflow[*Signup](client).ID("ExampleHandle_Cancel")
	sent, _ := ingress.Send(ctx, signup, (*Signup).Run, "ada@example.com")

	fmt.Println(sent.Cancel(ctx))
	_, err = sent.Attach(ctx)
	fmt.Println("cancelled:", durable.IsCancelled(err))
	// Output:
	// <nil>
	// cancelled: true
}

func ExampleNamed() {
	ctx, client := context.Background(), exampleClient()

	charge := ingress.Named[map[string]any, string](client, "Payments", "Charge")
	receipt, err := charge.Call(ctx, map[string]any{"CartID": "cart-1", "cents": 250})
	fmt.Println(receipt, err)
	// Output: cart-1 paid 250 cents <nil>
}

func ExampleResolve() {
	ctx, client := context.Background(), exampleClient()
	gate := ingress.NewObject[*Gate](client).Key("ExampleResolve")

	// The handler waits, and gave the awakeable's id away.
	waiting, _ := ingress.Send0(ctx, gate, (*Gate).Await)
	var id string
	for ; id == ""; time.Sleep(5 * time.Millisecond) {
		id, _ = ingress.Call0(ctx, gate, (*Gate).Awakeable)
	}
	fmt.Println(ingress.Resolve(ctx, client, gateOpened, id, "approved"))
	result, err := waiting.Attach(ctx)
	fmt.Println(result, err)
	// Output:
	// <nil>
	// approved <nil>
}

func ExampleWithResponse() {
	ctx, client := context.Background(), exampleClient()
	payments := ingress.NewService[*Payments](client)
	var response ingress.Response
	for range 2 {
		_, _ = ingress.Call(ctx, payments, (*Payments).Charge, Charge{"cart-1", 250},
			restate.WithIdempotencyKey("ExampleWithResponse"), ingress.WithResponse(&response))
		fmt.Println(response.InvocationID != "", response.Deduplicated)
	}
	// Output:
	// true false
	// true true
}

func ExampleError() {
	ctx, client := context.Background(), exampleClient()
	_, err := ingress.Call(ctx, ingress.NewService[*Payments](client), (*Payments).Charge, Charge{"cart-1", 0})
	var failed *ingress.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Source, failed.Code, failed.Message)
	}
	// Inside a handler the error of rpc.Call is the same.
	if failed, ok := errors.AsType[*ingress.CallError](err); ok {
		fmt.Println(failed.Target, failed.Code(), failed.Message(), failed.InvocationID != "")
	}
	fmt.Println("terminal:", restate.IsTerminalError(err))

	_, err = ingress.Named[string, string](client, "Nobody", "Greet").Call(ctx, "Ada")
	fmt.Println("unknown:", errors.Is(err, ingress.ErrNotFound))
	// Output:
	// invocation 422 nothing to pay
	// Payments/Charge 422 nothing to pay true
	// terminal: true
	// unknown: true
}

func ExampleHandler() {
	client := exampleClient()
	payments := ingress.NewService[*Payments](client)

	r := chi.NewRouter()
	r.Post("/carts/{cart}/payment", ingress.Handler(payments, (*Payments).Charge, nil))

	for _, body := range []string{`{"cents":250}`, `{"cents":0}`, `{"cents":"all"}`} {
		req := httptest.NewRequest(http.MethodPost, "/carts/cart-1/payment", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		fmt.Println(w.Code, w.Header().Get("Content-Type"))
	}
	// Output:
	// 200 application/json
	// 422 application/problem+json
	// 400 application/problem+json
}

func ExampleStatusHandler() {
	client := exampleClient()
	payments := ingress.NewService[*Payments](client)

	r := chi.NewRouter()
	r.Post("/carts/{cart}/payment", ingress.Handler(payments, (*Payments).Charge,
		&ingress.Route{Send: true, StatusPath: "/invocations/{id}"}))
	r.Get("/invocations/{id}", ingress.StatusHandler(client))

	req := httptest.NewRequest(http.MethodPost, "/carts/cart-1/payment", strings.NewReader(`{"cents":250}`))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	fmt.Println(w.Code)

	status := w.Header().Get("Location")
	for ; w.Code == http.StatusAccepted; time.Sleep(5 * time.Millisecond) {
		w = httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, status, nil))
	}
	fmt.Println(w.Code, w.Body)
	// Output:
	// 202
	// 200 "cart-1 paid 250 cents"
}

func ExampleVerify() {
	cart := ingress.NewObject[*Cart](exampleClient()).Key("ExampleVerify")

	r := chi.NewRouter()
	r.With(ingress.Verify(0, checkSignature)).Post("/webhooks/shop",
		ingress.Handler(cart, (*Cart).AddItem, &ingress.Route{Send: true, IdempotencyKey: eventID}))

	event := `{"sku":"evt_7","quantity":1}`
	for _, signature := range []string{sign(event), "00"} {
		req := httptest.NewRequest(http.MethodPost, "/webhooks/shop", strings.NewReader(event))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Signature", signature)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		fmt.Println(w.Code)
	}
	// Output:
	// 202
	// 401
}
