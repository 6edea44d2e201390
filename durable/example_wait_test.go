package durable_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

var (
	price  = durable.NewAwakeable[int]("price")
	recipe = durable.NewStep[string]("recipe")
)

// Results of one type come as a slice, in order.
func ExampleAll() {
	inHandler(func(ctx restate.Context) (string, error) {
		var quotes []durable.Future[int]
		for _, item := range []string{"cake", "tea"} {
			quote, err := rpc.Start(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			quotes = append(quotes, quote)
		}
		prices, err := durable.All(quotes...).OrTimeout(ctx, time.Minute).Await(ctx)
		return fmt.Sprint(prices), err
	})
	// Output: [1950 450]
}

// Results of several types are taken from the operations themselves.
func ExampleAll_mixed() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote, err := rpc.Start(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		name := recipe.Start(ctx, func(context.Context) (string, error) { return "Sachertorte", nil })
		if _, err := durable.All(quote.Void(), name.Void()).Await(ctx); err != nil {
			return "", err
		}
		n, err := name.Await(ctx) // does not wait
		if err != nil {
			return "", err
		}
		p, err := quote.Await(ctx)
		return fmt.Sprint(n, " ", p), err
	})
	// Output: Sachertorte 1950
}

// A race between operations of any sort. Index tells which one it was.
func ExampleFirst() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote, err := rpc.Start(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		_, answer, err := price.New(ctx)
		if err != nil {
			return "", err
		}
		first, err := durable.First(answer, quote).Await(ctx)
		return fmt.Sprint(first.Value, " of ", first.Index), err
	})
	// Output: 1950 of 1
}

// The first two of three within a minute. The third call is cancelled, as all of
// them are after a timeout: else they would go on for nobody.
func ExampleCancelRest() {
	inHandler(func(ctx restate.Context) (string, error) {
		var quotes []durable.Future[int]
		for _, ask := range []func(*Shop, restate.Context, string) (int, error){(*Shop).Order, (*Shop).Quote, (*Shop).Quote} {
			quote, err := rpc.Start(ctx, shops, ask, "cake")
			if err != nil {
				return "", err
			}
			quotes = append(quotes, quote)
		}

		two, err := durable.Some(2, quotes...).OrTimeout(ctx, time.Minute).Await(ctx)
		if err := errors.Join(err, durable.CancelRest(ctx, quotes...)); err != nil {
			return "", err
		}

		_, failure := quotes[0].Await(ctx)
		return fmt.Sprint(two, ", cancelled: ", durable.IsCancelled(failure)), nil
	})
	// Output: [{1 1950} {2 1950}], cancelled: true
}

// Any goes on after a failure, as long as others may succeed.
func ExampleAny() {
	inHandler(func(ctx restate.Context) (string, error) {
		first, err := rpc.Start(ctx, shops, (*Shop).Quote, "coffee")
		if err != nil {
			return "", err
		}
		spare, err := rpc.Start(ctx, shops, (*Shop).Quote, "tea")
		if err != nil {
			return "", err
		}
		won, err := durable.Any(first, spare).Await(ctx)
		return fmt.Sprint(won.Value, " of ", won.Index), err
	})
	// Output: 450 of 1
}

func ExampleAllSettled() {
	inHandler(func(ctx restate.Context) (string, error) {
		var pending []durable.Future[int]
		for _, item := range []string{"tea", "coffee"} {
			quote, err := rpc.Start(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			pending = append(pending, quote)
		}
		settled, err := durable.AllSettled(pending...).Await(ctx)
		return fmt.Sprint(settled), err
	})
	// Output: [{450 <nil>} {0 no coffee}]
}

func ExampleSome() {
	inHandler(func(ctx restate.Context) (string, error) {
		var quotes []durable.Future[int]
		for _, item := range []string{"cake", "coffee", "tea"} {
			quote, err := rpc.Start(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			quotes = append(quotes, quote)
		}
		two, err := durable.Some(2, quotes...).Await(ctx)
		return fmt.Sprint(two), err
	})
	// Output: [{0 1950} {2 450}]
}

func ExampleFuture_OrTimeout() {
	inHandler(func(ctx restate.Context) (string, error) {
		_, answer, err := price.New(ctx)
		if err != nil {
			return "", err
		}
		cents, err := answer.OrTimeout(ctx, 10*time.Millisecond).Await(ctx)
		if durable.IsTimeout(err) {
			return "no answer", nil
		}
		return fmt.Sprint(cents), err
	})
	// Output: no answer
}

// A future is waited for when the result is needed.
func ExampleFuture() {
	inHandler(func(ctx restate.Context) (string, error) {
		cake, err := rpc.Start(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		tea, err := rpc.Call(ctx, shops, (*Shop).Quote, "tea") // meanwhile
		if err != nil {
			return "", err
		}
		cents, err := cake.Await(ctx)
		return fmt.Sprint(cents + tea), err
	})
	// Output: 2400
}
