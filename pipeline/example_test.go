package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/concurrency"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/pipeline/steptimeout"
)

// Charge is an input, and Roles a piece of metadata, of the examples.
type (
	Charge struct {
		Card   string `json:"card"`
		Amount int    `json:"amount"`
	}
	Roles []string
)

// AmountGuard lets in what is not too expensive.
type AmountGuard struct{ Limit int }

func (g AmountGuard) Allow(_ context.Context, inv *pipeline.Invocation) (bool, error) {
	charge, err := pipeline.InputOf[Charge](inv)
	if err != nil {
		return false, err
	}
	return charge.Amount <= g.Limit, nil
}

// A guard is tested with an invocation made for it.
func ExampleGuard() {
	guard := AmountGuard{Limit: 10_000}
	for _, amount := range []int{5_000, 50_000} {
		inv := pipeline.NewInvocation(pipeline.Details{Input: Charge{Amount: amount}})
		fmt.Println(guard.Allow(context.Background(), inv))
	}
	// Output:
	// true <nil>
	// false <nil>
}

// A guard that decides by something that can change asks for it in restate.Run:
// then all attempts of an invocation have the same answer.
func ExampleDurable() {
	blocked := map[string]bool{"4000": true}
	guard := pipeline.DurableGuardFunc(func(ctx restate.Context, inv *pipeline.Invocation) (bool, error) {
		charge, err := pipeline.InputOf[Charge](inv)
		if err != nil {
			return false, err
		}
		isBlocked, err := restate.Run(ctx, func(restate.RunContext) (bool, error) {
			return blocked[charge.Card], nil // a look into a database
		}, restate.WithName("look up card"))
		return !isBlocked, err
	})
	stages := pipeline.Stages{Guards: []pipeline.Guard{pipeline.Durable(guard)}}

	inv := pipeline.NewInvocation(pipeline.Details{Input: Charge{Card: "4000"}})
	fmt.Println(len(stages.Guards))
	fmt.Println(guard.Allow(restate.WithMockContext(newFake()), inv))
	// Output:
	// 1
	// false <nil>
}

// A guard reads what the program attached to the handler.
func ExampleMetadataOf() {
	guard := pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
		roles, ok := pipeline.MetadataOf[Roles](inv)
		if !ok {
			return true, nil // open to everybody
		}
		for _, role := range roles {
			if role == inv.Header("x-role") {
				return true, nil
			}
		}
		return false, nil
	})

	inv := pipeline.NewInvocation(pipeline.Details{
		Target:  handler.Target{Values: []any{Roles{"admin"}}},
		Headers: map[string][]string{"X-Role": {"guest"}},
	})
	fmt.Println(pipeline.Ask(context.Background(), inv, guard))
	// Output:
	// pipeline: refused by pipeline_test.ExampleMetadataOf.func1
}

// Receipts answers with the time that the handler took. It does what every
// attempt has to do the same, and so reads the time in restate.Run.
type Receipts struct{ now func() time.Time }

func (r Receipts) Intercept(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
	started, err := restate.Run(ctx, func(restate.RunContext) (time.Time, error) { return r.now(), nil })
	if err != nil {
		return nil, err
	}
	result, failure := next(ctx, inv)
	if failure != nil {
		return nil, fmt.Errorf("%s: %w", inv, failure)
	}
	return fmt.Sprintf("%v, begun in %d", result, started.Year()), nil
}

// An interceptor is tested with a next of one's own.
func ExampleInterceptor() {
	interceptor := Receipts{now: func() time.Time { return time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }}
	inv := pipeline.NewInvocation(pipeline.Details{Target: handler.Target{Service: "payments", Handler: "Charge"}})
	ctx := restate.WithMockContext(newFake())

	fmt.Println(interceptor.Intercept(ctx, inv, func(restate.Context, *pipeline.Invocation) (any, error) {
		return "charged", nil
	}))
	fmt.Println(interceptor.Intercept(ctx, inv, func(restate.Context, *pipeline.Invocation) (any, error) {
		return nil, errors.New("card declined")
	}))
	// Output:
	// charged, begun in 2026 <nil>
	// <nil> payments/Charge: card declined
}

// PipeOf makes a pipe for one type of input.
func ExamplePipeOf() {
	positive := pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in Charge) (Charge, error) {
		if in.Amount < 0 {
			return in, restate.ToTerminalError(errors.New("amount is negative"), restate.WithErrorCode(400))
		}
		return in, nil
	})

	fmt.Println(positive.Transform(nil, nil, Charge{Amount: 5}))
	fmt.Println(positive.Transform(nil, nil, Charge{Amount: -5}))
	fmt.Println(positive.Transform(nil, nil, "another input"))
	// Output:
	// { 5} <nil>
	// { -5} amount is negative
	// another input <nil>
}

