package pipeline_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/validate"
	"github.com/fxrestate/go/rpc"
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
	salutation salutation
}

// salutation is what a Greeter needs from the rest of the graph.
type salutation string

func newSalutation() salutation { return "receipt-" }

func NewGreeter(s salutation) *Greeter { return &Greeter{salutation: s} }

func (g *Greeter) SayHello(ctx restate.ObjectContext, req *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	n, err := restate.Get[int](ctx, "n")
	restate.Set(ctx, "n", n+1)
	return wrapperspb.String(string(g.salutation) + req.GetValue()), err
}

func TestGeneratedCodeJoinsWithItsNamesItsCodecAndThePipeline(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("example.v1.Greeter")
	var trail PipeTrail
	testkit.Start(t,
		fx.Provide(newSalutation, NewGreeter),
		fxrestate.Definition(
			func(g *Greeter) restate.ServiceDefinition {
				return NewGreeterServer(name, g, restate.WithMetadata("team", "greetings")).
					ConfigureHandler("SayHello", restate.WithInputCodec(handler.Typed[*wrapperspb.StringValue](encoding.ProtoJSONCodec)))
			},
			fxrestate.Interceptors(func(s salutation) pipeline.Interceptor { // is constructed by fx
				return pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					trail.add("%s %s %s %s", inv.Handler(), inv.Target().Role(), inv.Key(), s)
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
	require.Equal(t, "receipt-Ann", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "k", "SayHello"), "Ann")))
	require.NoError(t, testkit.StateIs(t, name, "k", "n", "1"))
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "k", "SayHello"), "Mallory").Status)
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "k", "Count"), true).Status)
	require.Equal(t, http.StatusBadRequest, testkit.Post(t, testkit.Path(name, "k", "SayHello"), 1).Status)
	require.Contains(t, trail.all(), "SayHello virtual object, exclusive k receipt-")
	require.Equal(t, map[string]string{"team": "greetings"}, testkit.ServiceOf(t, name).Metadata)
	require.Len(t, testkit.ServiceOf(t, name).Handlers, 2)
}

func refuseAll(context.Context, *pipeline.Invocation) (bool, error) { return false, nil }

// Parcel is what a hand-made handler takes.
type Parcel struct {
	To     string `json:"to" validate:"required"`
	Weight int    `json:"weight"`
}

func TestThePipelineOfAHandMadeHandlerSeesItsDecodedInput(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("post")
	var trail PipeTrail
	testkit.Start(t, fxrestate.Definition(
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
	require.Equal(t, Parcel{"ANN", 7}, testkit.Decode[Parcel](t, testkit.Post(t, testkit.Path(name, "Weigh"), Parcel{"Ann", 7})))
	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(name, "Weigh"), Parcel{"Ann", 100}).Status)
	invalid := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Weigh"), Parcel{"", 7}))
	require.Equal(t, http.StatusBadRequest, invalid.Code)
	require.Equal(t, "invalid input: to: required", invalid.Message)
	undecodable := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Weigh"), "no parcel"))
	require.Equal(t, http.StatusBadRequest, undecodable.Code)
	require.Contains(t, undecodable.Message, "the body cannot be decoded into the input of "+name+"/Weigh (pipeline_test.Parcel)")
	require.Contains(t, string(testkit.HandlerOf(t, name, "Weigh").InputSchema), `"weight"`)
	require.Equal(t, `body {"to":"Ann","weight":7}`, trail.all()[0], "the request stays what the caller sent")
}

