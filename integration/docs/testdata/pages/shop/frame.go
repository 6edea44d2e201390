// Package shop is the frame in which the tests compile the code of the README and of most
// pages: what the blocks take for granted. A declaration that a block has itself is left
// out of its frame.
package shop

import (
	"context"
	"crypto/tls"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
)

type (
	CardTerminal struct{}
	Courier      struct{}

	Item     struct{}
	Contents struct{ Total int }

	Charge  struct{ Cents int }
	Receipt struct{}

	Trip struct {
		Customer string
		Flight   string
	}
	Booking struct{}
)

func NewCardTerminal() *CardTerminal { return nil }

type Gateway struct{}

func NewGateway() *Gateway { return nil }

func NewCourier() *Courier { return nil }

type Payments struct{}

func NewPayments() *Payments { return nil }

func (*Payments) Charge(restate.Context, Charge) (Receipt, error) { return Receipt{}, nil }

func (*Payments) Settle(restate.Context, Receipt) (Receipt, error) { return Receipt{}, nil }

type PaymentsClient interface {
	Charge(ctx restate.Context, in Charge, opts ...restate.RequestOption) (Receipt, error)
}

type Cart struct{}

func NewCart() *Cart { return nil }

func (*Cart) Add(restate.ObjectContext, Item) (Contents, error) { return Contents{}, nil }

func (*Cart) View(restate.ObjectSharedContext) (Contents, error) { return Contents{}, nil }

type CartClient interface {
	Key(key string) CartCalls
}

type CartCalls interface {
	View(ctx restate.Context, opts ...restate.RequestOption) (Contents, error)
}

type Order struct{}

func NewOrder() *Order { return nil }

func (*Order) Run(restate.WorkflowContext, Charge) (Receipt, error) { return Receipt{}, nil }

type Deliveries struct{}

func (*Deliveries) Record(restate.Context, string) error { return nil }

type FlightClient interface {
	Key(key string) FlightCalls
}

type FlightCalls interface {
	Reserve(ctx restate.Context, in string, opts ...restate.RequestOption) (string, error)
	Cancel(ctx restate.Context, in string, opts ...restate.RequestOption) error
}

type Trips struct{ flights FlightClient }

func (*Trips) pay(restate.Context, Trip, string) (Booking, error) { return Booking{}, nil }

type Decision struct{ Approved bool }

type Refunds struct {
	mail Mail
	bank Bank
}

type Mail interface {
	Ask(ctx context.Context, awakeable string) error
}

type Bank interface {
	Refund(ctx context.Context, charge Charge) (Receipt, error)
}

func NewRefunds(mail Mail, bank Bank) *Refunds { return &Refunds{mail, bank} }

func (*Refunds) Request(restate.Context, Charge) (Receipt, error) { return Receipt{}, nil }

type fakeMail struct{}

func (fakeMail) Ask(context.Context, string) error { return nil }

type fakeBank struct{}

func (fakeBank) Refund(context.Context, Charge) (Receipt, error) { return Receipt{}, nil }

type countingBank struct{ fakeBank }

func (*countingBank) calls() map[string]int { return nil }

type PaymentsFake struct {
	Charge func(context.Context, Charge) (Receipt, error)
}

func (PaymentsFake) Client() PaymentsClient { return nil }

type CartFake struct {
	View func(context.Context, string) (Contents, error)
}

func (CartFake) Client() CartClient { return nil }

type Orders struct{}

func NewOrders(PaymentsClient, CartClient) *Orders { return nil }

func (*Orders) Place(restate.Context, string) (Receipt, error) { return Receipt{}, nil }

var shop = fx.Options()

type Offers struct{}

type API struct{ client *ingress.Client }

func NewAPI(client *ingress.Client) *API { return &API{client} }

func (*API) routes() http.Handler { return nil }

func (*API) signed(*http.Request, []byte) error { return nil }

func eventID(*http.Request, []byte) (string, error) { return "", nil }

// Alarms wake somebody.
type Alarms struct{}

// Send sends a text.
func (*Alarms) Send(string) {}

func NewMetrics() pipeline.Observer { return nil }

func NewAudit() pipeline.Interceptor { return nil }

type Tickets struct{}

func NewTickets() *Tickets { return nil }

type Inbox struct{}

func NewInbox() *Inbox { return nil }

func NewTenantGuard() pipeline.Guard { return nil }

func NewAmountGuard() pipeline.Guard { return nil }

type Limit int

var certificate tls.Certificate

func startLambda(server.LambdaHandlerFunc) {}

// Declined is an error of a bank.
type Declined struct{}

func (*Declined) Error() string { return "declined" }

type httpBank struct{}

func (*httpBank) post(context.Context, Charge) (Receipt, int, error) { return Receipt{}, 0, nil }

func mapBankErrors(error) restate.TerminalError { return nil }
