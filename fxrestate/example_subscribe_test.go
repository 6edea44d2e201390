package fxrestate_test

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/kafka"
)

// Parcels are tracked by what a topic says of them.
type Parcels struct{}

// Scanned is called with each record of the topic. Its key is the parcel.
func (*Parcels) Scanned(ctx restate.ObjectContext, place string) error {
	restate.Set(ctx, "place", place)
	return nil
}

// The cluster "main" is one of the server's configuration.
func ExampleSubscribe() {
	app := fx.New(
		fxrestate.Module, fx.NopLogger,
		fxrestate.Object[*Parcels](func() *Parcels { return &Parcels{} },
			fxrestate.Subscribe((*Parcels).Scanned, "kafka://main/scans", kafka.Options{"auto.offset.reset": "earliest"}),
			fxrestate.Subscribe((*Parcels).Scanned, "kafka://main"),
		),
	)
	for _, problem := range fxrestate.Problems(app.Err()) {
		fmt.Println(problem)
	}
	// Output:
	// fxrestate: Subscribe (example_subscribe_test.go:28): deployment: the source "kafka://main" is not "kafka://CLUSTER/TOPIC" with the name of a cluster and a topic of at most 249 letters, digits, ".", "_" and "-"
}
