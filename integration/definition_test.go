package integration_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/validate"
)

// GreeterServer and NewGreeterServer have the form of code that is generated from
// a service in a .proto file.
type GreeterServer interface {
	SayHello(ctx restate.ObjectContext, req *wrapperspb.StringValue) (*wrapperspb.StringValue, error)
	Count(ctx restate.ObjectSharedContext, req *wrapperspb.BoolValue) (*wrapperspb.Int64Value, error)
}

// UnimplementedGreeterServer is embedded by implementations.
type UnimplementedGreeterServer struct{}

func (UnimplementedGreeterServer) SayHello(restate.ObjectContext, *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return nil, restate.ToTerminalError(errUnlucky, restate.WithErrorCode(http.StatusNotImplemented))
}

func (UnimplementedGreeterServer) Count(restate.ObjectSharedContext, *wrapperspb.BoolValue) (*wrapperspb.Int64Value, error) {
	return nil, restate.ToTerminalError(errUnlucky, restate.WithErrorCode(http.StatusNotImplemented))
}

func NewGreeterServer(name string, srv GreeterServer, opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	opts = append([]restate.ServiceDefinitionOption{restate.WithProtoJSON}, opts...)
	return restate.NewObject(name, opts...).
		Handler("SayHello", restate.NewObjectHandler(srv.SayHello)).
		Handler("Count", restate.NewObjectSharedHandler(srv.Count))
}

// Greeter is an implementation with a dependency.
type Greeter struct {
	UnimplementedGreeterServer
	gateway *Gateway
}

func NewGreeter(g *Gateway) *Greeter { return &Greeter{gateway: g} }

func (g *Greeter) SayHello(ctx restate.ObjectContext, req *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	n, err := restate.Get[int](ctx, "n")
	restate.Set(ctx, "n", n+1)
	return wrapperspb.String(g.gateway.prefix + req.GetValue()), err
}

func TestGeneratedCodeJoinsWithItsNamesItsCodecAndThePipeline(t *testing.T) {
	t.Parallel()
	name := unique("example.v1.Greeter")
	var trail PipeTrail
	start(t,
		fx.Provide(NewGateway, NewGreeter),
		fxrestate.Definition(
			func(g *Greeter) restate.ServiceDefinition {
				return NewGreeterServer(name, g, restate.WithMetadata("team", "greetings")).
					ConfigureHandler("SayHello", restate.WithInputCodec(handler.Typed[*wrapperspb.StringValue](encoding.ProtoJSONCodec)))
			},
			fxrestate.Interceptors(func(g *Gateway) pipeline.Interceptor { // is constructed by fx
				return pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					trail.add("%s %s %s %s", inv.Handler(), inv.Kind(), inv.Key(), g.prefix)
					return next(ctx, inv)
				})
			}),
			fxrestate.Handler("SayHello", fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
				in, err := pipeline.InputOf[*wrapperspb.StringValue](inv)
				return in.GetValue() != "Mallory", err
			})),
			fxrestate.Handler("Count", fxrestate.Guards(refuseAll)),
		),
	)
	require.Equal(t, "receipt-Ann", decode[string](t, call(t, path(name, "k", "SayHello"), "Ann")))
	require.NoError(t, stateIs(t, name, "k", "n", "1"))
	require.Equal(t, http.StatusForbidden, call(t, path(name, "k", "SayHello"), "Mallory").status)
	require.Equal(t, http.StatusForbidden, call(t, path(name, "k", "Count"), true).status)
	require.Equal(t, http.StatusBadRequest, call(t, path(name, "k", "SayHello"), 1).status)
	require.Contains(t, trail.all(), "SayHello object k receipt-")
	require.Equal(t, map[string]string{"team": "greetings"}, service(t, name).Metadata)
	require.Len(t, service(t, name).Handlers, 2)
}

func refuseAll(context.Context, *pipeline.Invocation) (bool, error) { return false, nil }