func TestAMigratedDefinitionIsValidatedAndHasTheDefaults(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("post")
	cfg := testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{
		restate.WithInactivityTimeout(7 * time.Minute), restate.WithMetadata("team", "all"), restate.WithMetadata("tier", "1"),
	}
	testkit.StartWith(t, cfg,
		fxrestate.Use(fxrestate.Pipes(validate.New(nil))),
		fxrestate.Definition(func() restate.ServiceDefinition {
			return restate.NewService(name, restate.WithMetadata("team", "post")).
				Handler("Weigh", restate.NewServiceHandler(func(_ restate.Context, in Parcel) (int, error) { return in.Weight, nil })).
				Handler("Rest", restate.NewServiceHandler(func(restate.Context, restate.Void) (string, error) { return "rested", nil }))
		}))
	require.Equal(t, 7, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Weigh"), Parcel{"Ann", 7})))
	invalid := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Weigh"), Parcel{"", 7}))
	require.Equal(t, http.StatusBadRequest, invalid.Code)
	require.Equal(t, "invalid input: to: required", invalid.Message)
	require.Equal(t, "rested", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Rest"), nil)))
	service := testkit.ServiceOf(t, name)
	require.Equal(t, map[string]string{"team": "post", "tier": "1"}, service.Metadata)
	require.Equal(t, "7m", service.InactivityTimeout)
}

func TestCallInterceptorsRunAroundTheCallsOfAForeignHandler(t *testing.T) {
	t.Parallel()
	mail, office, letters := testkit.Unique("mail"), testkit.Unique("office"), testkit.Unique("letters")
	var trail PipeTrail
	got := make(chan string, 10)
	tag := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		trail.add("%s %s/%s %s", call.Verb, call.Service, call.Handler, call.Key)
		if call.Input == "refused" {
			return restate.TerminalErrorf("not that one")
		}
		call.SetHeader("x-tag", "tagged "+string(call.Verb))
		return next(ctx, call)
	}
	take := func(ctx restate.Context, what string) (string, error) {
		seen := what + " " + ctx.Request().Headers.Get("x-own") + " " + ctx.Request().Headers.Get("x-tag")
		got <- seen
		return seen, nil
	}
	work := func(ctx restate.Context, typed rpc.Service[*PipeMail]) (string, error) {
		own := restate.WithHeaders(map[string]string{"x-own": "own"})
		if _, err := restate.Service[string](ctx, mail, "Take").Request("call", own); err != nil {
			return "", err
		}
		future := restate.Service[string](ctx, mail, "Take").RequestFuture("future", own)
		if _, err := future.Response(); err != nil {
			return "", err
		}
		restate.ServiceSend(ctx, mail, "Take").Send("send", own)
		if _, err := rpc.Call(ctx, typed, (*PipeMail).Take, "typed"); err != nil {
			return "", err
		}
		_, err := restate.Service[string](ctx, mail, "Take").Request("refused")
		return "", err
	}
	testkit.Start(t,
		fxrestate.Service[*PipeMail](testkit.Made(&PipeMail{got}), fxrestate.Name(letters)),
		fxrestate.Definition(func() restate.ServiceDefinition {
			return restate.NewService(mail).Handler("Take", restate.NewServiceHandler(take))
		}),
		fxrestate.Definition(func(typed rpc.Service[*PipeMail]) restate.ServiceDefinition {
			return restate.NewService(office).Handler("Work", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) { return work(ctx, typed) }))
		}, fxrestate.CallInterceptors(tag)))
	failed := testkit.Failed(t, testkit.Post(t, testkit.Path(office, "Work"), nil))
	require.Equal(t, "not that one", failed.Message)
	received := []string{<-got, <-got, <-got, <-got}
	require.Contains(t, received, "call own tagged call")
	require.Contains(t, received, "future own tagged future")
	require.Contains(t, received, "send own tagged send")
	calls := trail.all()
	require.Equal(t, []string{ // the last attempt replays all before its end
		"call " + mail + "/Take ", "future " + mail + "/Take ", "send " + mail + "/Take ",
		"call " + letters + "/Take ", "call " + mail + "/Take ",
	}, calls[max(0, len(calls)-5):])
}

func TestCallsOfACallInterceptorMeetNoCallInterceptors(t *testing.T) {
	t.Parallel()
	office, letters := testkit.Unique("office"), testkit.Unique("letters")
	var trail PipeTrail
	var typed rpc.Service[*PipeMail]
	ask := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		trail.add("%v", call.Input)
		if _, err := restate.Service[string](ctx, letters, "Take").Request("of the SDK"); err != nil {
			return err
		}
		if _, err := rpc.Call(ctx, typed, (*PipeMail).Take, "typed"); err != nil {
			return err
		}
		return next(ctx, call)
	}
	work := func(ctx restate.Context, _ restate.Void) (string, error) {
		if _, err := restate.Service[string](ctx, letters, "Take").Request("one"); err != nil {
			return "", err
		}
		_, err := rpc.Call(ctx, typed, (*PipeMail).Take, "two")
		return "done", err
	}
	testkit.Start(t,
		fxrestate.Service[*PipeMail](testkit.Made(&PipeMail{make(chan string, 100)}), fxrestate.Name(letters)),
		fxrestate.Definition(func() restate.ServiceDefinition {
			return restate.NewService(office).Handler("Work", restate.NewServiceHandler(work))
		}, fxrestate.CallInterceptors(ask)),
		fx.Populate(&typed))
	require.Equal(t, "done", testkit.Decode[string](t, testkit.Post(t, testkit.Path(office, "Work"), nil)))
	calls := trail.all()
	require.Equal(t, []string{"one", "two"}, calls[max(0, len(calls)-2):])
	require.NotContains(t, calls, "typed")
	require.NotContains(t, calls, "of the SDK")
}

