// Package shop is what the calls beside it call. It compiles.
package shop

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/rpc"
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
	carts rpc.Object[*Cart]
	bank  rpc.Service[*Bank]
)

func right(ctx restate.Context) {
	var total int
	total, _ = rpc.Call(ctx, carts.Key("k"), (*Cart).Add, "x")
	total, _ = rpc.Call0(ctx, carts.Key("k"), (*Cart).Total)
	_ = rpc.CallVoid(ctx, carts.Key("k"), (*Cart).Drop, "x")
	_ = rpc.Call0Void(ctx, carts.Key("k"), (*Cart).Clear)
	_, _ = rpc.Call(ctx, bank, (*Bank).Pay, total)
	_, _ = rpc.Send(ctx, bank, (*Bank).Pay, total)
	_, _ = rpc.Start(ctx, bank, (*Bank).Pay, total)
}
