package lifecycle_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

// settings are an application's own configuration.
type settings struct{ restate fxrestate.Config }

func TestConfigComesFromSupplyOrFromAConstructor(t *testing.T) {
	t.Parallel()
	for how, option := range map[string]fx.Option{
		"supplied": fx.Supply(testkit.Config()),
		"made": fx.Options(
			fx.Supply(&settings{testkit.Config()}),
			fx.Provide(func(s *settings) fxrestate.Config { return s.restate }),
		),
		"made, or an error": fx.Options(
			fx.Supply(&settings{testkit.Config()}),
			fx.Provide(func(s *settings) (fxrestate.Config, error) { return s.restate, nil }),
		),
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("job")
			a := testkit.Build(t, option, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
			a.RequireStart()
			t.Cleanup(a.RequireStop)
			a.Serves(t, name)
		})
	}
}

func TestErrorOfTheConfigsConstructorIsShownAndNothingIsRegistered(t *testing.T) {
	t.Parallel()
	missing, name := errors.New("RESTATE_URL is not set"), testkit.Unique("job")
	err := testkit.NewError(t,
		fx.Provide(func() (fxrestate.Config, error) { return testkit.Config(), missing }),
		fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)),
	)
	require.ErrorIs(t, err, missing)
	require.ErrorContains(t, err, "config_test.go", "where the constructor stands")
	require.False(t, testkit.Known(t, name))
}

func TestUnusableConfigIsReportedWithAllItsFields(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t,
		fx.Supply(fxrestate.Config{
			Admin:    admin.Config{URL: "localhost:9070"},
			Endpoint: endpoint.Config{Addr: "9080", MaxInFlight: -1, IdentityKeys: []string{"secret"}},
			Register: &deployment.Config{URL: "http://user@localhost:{{prot}}"},
		}),
		fxrestate.Service[*sample.Job](sample.NewJob),
	)
	for _, want := range []string{
		`admin: URL "localhost:9070": does not start with http:// or https://`,
		`endpoint: Addr is "9080": it must be "host:port" or ":port"`,
		`endpoint: MaxInFlight is -1: it must be positive, or 0 for the default`,
		`endpoint: IdentityKeys[0] is "secret": it must be a public key that begins with "publickeyv1_"`,
		`deployment: URL "http://localhost:{{prot}}": has an unknown placeholder, only "{{port}}" is replaced`,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
			require.Equal(t, 1, strings.Count(err.Error(), want), "%q is reported once", want)
		})
	}
}

func TestApplicationIsConfiguredByItsEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"RESTATE_ADMIN_URL":         testkit.Server().AdminURL(),
		"RESTATE_DEPLOYMENT_URL":    "http://" + testkit.Server().EndpointHost() + ":{{port}}",
		"RESTATE_REGISTER_REQUIRED": "true",
		"RESTATE_ENDPOINT_ADDR":     "127.0.0.1:0",
	} {
		t.Setenv(name, value)
	}
	name := testkit.Unique("job")
	a := testkit.Build(t, fx.Provide(fxrestate.ConfigFromEnv), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	a.RequireStart()
	defer a.RequireStop()
	a.Serves(t, name)
}

func TestWithoutConfigTheDefaultsAreInForce(t *testing.T) {
	t.Parallel()
	var adminClient *admin.Client
	var ingressClient *ingress.Client
	name := testkit.Unique("job")
	a := testkit.Build(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)), fx.Populate(&adminClient, &ingressClient))
	require.Equal(t, "http://localhost:9070", adminClient.URL())
	require.Equal(t, "http://localhost:8080", ingressClient.URL())
	cfg := a.Endpoint.Config()
	require.GreaterOrEqual(t, cfg.MaxInFlight, 100)
	require.GreaterOrEqual(t, cfg.MaxInFlightBytes, int64(32<<20))
	cfg.MaxInFlight, cfg.MaxInFlightBytes = 0, 0
	require.Equal(t, endpoint.Config{
		Mode: endpoint.Listen, Addr: ":9080", MaxMessageBytes: 32 << 20,
		SuspendAfter: 50 * time.Millisecond, OnMismatch: endpoint.Retry, DrainTimeout: 10 * time.Second,
	}, cfg)

	// The port is one that others like, too, such as the other run of the tests.
	testkit.Eventually(t, func() error {
		a = testkit.Build(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
		return a.TryStart(t)
	})
	defer a.RequireStop()
	require.Equal(t, 9080, a.Endpoint.Port())
	require.NoError(t, a.Health.Ready())
	require.False(t, testkit.Known(t, name), "not registered")
}

func TestTakenPortFailsTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cfg, name := testkit.Config(), testkit.Unique("job")
	cfg.Endpoint.Addr = l.Addr().String()
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	err = a.TryStart(t)
	require.ErrorContains(t, err, "endpoint: listen on "+cfg.Endpoint.Addr)
	require.ErrorContains(t, err, "choose another Addr, or port 0 for a free one")
	require.Error(t, a.Health.Ready())
	require.False(t, testkit.Known(t, name))
}

func TestBadIdentityKeyIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	cfg := testkit.Config()
	cfg.Endpoint.IdentityKeys = []string{"publickeyv1_notakey"}
	require.ErrorContains(t, testkit.NewError(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob)), "endpoint: IdentityKeys")
}
