package fxrestate_test

import (
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

// Shop sells.
type Shop struct{}

// Quote returns a price in cents.
func (*Shop) Quote(_ restate.Context, _ string) (int, error) { return 1950, nil }

// shops is injected.
var shops fxrestate.ServiceClient[*Shop]

// Results of one type come as a slice, in order.
func ExampleAll() {
	quotes := func(ctx restate.Context, items []string) ([]int, error) {
		var quotes []fxrestate.Pending[int]
		for _, item := range items {
			quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
			if err != nil {
				return nil, err
			}
			quotes = append(quotes, fxrestate.ResponseOf(quote))
		}
		return fxrestate.All(quotes...).OrTimeout(ctx, time.Minute).Await(ctx)
	}
	_ = quotes // a handler
}

// Results of several types are taken from the operations themselves.
func ExampleAll_mixed() {
	order := func(ctx restate.Context, item string) (int, error) {
		quote, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
		if err != nil {
			return 0, err
		}
		price := fxrestate.ResponseOf(quote)
		approved := fxrestate.ResultOf(restate.Awakeable[bool](ctx))
		if _, err := fxrestate.All(price.Void(), approved.Void()).Await(ctx); err != nil {
			return 0, err
		}
		if ok, err := approved.Await(ctx); err != nil || !ok {
			return 0, err
		}
		return price.Await(ctx)
	}
	_ = order // a handler
}

// A race, whose loser is cancelled.
func ExampleFirst() {
	quickest := func(ctx restate.Context, item string) (int, error) {
		a, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
		if err != nil {
			return 0, err
		}
		b, err := fxrestate.Future(ctx, shops, (*Shop).Quote, item)
		if err != nil {
			return 0, err
		}
		one, two := fxrestate.ResponseOf(a), fxrestate.ResponseOf(b)
		price, err := fxrestate.First(one, two).Await(ctx)
		if err != nil {
			return 0, err
		}
		loser := b
		if two.Completed() {
			loser = a
		}
		restate.CancelInvocation(ctx, loser.GetInvocationId())
		return price, nil
	}
	_ = quickest // a handler
}

// Any goes on after a failure, as long as others may succeed.
func ExampleAny() {
	price := func(ctx restate.Context, main, spare restate.ResponseFuture[int]) (int, error) {
		return fxrestate.Any(fxrestate.ResponseOf(main), fxrestate.ResponseOf(spare)).Await(ctx)
	}
	_ = price
}

func ExampleAllSettled() {
	failures := func(ctx restate.Context, steps []restate.RunAsyncFuture[string]) (int, error) {
		var pending []fxrestate.Pending[string]
		for _, step := range steps {
			pending = append(pending, fxrestate.ResultOf(step))
		}
		settled, err := fxrestate.AllSettled(pending...).Await(ctx)
		n := 0
		for _, s := range settled {
			if s.Err != nil {
				n++
			}
		}
		return n, err
	}
	_ = failures
}

func ExamplePending_OrTimeout() {
	ask := func(ctx restate.Context) (string, error) {
		answer, err := fxrestate.ResultOf(restate.Awakeable[string](ctx)).OrTimeout(ctx, time.Hour).Await(ctx)
		if fxrestate.IsTimeout(err) {
			return "no answer", nil
		}
		return answer, err
	}
	_ = ask // a handler
}
