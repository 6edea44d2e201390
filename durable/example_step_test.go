package durable_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

var charge = durable.NewStep[string]("charge-card", durable.Retry{MaxAttempts: 3, InitialInterval: time.Millisecond})

// The function runs once, unless it fails. When the retries are at their end, the step
// fails with a terminal error.
func ExampleStep() {
	inHandler(func(ctx restate.Context) (string, error) {
		receipt, err := charge.Run(ctx, func(context.Context) (string, error) { return "receipt-1", nil })
		if err != nil {
			return "", err
		}
		_, err = charge.Run(ctx, func(context.Context) (string, error) { return "", errors.New("the bank is closed") })
		return fmt.Sprint(receipt, ", ", err), nil
	})
	// Output: receipt-1, the bank is closed
}

// Start goes on at the same time as what follows.
func ExampleStep_Start() {
	inHandler(func(ctx restate.Context) (string, error) {
		first := charge.Start(ctx, func(context.Context) (string, error) { return "receipt-1", nil })
		second := charge.Start(ctx, func(context.Context) (string, error) { return "receipt-2", nil })
		receipts, err := durable.All(first, second).OrTimeout(ctx, time.Minute).Await(ctx)
		return fmt.Sprint(receipts), err
	})
	// Output: [receipt-1 receipt-2]
}
