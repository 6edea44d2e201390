package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Airline stands for what is outside of Restate.
type Airline struct{}

func (Airline) Reserve(flight string) (reservation string, err error) {
	fmt.Println("reserve", flight)
	return "R1", nil
}

func (Airline) Cancel(reservation string) error {
	fmt.Println("cancel", reservation)
	return nil
}

// Bank is outside, too.
type Bank struct{}

func (Bank) Charge(_ string, cents int) error {
	fmt.Println("charge", cents)
	return restate.ToTerminalError(errors.New("insufficient funds"), restate.WithErrorCode(http.StatusPaymentRequired))
}

func (Bank) Refund(_ string) error {
	fmt.Println("refund")
	return nil
}

// Travel undoes what is learned from a step by what is registered after it, and
// what has an id of its own by what is registered before.
type Travel struct {
	airline Airline
	bank    Bank
}

func (t *Travel) Book(ctx restate.Context, flight string) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		reservation, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
			return t.airline.Reserve(flight)
		}, restate.WithName("reserve"))
		if err != nil {
			return "", err
		}
		undo.Step("cancel-reservation", func(restate.RunContext) error { return t.airline.Cancel(reservation) })

		payment := restate.UUID(ctx).String()
		undo.Step("refund", func(restate.RunContext) error { return t.bank.Refund(payment) })
		if err := restate.RunVoid(ctx, func(restate.RunContext) error {
			return t.bank.Charge(payment, 9900)
		}, restate.WithName("charge")); err != nil {
			return "", err
		}
		return reservation, nil
	})
}

func ExampleSaga() {
	client, stop := testkit.StartApp(fxrestate.Service[*Travel](func() *Travel { return &Travel{} }))
	defer stop()
	_, err := ingress.Call(context.Background(), ingress.NewService[*Travel](client), (*Travel).Book, "LH 1")
	fmt.Println(restate.AsTerminalError(err).Message())
	// Output:
	// reserve LH 1
	// charge 9900
	// refund
	// cancel R1
	// insufficient funds
}
