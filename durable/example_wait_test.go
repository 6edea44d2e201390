package durable_test

import (
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
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
		step := restate.RunAsync(ctx, func(restate.RunContext) (string, error) { return "Sachertorte", nil })
		name := durable.FutureOf(step, step.Result)
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

// A race between operations of any sort. Completed tells which one it was.
func ExampleFirst() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote, err := rpc.Start(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		awakeable := restate.Awakeable[int](ctx)
		answer := durable.FutureOf(awakeable, awakeable.Result)
		first, err := durable.First(quote, answer).Await(ctx)
		return fmt.Sprint(first, " ", quote.Completed(), " ", answer.Completed()), err
	})
	// Output: 1950 true false
}

// The call that loses is cancelled: else it would run on.
func ExampleRace() {
	inHandler(func(ctx restate.Context) (string, error) {
		slow, err := rpc.Start(ctx, shops, (*Shop).Order, "cake")
		if err != nil {
			return "", err
		}
		quick, err := rpc.Start(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		price, err := durable.Race(ctx, slow, quick)
		if err != nil {
			return "", err
		}
		_, failure := slow.Await(ctx)
		return fmt.Sprint(price, ", cancelled: ", durable.IsCancelled(failure)), nil
	})
	// Output: 1950, cancelled: true
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
		price, err := durable.Any(first, spare).Await(ctx)
		return fmt.Sprint(price), err
	})
	// Output: 450
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

// The first two of three, and the third is cancelled.
func ExampleSome() {
	inHandler(func(ctx restate.Context) (string, error) {
		slow, err := rpc.Start(ctx, shops, (*Shop).Order, "cake")
		if err != nil {
			return "", err
		}
		quotes := []durable.Future[int]{slow}
		for _, item := range []string{"cake", "tea"} {
			quote, err := rpc.Start(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			quotes = append(quotes, quote)
		}
		two := durable.Some(2, quotes...)
		prices, err := two.OrTimeout(ctx, time.Minute).Await(ctx)
		if err != nil {
			return "", err
		}
		if err := two.Cancel(ctx); err != nil {
			return "", err
		}
		_, failure := slow.Await(ctx)
		return fmt.Sprint(prices, ", cancelled: ", durable.IsCancelled(failure)), nil
	})
	// Output: [1950 450], cancelled: true
}

func ExampleFuture_OrTimeout() {
	inHandler(func(ctx restate.Context) (string, error) {
		awakeable := restate.Awakeable[string](ctx)
		answer, err := durable.FutureOf(awakeable, awakeable.Result).OrTimeout(ctx, 10*time.Millisecond).Await(ctx)
		if durable.IsTimeout(err) {
			return "no answer", nil
		}
		return answer, err
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
		price, err := cake.Await(ctx)
		return fmt.Sprint(price + tea), err
	})
	// Output: 2400
}
