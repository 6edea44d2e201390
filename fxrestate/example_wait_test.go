package fxrestate_test

import (
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

// Results of one type come as a slice, in order.
func ExampleAll() {
	inHandler(func(ctx restate.Context) (string, error) {
		var quotes []fxrestate.Pending[int]
		for _, item := range []string{"cake", "tea"} {
			quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			quotes = append(quotes, fxrestate.ResponseOf(quote))
		}
		prices, err := fxrestate.All(quotes...).OrTimeout(ctx, time.Minute).Await(ctx)
		return fmt.Sprint(prices), err
	})
	// Output: [1950 450]
}

// Results of several types are taken from the operations themselves.
func ExampleAll_mixed() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		price := fxrestate.ResponseOf(quote)
		name := fxrestate.ResultOf(restate.RunAsync(ctx, func(restate.RunContext) (string, error) {
			return "Sachertorte", nil
		}))
		if _, err := fxrestate.All(price.Void(), name.Void()).Await(ctx); err != nil {
			return "", err
		}
		n, err := name.Await(ctx) // does not wait
		if err != nil {
			return "", err
		}
		p, err := price.Await(ctx)
		return fmt.Sprint(n, " ", p), err
	})
	// Output: Sachertorte 1950
}

// A race between operations of any sort. Completed tells which one it was.
func ExampleFirst() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		price, answer := fxrestate.ResponseOf(quote), fxrestate.ResultOf(restate.Awakeable[int](ctx))
		first, err := fxrestate.First(price, answer).Await(ctx)
		return fmt.Sprint(first, " ", price.Completed(), " ", answer.Completed()), err
	})
	// Output: 1950 true false
}

// The call that loses is cancelled: else it would run on.
func ExampleRace() {
	inHandler(func(ctx restate.Context) (string, error) {
		slow, err := fxrestate.Future(ctx, shops, (*Shop).Order, "cake")
		if err != nil {
			return "", err
		}
		quick, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		price, err := fxrestate.Race(ctx, slow, quick)
		if err != nil {
			return "", err
		}
		_, failure := slow.Response()
		return fmt.Sprint(price, ", cancelled: ", fxrestate.IsCancelled(failure)), nil
	})
	// Output: 1950, cancelled: true
}

// Any goes on after a failure, as long as others may succeed.
func ExampleAny() {
	inHandler(func(ctx restate.Context) (string, error) {
		first, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "coffee")
		if err != nil {
			return "", err
		}
		spare, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "tea")
		if err != nil {
			return "", err
		}
		price, err := fxrestate.Any(fxrestate.ResponseOf(first), fxrestate.ResponseOf(spare)).Await(ctx)
		return fmt.Sprint(price), err
	})
	// Output: 450
}

func ExampleAllSettled() {
	inHandler(func(ctx restate.Context) (string, error) {
		var pending []fxrestate.Pending[int]
		for _, item := range []string{"tea", "coffee"} {
			quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return "", err
			}
			pending = append(pending, fxrestate.ResponseOf(quote))
		}
		settled, err := fxrestate.AllSettled(pending...).Await(ctx)
		return fmt.Sprint(settled), err
	})
	// Output: [{450 <nil>} {0 no coffee}]
}

func ExamplePending_OrTimeout() {
	inHandler(func(ctx restate.Context) (string, error) {
		answer, err := fxrestate.ResultOf(restate.Awakeable[string](ctx)).OrTimeout(ctx, 10*time.Millisecond).Await(ctx)
		if fxrestate.IsTimeout(err) {
			return "no answer", nil
		}
		return answer, err
	})
	// Output: no answer
}

// A future is waited for when the result is needed.
func ExampleFuture() {
	inHandler(func(ctx restate.Context) (string, error) {
		cake, err := fxrestate.Future(ctx, shops, (*Shop).Quote, "cake")
		if err != nil {
			return "", err
		}
		tea, err := fxrestate.Call(ctx, shops, (*Shop).Quote, "tea") // meanwhile
		if err != nil {
			return "", err
		}
		price, err := fxrestate.ResponseOf(cake).Await(ctx)
		return fmt.Sprint(price + tea), err
	})
	// Output: 2400
}

// The service may be written in any language: only its names are needed.
func ExampleNamed() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote := fxrestate.Named[string, int]("Shop", "Quote")
		price, err := quote.Call(ctx, "cake")
		if err != nil {
			return "", err
		}
		// What is sent and received as it is, has no codec.
		raw, err := fxrestate.Named[[]byte, []byte]("Shop", "Quote").With(restate.WithBinary).Call(ctx, []byte(`"tea"`))
		return fmt.Sprintf("%d %s", price, raw), err
	})
	// Output: 1950 450
}