// NotFound is an error of the examples' domain.
type NotFound struct{ What string }

func (e *NotFound) Error() string { return e.What + " not found" }

// Catch makes a filter for one type of error.
func ExampleCatch() {
	filter := pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *NotFound) error {
		return restate.ToTerminalError(err, restate.WithErrorCode(404))
	})

	inv := pipeline.NewInvocation(pipeline.Details{})
	for _, err := range []error{fmt.Errorf("charge: %w", &NotFound{"card"}), errors.New("gateway down")} {
		caught := filter.Catch(context.Background(), inv, err)
		fmt.Println(caught, restate.IsTerminalError(caught))
	}
	// Output:
	// card not found true
	// <nil> false
}

// apiError is what a client of an HTTP API returns.
type apiError struct{ status int }

func (e apiError) Error() string   { return fmt.Sprintf("gateway answered %d", e.status) }
func (e apiError) StatusCode() int { return e.status }

func Example_httpErrors() {
	filter, inv := httperror.Filter(), pipeline.NewInvocation(pipeline.Details{})

	notFound := filter.Catch(context.Background(), inv, fmt.Errorf("charge: %w", apiError{404}))
	fmt.Println(notFound, restate.AsTerminalError(notFound).Code())
	down := filter.Catch(context.Background(), inv, apiError{503})
	fmt.Println(down, restate.IsTerminalError(down), restate.AsRetryableError(down).Code())
	// Output:
	// charge: gateway answered 404 404
	// [503] gateway answered 503 false 503
}

// outcomeCounter counts attempts by their outcome.
type outcomeCounter struct {
	pipeline.ObserverBase
	counts map[pipeline.Outcome]int
}

func (o outcomeCounter) Ended(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
	o.counts[end.Outcome]++
}

