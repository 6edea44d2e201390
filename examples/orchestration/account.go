package main

import (
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// balance is the state of an account, in cents.
var balance = durable.NewStateKey[int]("balance")

// Account is a virtual object: the account of one customer. Two withdrawals at once
// cannot both spend the same money, because one waits for the other.
type Account struct{}

// NewAccount is the constructor of Account.
func NewAccount() *Account { return &Account{} }

// Deposit adds to the balance, and returns it.
func (a *Account) Deposit(ctx restate.ObjectContext, cents int) (int, error) {
	return a.change(ctx, cents)
}

// Withdraw takes from the balance, and returns it. An overdraft fails with 402 and
// leaves the balance as it was.
func (a *Account) Withdraw(ctx restate.ObjectContext, cents int) (int, error) {
	return a.change(ctx, -cents)
}

// Balance returns the balance.
func (*Account) Balance(ctx restate.ObjectSharedContext) (int, error) { return balance.Get(ctx) }

func (*Account) change(ctx restate.ObjectContext, cents int) (int, error) {
	now, err := balance.Get(ctx)
	if err != nil {
		return 0, err
	}
	if now+cents < 0 {
		return 0, refuse(http.StatusPaymentRequired, "there is not enough money")
	}
	return now + cents, balance.Set(ctx, now+cents)
}
