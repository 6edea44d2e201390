package fxrestate_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/manifest"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// The services of an application that describes itself: a desk calls others in each way in
// which it can get their clients.
type (
	desk struct{}
	bank struct{}
	safe struct{}
	mail struct{}
	bury struct{}
	fax  struct{}

	teller  struct{} // a helper that fx makes
	counter struct{} // one that takes the other
	visitor struct{} // one for each invocation
	window  interface{ Open() }
	deskIn  struct {
		fx.In

		Counter counter
		Bank    rpc.Service[*bank]
		Mail    rpc.Workflow[*mail] `optional:"true"`
		Windows []window            `group:"windows"`
		Visitor durable.PerInvocation[*visitor]
	}
	wicket struct{}
)

func (wicket) Open() {}

func (*desk) Ask(restate.Context, HashOrder) (HashLine, error) { return HashLine{}, nil }
func (*bank) Pay(restate.Context) error                        { return nil }
func (*safe) Lock(restate.ObjectContext) error                 { return nil }
func (*safe) Look(restate.ObjectSharedContext) (int, error)    { return 0, nil }
func (*mail) Run(restate.WorkflowContext) error                { return nil }
func (*bury) Bury(restate.Context, pipeline.Letter) error      { return nil }
func (*fax) Send(restate.Context) error                        { return nil }

// describe returns what an application writes. None of its services is constructed.
func describe(t *testing.T, opts ...fx.Option) description.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), "description.json")
	app := fx.New(fx.NopLogger, fxrestate.Module, fxrestate.Describing(path), fx.Options(opts...))
	require.ErrorIs(t, app.Err(), fxrestate.ErrDescribed)
	doc, err := description.Read(path)
	require.NoError(t, err)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
	return doc
}

func never[T any](*testing.T) func() T {
	return func() T { panic("a service was constructed") }
}

// front is an application with everything that a description has.
func front(t *testing.T) fx.Option {
	return fx.Options(
		fxrestate.Use(fxrestate.Guards(&gate{"all"})),
		fxrestate.Group(
			fxrestate.Use(fxrestate.Guards(&gate{"group"})),
			fxrestate.Service[*desk](func(deskIn) *desk { panic("a service was constructed") },
				fxrestate.Name("desk"),
				fxrestate.Guards(func() *gate { return &gate{"service"} }),
				fxrestate.DeadLetter((*bury).Bury),
				fxrestate.Handler((*desk).Ask, fxrestate.Guards(&gate{"handler"}), restate.WithIngressPrivate(true)),
				restate.WithMetadata("team", "front"),
			),
		),
		fxrestate.Service[*bank](never[*bank](t)),
		fxrestate.Object[*safe](never[*safe](t), fxrestate.Name("safe")),
		fxrestate.Workflow[*mail](never[*mail](t)),
		fxrestate.Service[*bury](never[*bury](t)),
		fxrestate.RemoteService[*fax](fxrestate.Name("fax")),
		fxrestate.Definition(handMade),
		fx.Provide(
			func(rpc.Object[*safe]) teller { return teller{} },
			func(teller) counter { return counter{} },
			fx.Annotate(func(rpc.Service[*fax]) wicket { return wicket{} }, fx.As(new(window)), fx.ResultTags(`group:"windows"`)),
		),
		fxrestate.PerInvocation[*visitor](func(context.Context, rpc.Service[*bury]) *visitor { return nil }),
		fx.Provide(newLobby),
	)
}

type lobby struct{}

func newLobby(*ingress.Client) *lobby { return &lobby{} }