func TestACallInterceptorThatFailsLetsAForeignHandlerBeRetried(t *testing.T) {
	t.Parallel()
	verbs := map[pipeline.Verb]func(restate.Context, string) error{
		pipeline.VerbCall: func(ctx restate.Context, mail string) error {
			_, err := restate.Object[string](ctx, mail, "k", "Take").Request("x")
			return err
		},
		pipeline.VerbFuture: func(ctx restate.Context, mail string) error {
			_, err := restate.Object[string](ctx, mail, "k", "Take").RequestFuture("x").Response()
			return err
		},
		pipeline.VerbSend: func(ctx restate.Context, mail string) error {
			restate.ObjectSend(ctx, mail, "k", "Take").Send("x", restate.WithDelay(-time.Second))
			return nil
		},
	}
	for verb, call := range verbs {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			mail, office := testkit.Unique("mail"), testkit.Unique("office")
			var failed atomic.Int32
			testkit.Start(t,
				fxrestate.Definition(func() restate.ServiceDefinition {
					return restate.NewObject(mail).Handler("Take", restate.NewObjectHandler(func(_ restate.ObjectContext, in string) (string, error) { return in, nil }))
				}),
				fxrestate.Definition(func() restate.ServiceDefinition {
					return restate.NewService(office, testkit.RetrySoon()).Handler("Work", restate.NewServiceHandler(
						func(ctx restate.Context, _ restate.Void) (string, error) { return "done", call(ctx, mail) }))
				}, fxrestate.CallInterceptors(func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
					require.Equal(t, "k", c.Key)
					require.Zero(t, c.Delay)
					if failed.Add(1) < 3 {
						return errUnlucky
					}
					return next(ctx, c)
				})))
			require.Equal(t, "done", testkit.Decode[string](t, testkit.Post(t, testkit.Path(office, "Work"), nil)))
			require.GreaterOrEqual(t, failed.Load(), int32(3))
		})
	}
}

func TestClientsFindAServiceThatAPlainProviderRegistered(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("depot")
	var client *ingress.Client
	testkit.Start(t,
		fx.Provide(fx.Annotate(
			func() fxrestate.Registration { return fxrestate.NewObject(sample.Depot{}, fxrestate.Name(name)) },
			fx.ResultTags(fxrestate.RegistrationGroup))),
		fx.Populate(&client))
	depot := ingress.NewObject[sample.Depot](client).Key("k")
	require.NoError(t, ingress.CallVoid(t.Context(), depot, sample.Depot.Store, "a thing"))
	got, err := ingress.Call0(t.Context(), depot, sample.Depot.Look)
	require.NoError(t, err)
	require.Equal(t, "a thing", got)
}

// Scales take parcels.
type Scales struct{ called atomic.Int32 }

func (s *Scales) Take(_ restate.Context, in Parcel) (Parcel, error) {
	s.called.Add(1)
	return in, nil
}

func TestAPipeThatReturnsNothingIsNoEmptyInput(t *testing.T) {
	t.Parallel()
	name, s := testkit.Unique("scales"), &Scales{}
	var failed atomic.Bool
	a := testkit.Start(t, fxrestate.Service[*Scales](testkit.Made(s), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Handler((*Scales).Take, fxrestate.Pipes(func(_ restate.Context, _ *pipeline.Invocation, in any) (any, error) {
			if !failed.Swap(true) {
				return nil, nil
			}
			return in, nil
		}))))
	got := testkit.Post(t, testkit.Path(name, "Take"), Parcel{"b", 1})
	require.Equal(t, Parcel{"b", 1}, testkit.Decode[Parcel](t, got))
	require.EqualValues(t, 1, s.called.Load())
	require.Contains(t, testkit.Failures(a, got.Header.Get("X-Restate-Id"))[0].ContextMap()["err"], "Take takes a pipeline_test.Parcel, and was given nothing")
}