// An observer is told how each attempt ended. (A real one is safe for concurrent
// use.)
func ExampleObserver() {
	counter := outcomeCounter{counts: map[pipeline.Outcome]int{}}
	chain, err := pipeline.Compile(pipeline.Config{
		Global: pipeline.Stages{Observers: []pipeline.Observer{counter}},
		Method: pipeline.MethodFunc(func(_ restate.Context, input any) (any, error) {
			switch string(input.([]byte)) {
			case "fails":
				return nil, errors.New("gateway down")
			case "panics":
				panic("a bug")
			}
			return nil, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{"", "fails", "panics"} {
		_, _ = attempt(chain, body)
	}
	fmt.Println(counter.counts[pipeline.Completed], "completed,", counter.counts[pipeline.Retryable], "retryable")
	// Output:
	// 1 completed, 2 retryable
}

// A step interceptor runs around the closures of restate.Run that really run.
func ExampleStepInterceptor() {
	audit := pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
		result, err := next(ctx, step)
		fmt.Printf("step %q failed: %t\n", step.Name(), err != nil) // a side effect, in its place
		return result, err
	})

	_, _ = audit.InterceptStep(newFake(), new(pipeline.Step), func(restate.RunContext, *pipeline.Step) (any, error) {
		return "charged", nil
	})
	// Output:
	// step "" failed: false
}

// A closure that heeds its context ends in time.
func Example_stepTimeout() {
	timeout := steptimeout.New(time.Millisecond)
	_, err := timeout.InterceptStep(newFake(), new(pipeline.Step), func(ctx restate.RunContext, _ *pipeline.Step) (any, error) {
		<-ctx.Done() // such as a request made with ctx
		return nil, ctx.Err()
	})
	fmt.Println(err)
	// Output:
	// steptimeout: step "" took longer than 1ms: context deadline exceeded
}

// Closures of one name wait for each other, also across invocations.
func Example_concurrencyLimit() {
	limit := concurrency.Limit(map[string]int{"charge-card": 1})
	var charges []string // nobody else guards it
	charge := func(ctx restate.Context, input any) (any, error) {
		_, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
			charges = append(charges, string(input.([]byte)))
			return "charged", nil
		}, restate.WithName("charge-card"))
		return nil, err
	}
	chain, err := pipeline.Compile(pipeline.Config{
		Global: pipeline.Stages{StepInterceptors: []pipeline.StepInterceptor{limit}},
		Method: pipeline.MethodFunc(charge),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var wg sync.WaitGroup
	for _, card := range []string{"4000", "4001", "4002"} {
		wg.Go(func() { _, _ = attempt(chain, card) })
	}
	wg.Wait()
	slices.Sort(charges)
	fmt.Println(charges)
	// Output:
	// [4000 4001 4002]
}

// A fault injector is attached in two places, to fail attempts and closures.
func Example_faultInjection() {
	fail := &fault.Injector{Rate: 1, Seed: 42} // from the configuration of the staging environment
	stages := pipeline.Stages{
		Interceptors:     []pipeline.Interceptor{fail},
		StepInterceptors: []pipeline.StepInterceptor{fail},
	}
	_, err := stages.Interceptors[0].Intercept(nil, pipeline.NewInvocation(pipeline.Details{}),
		func(restate.Context, *pipeline.Invocation) (any, error) { return nil, nil })
	fmt.Println(errors.Is(err, fault.ErrInjected))
	// Output:
	// true
}

// A header that the caller sent goes on to whom the handler calls.
func ExampleCallInterceptor() {
	tenant := pipeline.CallInterceptorFunc(func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		if inv := call.Invocation(); inv != nil {
			call.SetHeader("x-tenant", inv.Header("x-tenant"))
		}
		call.SetHeader("x-via", "payments")
		return next(ctx, call)
	})

	_ = tenant.InterceptCall(nil, &pipeline.Call{Verb: pipeline.VerbSend, Service: "mail", Handler: "Send"},
		func(_ restate.Context, call *pipeline.Call) error {
			fmt.Println(call.Verb, call.Service, call.Headers())
			return nil
		})
	// Output:
	// send mail map[x-via:payments]
}

// A letter tells the input and the failure of an invocation that failed for good.
// (fxrestate.DeadLetter makes the Send that a real one has.)
func ExampleDeadLetter() {
	letters := &pipeline.DeadLetter{
		Service: "cemetery", Handler: "Bury",
		Send: func(_ restate.Context, letter pipeline.Letter) error {
			fmt.Printf("%s/%s %s: %d %s\n", letter.Service, letter.Handler, letter.Input, letter.Code, letter.Message)
			return nil
		},
	}
	chain, err := pipeline.Compile(pipeline.Config{
		Target: handler.Target{Service: "payments", Handler: "Charge"},
		Global: pipeline.Stages{DeadLetter: letters},
		Method: pipeline.MethodFunc(func(_ restate.Context, input any) (any, error) {
			switch string(input.([]byte)) {
			case "4000":
				return nil, restate.ToTerminalError(errors.New("card blocked"), restate.WithErrorCode(402))
			case "4001":
				return nil, errors.New("gateway down")
			}
			return nil, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, card := range []string{"4000", "4001", "4002"} {
		_, _ = attempt(chain, card)
	}
	// Output:
	// payments/Charge 4000: 402 card blocked
}

// An error mapping says which errors of the domain end an invocation, be they the
// handler's or those of its closures.
func ExampleStages_asTerminalError() {
	asTerminal := func(err error) restate.TerminalError {
		if notFound := (*NotFound)(nil); errors.As(err, &notFound) {
			return restate.ToTerminalError(err, restate.WithErrorCode(404))
		}
		return nil // retried
	}
	chain, err := pipeline.Compile(pipeline.Config{
		Service: pipeline.Stages{AsTerminalError: asTerminal},
		Method: pipeline.MethodFunc(func(_ restate.Context, input any) (any, error) {
			if string(input.([]byte)) == "4000" {
				return nil, fmt.Errorf("charge: %w", &NotFound{"card"})
			}
			return nil, errors.New("gateway down")
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, card := range []string{"4000", "4001"} {
		_, err := attempt(chain, card)
		fmt.Println(err, restate.IsTerminalError(err))
	}
	// Output:
	// charge: card not found true
	// gateway down false
}

// attempt runs one attempt of a chain, without a server. It recovers as the SDK does.
func attempt(chain *pipeline.Chain, body string) (encoded []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	f := newFake()
	f.request.Body = []byte(body)
	return chain.Call(f, f.request.Body)
}

// No retry finds a customer who is not there: somebody looks, and resumes the invocation.
func ExamplePause() {
	charge := func(card string) error {
		if card == "" {
			return fmt.Errorf("charge: %w", pipeline.Pause(errors.New("no card for a customer who has paid before")))
		}
		return nil
	}
	err := charge("")
	fmt.Println(err)
	fmt.Println(pipeline.Pauses(err))
	// Output:
	// charge: no card for a customer who has paid before
	// true
}

// A handler that knows when to come back says so.
func ExampleRetryAfter() {
	charge := func() error {
		return pipeline.RetryAfter(errors.New("gateway is busy"), 30*time.Second)
	}
	err := charge()
	delay, ok := pipeline.RetryDelay(fmt.Errorf("charge: %w", err))
	fmt.Println(err, delay, ok)
	// Output:
	// gateway is busy 30s true
}
