package handler_test

import (
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/integration/shapes"
)

// PlainClient is written by hand, and only its name is that of a generated interface.
type PlainClient interface {
	Ping(restate.Context) (string, error)
}

func TestAGeneratedInterfaceAsContractIsRefusedWithItsStruct(t *testing.T) {
	t.Parallel()
	const hint = "; it looks generated: register the struct that it was generated for, *shapes."
	for _, test := range []struct {
		contract reflect.Type
		want     string
	}{
		{reflect.TypeFor[shapes.ServiceShapesClient](), hint + "ServiceShapes"},
		{reflect.TypeFor[shapes.ServiceShapesSends](), hint + "ServiceShapes"},
		{reflect.TypeFor[shapes.ServiceShapesIngress](), hint + "ServiceShapes"},
		{reflect.TypeFor[shapes.ObjectShapesClient](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesCalls](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesStarts](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesIngress](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesIngressCalls](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesIngressSends](), hint + "ObjectShapes"},
		{reflect.TypeFor[shapes.ObjectShapesIngressLookups](), hint + "ObjectShapes"},
		{reflect.TypeFor[PlainClient](), "; register the struct's type"},
	} {
		t.Run(test.contract.Name(), func(t *testing.T) {
			t.Parallel()
			_, err := handler.Spec{Type: test.contract, Position: "main.go:12"}.Describe()
			require.EqualError(t, err, "handler: "+test.contract.String()+" (main.go:12): is an interface, and handlers are read from a struct"+test.want)
			_, err = handler.Spec{Type: reflect.PointerTo(test.contract)}.Describe()
			require.EqualError(t, err, "handler: *"+test.contract.String()+": is a pointer to an interface, and handlers are read from a struct"+test.want)
		})
	}
}

func TestAMethodOfAGeneratedInterfaceIsRefusedWithThatOfItsStruct(t *testing.T) {
	t.Parallel()
	r, err := handler.NewRegistry()
	require.NoError(t, err)
	_, err = r.Resolve(shapes.ServiceShapesClient.Both)
	require.EqualError(t, err, "handler: shapes.ServiceShapesClient.Both is a method of an interface, and handlers belong to structs; write (*ServiceShapes).Both")
}
