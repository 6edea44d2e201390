package cluster_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
			for payment, settled := 0, true; ctx.Err() == nil; {
				select {
				case <-c.halt:
					if settled { // else it may have been made, and is not counted yet
						return
					}
				default:
				}
				if settled = c.payOnce(ctx, accounts.Key(account(i)), fmt.Sprintf("%s-%d", account(i), payment)) == nil; settled {
					payment++
					c.paid[i].Add(1)
					c.all.Add(1)
				}
			}
		})
	}
	return c
}

// patience is how long a payment is waited for before it is made again: a node that is lost
// never answers what was asked through it.
const patience = 10 * time.Second

func (c *customers) payOnce(ctx context.Context, to ingress.Keyed[*Account], key string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := ingress.Call(ctx, to, (*Account).Pay, 1, restate.WithIdempotencyKey(key))
	return err
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