func TestAnApplicationDescribesWhatItServes(t *testing.T) {
	t.Parallel()
	doc := describe(t, front(t))

	require.Equal(t, description.Format, doc.Format)
	require.Equal(t, "(devel)", doc.Build.Fxrestate)
	require.NotEmpty(t, doc.Build.Go)
	require.Nil(t, doc.Registration)
	require.Equal(t, description.Endpoint{Mode: "listen", Port: 9080}, doc.Endpoint)
	require.Equal(t, "http://localhost:9070", doc.AdminURL)
	require.Equal(t, "http://localhost:8080", doc.IngressURL)

	services := map[string]description.Service{}
	for _, s := range doc.Services {
		services[s.Name] = s
	}
	require.Len(t, services, 6)
	asked := services["desk"]
	require.Equal(t, "service", asked.Kind)
	require.Equal(t, "*fxrestate_test.desk", asked.Type)
	require.Regexp(t, `^describe_test\.go:\d+$`, asked.Position)
	require.Equal(t, map[string]string{"team": "front"}, asked.Metadata)
	require.Len(t, asked.Handlers, 1)
	ask := asked.Handlers[0]
	require.Equal(t, "(*fxrestate_test.desk).Ask", ask.Method)
	require.Regexp(t, `^fxrestate_test/describe_test\.go:\d+$|^fxrestate/describe_test\.go:\d+$`, ask.Position)
	require.Equal(t, description.Payload{Type: "fxrestate_test.HashOrder", Schema: "object", ContentType: "application/json"}, ask.Input)
	require.Equal(t, map[string]string{"public": "false"}, ask.Options)
	require.Equal(t, []description.Member{
		{Stage: "observer", Level: "global", Name: "pipeline.panicLog"},
		{Stage: "guard", Level: "global", Name: "all"},
		{Stage: "guard", Level: "group", Name: "group"},
		{Stage: "guard", Level: "service", Name: "service"},
		{Stage: "guard", Level: "handler", Name: "handler"},
		{Stage: "dead letter", Level: "service", Name: "bury/Bury"},
	}, ask.Pipeline)

	require.Equal(t, "virtual object", services["safe"].Kind)
	require.Equal(t, "shared", services["safe"].Handlers[1].Mode)
	require.Equal(t, "workflow run", services["mail"].Handlers[0].Mode)
	require.Empty(t, services["hand-made"].Type, "a definition has no struct")
	require.Equal(t, "all", services["hand-made"].Handlers[0].Pipeline[1].Name)

	require.Equal(t, []description.Remote{{Name: "fax", Kind: "service", Type: "*fxrestate_test.fax", Position: doc.Remote[0].Position}}, doc.Remote)
	require.Equal(t, []description.Outside{{Constructor: "fxrestate_test.newLobby", Client: "*ingress.Client"}}, doc.Outside)
}

func TestADescriptionSaysWhoCallsWhom(t *testing.T) {
	t.Parallel()
	for _, s := range describe(t, front(t)).Services {
		if s.Name != "desk" {
			require.Empty(t, s.Calls, s.Name)
			continue
		}
		type call struct {
			service, by string
			through     []string
			remote      bool
		}
		var calls []call
		for _, c := range s.Calls {
			calls = append(calls, call{c.Service, c.By, c.Through, c.Remote})
		}
		require.Equal(t, []call{
			{"bank", "client", nil, false},
			{"bury", "client", []string{"durable.PerInvocation[*github.com/fxrestate/go/fxrestate_test.visitor]"}, false},
			{"fax", "client", []string{"fxrestate_test.window[group=windows]0"}, true},
			{"mail", "client", nil, false},
			{"safe", "client", []string{"fxrestate_test.counter", "fxrestate_test.teller"}, false},
			{"bury", "dead letter", nil, false},
		}, calls)
	}
}

func TestADescriptionHasTheConfiguration(t *testing.T) {
	t.Parallel()
	const key = "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"
	cfg := fxrestate.Config{
		Admin:    admin.Config{URL: "https://user:secret@admin.example"},
		Ingress:  ingress.Config{URL: "https://user:secret@ingress.example"},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:7000", IdentityKeys: []string{key}, Version: endpoint.Version{Name: endpoint.ByInterface}},
		Register: &deployment.Config{
			URL: "http://shop.example", Mode: deployment.Production, Application: "shop", Required: true,
			AdditionalHeaders: map[string]string{"x-token": "secret"}, Metadata: map[string]string{"zone": "b"},
		},
	}
	doc := describe(t, fx.Supply(cfg), fxrestate.Service[*bank](never[*bank](t)))
	require.NotContains(t, doc.AdminURL+doc.IngressURL, "secret")
	require.Contains(t, doc.AdminURL, "admin.example")
	require.Contains(t, doc.IngressURL, "ingress.example")
	require.Equal(t, description.Endpoint{Mode: "listen", Port: 7000, Path: "/v/" + doc.InterfaceHash[len("sha256:"):][:12], Signed: true}, doc.Endpoint)
	require.Equal(t, &description.Registration{
		URL: "http://shop.example", Mode: "production", InPlace: "refuse", DrainLimit: "10m0s", Superseded: "refuse",
		Application: "shop", Required: true, HeaderNames: []string{"x-token"}, Metadata: map[string]string{"zone": "b"},
	}, doc.Registration)
}

