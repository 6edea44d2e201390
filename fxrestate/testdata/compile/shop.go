// Package shop is what the calls beside it call. It compiles.
package shop

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

type Cart struct{}

func (*Cart) Add(_ restate.ObjectContext, in string) (int, error) { return len(in), nil }
func (*Cart) Drop(_ restate.ObjectContext, _ string) error        { return nil }
func (*Cart) Total(_ restate.ObjectSharedContext) (int, error)    { return 0, nil }
func (*Cart) Clear(_ restate.ObjectContext) error                 { return nil }
func (*Cart) Helper(_ string, in string) (string, error)          { return in, nil }

type Bank struct{}

func (*Bank) Pay(_ restate.Context, cents int) (string, error) { return "", nil }

var (
	carts fxrestate.ObjectClient[*Cart]
	bank  fxrestate.ServiceClient[*Bank]
)

func right(ctx restate.Context) {
	var total int
	total, _ = fxrestate.Call(ctx, carts.Key("k"), (*Cart).Add, "x")
	total, _ = fxrestate.Call0(ctx, carts.Key("k"), (*Cart).Total)
	_ = fxrestate.CallVoid(ctx, carts.Key("k"), (*Cart).Drop, "x")
	_ = fxrestate.Call0Void(ctx, carts.Key("k"), (*Cart).Clear)
	_, _ = fxrestate.Call(ctx, bank, (*Bank).Pay, total)
	_, _ = fxrestate.Send(ctx, bank, (*Bank).Pay, total)
	_, _ = fxrestate.Future(ctx, bank, (*Bank).Pay, total)
}
