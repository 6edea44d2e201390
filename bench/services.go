package main

import (
	"fmt"
	"reflect"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Message is the input and output of most handlers.
type Message struct {
	Text string `json:"text"`
}

var plainType = reflect.TypeFor[*Plain]()

// Plain is the service of the workloads without state.
type Plain struct{ name string }

// ServiceName names the service of the bare SDK.
func (p *Plain) ServiceName() string { return p.name }

// Echo returns its input.
func (*Plain) Echo(_ restate.Context, in Message) (Message, error) { return in, nil }

// Steps runs three durable steps.
func (*Plain) Steps(ctx restate.Context, in Message) (Message, error) {
	for range 3 {
		s, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in.Text, nil }, restate.WithName("step"))
		if err != nil {
			return Message{}, err
		}
		in.Text = s
	}
	return in, nil
}

// workTime is how long Work takes.
const workTime = 100 * time.Millisecond

// Work does a step that takes workTime.
func (*Plain) Work(ctx restate.Context, in Message) (Message, error) {
	return restate.Run(ctx, func(restate.RunContext) (Message, error) {
		time.Sleep(workTime)
		return in, nil
	}, restate.WithName("work"))
}

// Parent calls Work.
func (p *Plain) Parent(ctx restate.Context, in Message) (Message, error) {
	return restate.Service[Message](ctx, p.name, "Work").Request(in)
}

// Relay calls Echo.
func (p *Plain) Relay(ctx restate.Context, in Message) (Message, error) {
	return restate.Service[Message](ctx, p.name, "Echo").Request(in)
}

// Sleep sleeps two seconds.
func (*Plain) Sleep(ctx restate.Context) error { return restate.Sleep(ctx, 2*time.Second) }

// Counter counts per key.
type Counter struct{ name string }

// ServiceName names the service of the bare SDK.
func (c *Counter) ServiceName() string { return c.name }

// Add adds to the count.
func (*Counter) Add(ctx restate.ObjectContext, delta int) (int, error) {
	n, err := restate.Get[int](ctx, "count")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "count", n+delta)
	return n + delta, nil
}

// Five is a service of five handlers. Each T makes another type.
type Five[T any] struct{}

// One is a handler.
func (*Five[T]) One(_ restate.Context, in Message) (Message, error) { return in, nil }

// Two is a handler.
func (*Five[T]) Two(_ restate.Context, in []Message) (Message, error) { return in[0], nil }

// Three is a handler.
func (*Five[T]) Three(_ restate.Context, in map[string]Message) (int, error) { return len(in), nil }

// Four is a handler.
func (*Five[T]) Four(_ restate.Context, in string) error { return nil }

// Five is a handler.
func (*Five[T]) Five(restate.Context) (time.Time, error) { return time.Time{}, nil }

// Each makes another type of T.
type (
	a[T any] struct{}
	b[T any] struct{}
	c[T any] struct{}
	d[T any] struct{}
	e[T any] struct{}
	f[T any] struct{}
)

// fives registers n services of five handlers, each of another type.
func fives(n int, suffix string) fx.Option {
	all := &registrations{left: n, suffix: suffix}
	thirtySix[a[any]](all)
	thirtySix[b[any]](all)
	thirtySix[c[any]](all)
	thirtySix[d[any]](all)
	thirtySix[e[any]](all)
	thirtySix[f[any]](all)
	return fx.Options(all.options...)
}

type registrations struct {
	options []fx.Option
	left    int
	suffix  string
}

func thirtySix[T any](all *registrations) {
	six[a[T]](all)
	six[b[T]](all)
	six[c[T]](all)
	six[d[T]](all)
	six[e[T]](all)
	six[f[T]](all)
}

func six[T any](all *registrations) {
	add[a[T]](all)
	add[b[T]](all)
	add[c[T]](all)
	add[d[T]](all)
	add[e[T]](all)
	add[f[T]](all)
}

func add[T any](all *registrations) {
	if all.left == 0 {
		return
	}
	all.left--
	all.options = append(all.options, fxrestate.Service[*Five[T]](
		func() *Five[T] { return &Five[T]{} },
		fxrestate.Name(fmt.Sprintf("Five%s-%d", all.suffix, all.left)),
	))
}