// A Lambda function answers discovery itself, and only when it is invoked.
func TestTheManifestIsThatOfTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, mode := range []endpoint.Mode{endpoint.Listen, endpoint.Mounted, endpoint.Lambda} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			own := fxrestate.Service[*bank](func() *bank { return &bank{} })
			doc := describe(t, fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: mode}}), own)
			require.Equal(t, string(mode), doc.Endpoint.Mode)

			cfg := endpoint.Config{Mode: endpoint.Mounted, RequestResponse: mode == endpoint.Lambda}
			var served *endpoint.Endpoint
			app := fx.New(fx.NopLogger, fxrestate.Module, fx.Supply(fxrestate.Config{Endpoint: cfg}), own, fx.Populate(&served))
			require.NoError(t, app.Err())
			raw, err := served.Manifest(t.Context())
			require.NoError(t, err)
			m, err := manifest.Parse(raw)
			require.NoError(t, err)
			require.Equal(t, m.InterfaceHash(), doc.InterfaceHash)
			require.JSONEq(t, string(raw), string(doc.Manifest))
		})
	}
}

// plainly is a service that a plain provider registers.
func TestAServiceOfAPlainProviderIsDescribed(t *testing.T) {
	t.Parallel()
	doc := describe(t, fx.Provide(fx.Annotate(
		func() fxrestate.Registration { return fxrestate.NewService(&bank{}) }, fx.ResultTags(fxrestate.RegistrationGroup))))
	require.Len(t, doc.Services, 1)
	require.Equal(t, "(*fxrestate_test.bank).Pay", doc.Services[0].Handlers[0].Method)
}

type missed struct{}

func TestAnApplicationWithMistakesWritesNoDescription(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a service without handlers": {fxrestate.Service[*lobby](never[*lobby](t)), "has no handlers"},
		"what a service needs": {
			fxrestate.Service[*bank](func(missed) *bank { return nil }),
			`\*fxrestate_test.bank \(describe_test.go:\d+\): its constructor takes a fxrestate_test.missed, which nobody provides; provide it`,
		},
		"what a helper needs": {
			fx.Options(fxrestate.Service[*bank](func(teller) *bank { return nil }), fx.Provide(func(missed) teller { return teller{} })),
			"the constructor of fxrestate_test.teller takes a fxrestate_test.missed, which nobody provides; provide it",
		},
		"an instance that is not provided": {
			fxrestate.Service[*bank](fxrestate.Provided[*bank]()), "nobody provides it",
		},
		"a client that nobody provides": {fxrestate.Service[*bank](func(rpc.Service[*fax]) *bank { return nil }), "nobody registered that type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "description.json")
			var stderr bytes.Buffer
			require.Equal(t, 1, fxrestate.RunTo(&stderr, fx.NopLogger, fxrestate.Module, fxrestate.Describing(path), test.option))
			require.Regexp(t, test.want, stderr.String())
			require.NoFileExists(t, path)
		})
	}
}

func TestWhatIsOptionalMayBeMissing(t *testing.T) {
	t.Parallel()
	type optional struct {
		fx.In

		Missed missed   `optional:"true"`
		All    []missed `group:"missed"`
	}
	require.Len(t, describe(t, fxrestate.Service[*bank](func(optional, fx.Lifecycle, fx.Shutdowner) *bank { return nil })).Services, 1)
}

func TestRunOfADescribedApplicationEndsInSilence(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	code := fxrestate.RunTo(&stderr, fx.NopLogger, fxrestate.Module, fxrestate.Describing(filepath.Join(t.TempDir(), "d.json")),
		fxrestate.Service[*bank](never[*bank](t)),
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() { panic("it was started") })) }))
	require.Zero(t, code)
	require.Empty(t, stderr.String())
}

func TestADescriptionThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	app := fx.New(fx.NopLogger, fxrestate.Module, fxrestate.Describing(filepath.Join(t.TempDir(), "no", "d.json")), fxrestate.Service[*bank](never[*bank](t)))
	require.NotErrorIs(t, app.Err(), fxrestate.ErrDescribed)
	require.ErrorContains(t, app.Err(), "FXRESTATE_DESCRIBE: description: ")
}

func TestAnApplicationWithADevServerDescribesItselfWithoutAServer(t *testing.T) {
	t.Setenv(description.Variable, "set where a program describes itself")
	t.Setenv("RESTATE_DEPLOYMENT_URL", "")
	for name, url := range map[string]string{"that it would run": "", "that the environment names": "http://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RESTATE_INGRESS_URL", url)
			t.Setenv("RESTATE_ADMIN_URL", url)
			doc := describe(t, fxrestate.DevServer(devserver.Config{Binary: filepath.Join(t.TempDir(), "no server")}),
				fxrestate.Service[*fax](never[*fax](t)))
			require.Equal(t, "http://127.0.0.1:"+deployment.PortPlaceholder, doc.Registration.URL)
			require.True(t, doc.Registration.Required)
			require.Len(t, doc.Services, 1)
		})
	}
}
