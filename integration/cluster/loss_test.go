package cluster_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
)

// Account has a balance.
type Account struct{}

var (
	balance = durable.NewStateKey[int]("balance")
	note    = durable.NewStep[int]("note")
)

// Pay adds to the balance, with a step on the way.
func (*Account) Pay(ctx restate.ObjectContext, amount int) (int, error) {
	amount, err := note.Run(ctx, func(context.Context) (int, error) { return amount, nil })
	if err != nil {
		return 0, err
	}
	now, err := balance.Get(ctx)
	if err != nil {
		return 0, err
	}
	return now + amount, balance.Set(ctx, now+amount)
}

// customers pay into an account each, one payment after the other, until they are told to
// stop. A payment that fails is made again, with the same idempotency key.
type customers struct {
	env  *restatetest.Env
	paid []atomic.Int64 // payments by account
	all  atomic.Int64
	halt chan struct{}
	done sync.WaitGroup
}

func account(i int) string { return fmt.Sprintf("account-%d", i) }

func pay(ctx context.Context, env *restatetest.Env, n int) *customers {
	c := &customers{env: env, paid: make([]atomic.Int64, n), halt: make(chan struct{})}
	accounts := ingress.NewObject[*Account](env.Ingress())
	for i := range n {
		c.done.Go(func() {
			for payment := 0; ctx.Err() == nil; {
				select {
				case <-c.halt:
					return
				default:
				}
				_, err := ingress.Call(ctx, accounts.Key(account(i)), (*Account).Pay, 1,
					restate.WithIdempotencyKey(fmt.Sprintf("%s-%d", account(i), payment)))
				if err == nil {
					payment++
					c.paid[i].Add(1)
					c.all.Add(1)
				}
			}
		})
	}
	return c
}

// goOn waits until more payments have been made.
func (c *customers) goOn() {
	least := c.all.Load() + int64(3*len(c.paid))
	c.env.Until(func() bool { return c.all.Load() >= least }, "payments go on")
}

func (c *customers) stop() {
	close(c.halt)
	c.done.Wait()
}

func TestAClusterUnderLoadLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.Cluster(3), restatetest.Within(testkit.Within),
		fxrestate.Module, fxrestate.Object[*Account](func() *Account { return &Account{} }))
	c := pay(testkit.Context(t), env, 16)
	c.goOn()
	for node := range 3 {
		env.KillNode(node)
		c.goOn()
		env.StartNode(node)
		c.goOn()
	}
	env.KillApp() // and the application for once
	env.StartApp()
	c.goOn()
	c.stop()
	for i := range c.paid {
		got, _ := restatetest.Get(restatetest.StateOf[*Account](env, account(i)), balance)
		require.EqualValues(t, c.paid[i].Load(), got, account(i))
	}
	t.Logf("%d payments", c.all.Load())
}