// Parcel is what a hand-made handler takes.
type Parcel struct {
	To     string `json:"to" validate:"required"`
	Weight int    `json:"weight"`
}

func TestThePipelineOfAHandMadeHandlerSeesItsDecodedInput(t *testing.T) {
	t.Parallel()
	name := unique("post")
	var trail PipeTrail
	start(t, fxrestate.Definition(
		func() restate.ServiceDefinition {
			weigh := func(ctx restate.Context, in Parcel) (Parcel, error) {
				trail.add("body %s", ctx.Request().Body)
				return in, nil
			}
			return restate.NewService(name).Handler("Weigh", restate.NewServiceHandler(weigh,
				restate.WithInputCodec(handler.Typed[Parcel](encoding.JSONCodec))))
		},
		fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			in, err := pipeline.InputOf[Parcel](inv)
			return in.Weight < 100, err
		}),
		fxrestate.Handler("Weigh", fxrestate.Pipes(
			validate.New(nil),
			pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in Parcel) (Parcel, error) {
				in.To = strings.ToUpper(in.To)
				return in, nil
			}),
		)),
	))
	require.Equal(t, Parcel{"ANN", 7}, decode[Parcel](t, call(t, path(name, "Weigh"), Parcel{"Ann", 7})))
	require.Equal(t, http.StatusForbidden, call(t, path(name, "Weigh"), Parcel{"Ann", 100}).status)
	invalid := failed(t, call(t, path(name, "Weigh"), Parcel{"", 7}))
	require.Equal(t, http.StatusBadRequest, invalid.Code)
	require.Equal(t, "invalid input: to: required", invalid.Message)
	undecodable := failed(t, call(t, path(name, "Weigh"), "no parcel"))
	require.Equal(t, http.StatusBadRequest, undecodable.Code)
	require.Contains(t, undecodable.Message, "the body cannot be decoded into the input of "+name+"/Weigh (integration_test.Parcel)")
	require.Contains(t, string(handlerOf(t, name, "Weigh").InputSchema), `"weight"`)
	require.Equal(t, `body {"to":"Ann","weight":7}`, trail.all()[0], "the request stays what the caller sent")
}

func TestClientsFindAServiceThatAPlainProviderRegistered(t *testing.T) {
	t.Parallel()
	name, cfg := unique("depot"), config()
	cfg.Ingress.URL = server.IngressURL()
	var client *ingress.Client
	startWith(t, cfg,
		fx.Provide(fx.Annotate(
			func() fxrestate.Registration { return fxrestate.NewObject(Depot{}, fxrestate.Name(name)) },
			fx.ResultTags(fxrestate.RegistrationGroup))),
		fx.Populate(&client))
	depot := ingress.NewObject[Depot](client).Key("k")
	require.NoError(t, ingress.CallVoid(t.Context(), depot, Depot.Store, "a thing"))
	got, err := ingress.Call0(t.Context(), depot, Depot.Look)
	require.NoError(t, err)
	require.Equal(t, "a thing", got)
}

func TestAPipeThatReturnsNothingIsNoEmptyInput(t *testing.T) {
	t.Parallel()
	name, i := unique("intake"), &Intake{}
	var failed atomic.Bool
	a := start(t, fxrestate.Service[*Intake](made(i), fxrestate.Name(name), quickly(),
		fxrestate.Handler((*Intake).Bytes, restate.WithInputCodec(encoding.BinaryCodec)),
		fxrestate.Handler((*Intake).Take, fxrestate.Pipes(func(_ restate.Context, _ *pipeline.Invocation, in any) (any, error) {
			if !failed.Swap(true) {
				return nil, nil
			}
			return in, nil
		}))))
	got := call(t, path(name, "Take"), Pair{1, "b"})
	require.Equal(t, Pair{1, "b"}, decode[Pair](t, got))
	require.EqualValues(t, 1, i.called.Load())
	require.Contains(t, loud(a, got.header.Get("X-Restate-Id"))[0].ContextMap()["err"], "Take takes a integration_test.Pair, and was given nothing")
}
