package interop_test

import (
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/rpc"
)

// What scripts and services exchange.
type (
	Charge struct {
		Cents int `json:"cents"`
	}
	Receipt struct {
		ID    string `json:"id"`
		Cents int    `json:"cents"`
	}
	Item struct {
		SKU   string `json:"sku"`
		Count int    `json:"count"`
	}
	Amounts struct {
		Cents []int   `json:"cents"`
		Rate  float64 `json:"rate,omitempty"`
	}
	Detour struct {
		Service string `json:"service"`
		Cents   int    `json:"cents"`
	}
)

// Payments is a service in Go that client.mjs calls.
type Payments struct{}

var errDeclined = errors.New("card declined")

func (*Payments) ChargeCard(_ restate.Context, in Charge) (Receipt, error) {
	if in.Cents < 0 {
		return Receipt{}, restate.ToTerminalError(errDeclined,
			restate.WithErrorCode(http.StatusPaymentRequired), restate.WithMetadata("from", "go"))
	}
	return Receipt{ID: fmt.Sprintf("r-%d", in.Cents), Cents: in.Cents}, nil
}

func (*Payments) Ping(restate.Context) (string, error) { return "pong", nil }

// Basket is a virtual object in Go that client.mjs calls.
type Basket struct{}

func (*Basket) AddItem(ctx restate.ObjectContext, item Item) (int, error) {
	items, err := restate.Get[[]Item](ctx, "items")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "items", append(items, item))
	return len(items) + 1, nil
}

func (*Basket) ListItems(ctx restate.ObjectSharedContext) ([]Item, error) {
	items, err := restate.Get[[]Item](ctx, "items")
	return append([]Item{}, items...), err
}

func (*Basket) ClearAll(ctx restate.ObjectContext) error {
	restate.ClearAll(ctx)
	return nil
}

// Delivery is a workflow in Go that client.mjs submits and attaches to.
type Delivery struct{}

func (*Delivery) Run(ctx restate.WorkflowContext, what string) (string, error) {
	name, err := restate.Promise[string](ctx, "name").Result()
	return what + " for " + name, err
}

func (*Delivery) SignOff(ctx restate.WorkflowSharedContext, name string) error {
	return restate.Promise[string](ctx, "name").Resolve(name)
}

// Rates, Ledger and Signup are the contracts of what services.mjs serves.
type (
	Rates  struct{}
	Ledger struct{}
	Signup struct{}
)

func (*Rates) ConvertAll(restate.Context, Amounts) (Amounts, error) { panic("remote") }
func (*Rates) Refuse(restate.Context, string) error                 { panic("remote") }
func (*Rates) ViaGo(restate.Context, Detour) (Receipt, error)       { panic("remote") }
func (*Rates) Ping(restate.Context) (string, error)                 { panic("remote") }
func (*Rates) FindReceipt(restate.Context) (*Receipt, error)        { panic("remote") }

func (*Ledger) AddEntry(restate.ObjectContext, int) (int, error)   { panic("remote") }
func (*Ledger) ReadTotal(restate.ObjectSharedContext) (int, error) { panic("remote") }
func (*Ledger) ClearAll(restate.ObjectContext) error               { panic("remote") }

func (*Signup) Run(restate.WorkflowContext, string) (string, error) { panic("remote") }
func (*Signup) SayWord(restate.WorkflowSharedContext, string) error { panic("remote") }

// Caller is a service in Go that calls those in TypeScript.
type Caller struct {
	rates  rpc.Service[*Rates]
	ledger rpc.Object[*Ledger]
	signup rpc.Workflow[*Signup]
}

func NewCaller(rates rpc.Service[*Rates], ledger rpc.Object[*Ledger], signup rpc.Workflow[*Signup]) *Caller {
	return &Caller{rates, ledger, signup}
}

// Found is what Caller got.
type Found struct {
	Converted        []int
	Pong             string
	Receipt          *Receipt
	Added, Sent      int
	Later, Total     int
	Cleared          int
	Workflow         string
	Detour           Receipt
	Refusal          string
	Code             restate.Code
	Metadata         map[string]string
	SentInvocationID string
}

// CallAll calls each of the handlers in TypeScript.
func (c *Caller) CallAll(ctx restate.Context, key string) (found Found, err error) {
	converted, err := rpc.Call(ctx, c.rates, (*Rates).ConvertAll, Amounts{Cents: []int{100, 250}, Rate: 1.1})
	if err != nil {
		return found, err
	}
	found.Converted = converted.Cents
	if found.Pong, err = rpc.Call0(ctx, c.rates, (*Rates).Ping); err != nil {
		return found, err
	}
	found.Receipt = &Receipt{ID: "old"}
	if found.Receipt, err = rpc.Call0(ctx, c.rates, (*Rates).FindReceipt); err != nil {
		return found, err
	}
	if found.Detour, err = rpc.Call(ctx, c.rates, (*Rates).ViaGo, Detour{Service: "payments", Cents: 7}); err != nil {
		return found, err
	}
	refusal := restate.AsTerminalError(rpc.CallVoid(ctx, c.rates, (*Rates).Refuse, "no tea"))
	if refusal != nil {
		found.Refusal, found.Code, found.Metadata = refusal.Error(), refusal.Code(), refusal.Metadata().ToMap()
	}
	if err := c.callLedger(ctx, c.ledger.Key(key), &found); err != nil {
		return found, err
	}
	run, err := rpc.Send(ctx, c.signup.ID(key), (*Signup).Run, "Ada says")
	if err != nil {
		return found, err
	}
	if err = rpc.CallVoid(ctx, c.signup.ID(key), (*Signup).SayWord, "yes"); err != nil {
		return found, err
	}
	found.Workflow, err = run.Attach(ctx)
	return found, err
}

func (c *Caller) callLedger(ctx restate.Context, ledger rpc.Keyed[*Ledger], found *Found) (err error) {
	if found.Added, err = rpc.Call(ctx, ledger, (*Ledger).AddEntry, 5); err != nil {
		return err
	}
	sent, err := rpc.Send(ctx, ledger, (*Ledger).AddEntry, 10)
	if err != nil {
		return err
	}
	if found.SentInvocationID, err = sent.ID(ctx); err != nil {
		return err
	}
	if found.Sent, err = sent.Attach(ctx); err != nil {
		return err
	}
	later, err := rpc.Start(ctx, ledger, (*Ledger).AddEntry, 100)
	if err != nil {
		return err
	}
	if found.Later, err = later.Await(ctx); err != nil {
		return err
	}
	if found.Total, err = rpc.Call0(ctx, ledger, (*Ledger).ReadTotal); err != nil {
		return err
	}
	if err = rpc.Call0Void(ctx, ledger, (*Ledger).ClearAll); err != nil {
		return err
	}
	found.Cleared, err = rpc.Call0(ctx, ledger, (*Ledger).ReadTotal)
	return err
}
