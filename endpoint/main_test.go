package endpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
)

func TestMain(m *testing.M) {
	if os.Getenv(warmEnv) != "" {
		if err := warmProcess(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testkit.Main(m, testkit.ServerEnv(func(dir string) (map[string]string, error) {
		env, err := testkit.SigningServer(&signingKey)(dir)
		if err != nil {
			return nil, err
		}
		env["SSL_CERT_FILE"] = filepath.Join(dir, authorityFile) // it trusts our certificates
		return env, writeAuthority(dir)
	}))
}

// describe reads the handlers of T.
func describe[T any](t testing.TB, name string, opts ...restate.ServiceDefinitionOption) *handler.Descriptor {
	t.Helper()
	d, err := handler.Spec{Type: reflect.TypeFor[T](), Name: name, Options: opts}.Describe()
	require.NoError(t, err)
	return d
}

// define makes the definition of a handler struct.
func define[T any](t testing.TB, name string, receiver T, opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	t.Helper()
	return endpoint.Definition(describe[T](t, name, opts...), receiver)
}

// logs returns a log handler and what it writes.
func logs() (slog.Handler, *observer.ObservedLogs) {
	core, lines := observer.New(zapcore.DebugLevel)
	return logging.NewHandler(zap.New(core), logging.Config{}), lines
}

func newEndpoint(t testing.TB, cfg endpoint.Config, definitions ...restate.ServiceDefinition) (*endpoint.Endpoint, *observer.ObservedLogs) {
	t.Helper()
	log, lines := logs()
	e, err := endpoint.New(cfg, log, definitions...)
	require.NoError(t, err)
	return e, lines
}

// start serves definitions until the test ends, on a free port unless cfg says
// otherwise.
func start(t testing.TB, cfg endpoint.Config, definitions ...restate.ServiceDefinition) (*endpoint.Endpoint, *observer.ObservedLogs) {
	t.Helper()
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	e, lines := newEndpoint(t, cfg, definitions...)
	require.NoError(t, e.Start(testkit.Context(t)))
	t.Cleanup(func() { stop(t, e) })
	return e, lines
}

// url is where the server reaches the endpoint.
func url(e *endpoint.Endpoint) string {
	return fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), e.Port())
}

func register(t testing.TB, uri string) admin.Deployment {
	t.Helper()
	return registerAs(t, admin.RegisterDeploymentRequest{URI: uri})
}

func registerAs(t testing.TB, req admin.RegisterDeploymentRequest) admin.Deployment {
	t.Helper()
	req.Force = true
	client := testkit.Admin()
	registered, err := client.RegisterDeployment(testkit.Context(t), req)
	require.NoError(t, err)
	deployment, err := client.Deployment(testkit.Context(t), registered.ID)
	require.NoError(t, err)
	return deployment
}

// callString returns the string that a call results in.
func callString(t testing.TB, path string, in any) string {
	t.Helper()
	return testkit.Decode[string](t, testkit.Post(t, path, in))
}

// invocation is what the server knows of an invocation.
type invocation struct {
	Status      string  `json:"status"`
	RetryCount  *int    `json:"retry_count"`
	LastFailure *string `json:"last_failure"`
	Result      *string `json:"completion_result"`
	Failure     *string `json:"completion_failure"`
}

func (i invocation) String() string {
	b, _ := json.Marshal(i)
	return string(b)
}

func look(t testing.TB, id string) invocation {
	t.Helper()
	rows, err := admin.Query[invocation](testkit.Context(t), testkit.Admin(),
		"SELECT status, retry_count, last_failure, completion_result, completion_failure FROM sys_invocation WHERE id = ?", id)
	require.NoError(t, err)
	require.Len(t, rows, 1, "invocation %s", id)
	return rows[0]
}

// stop stops an endpoint, which must succeed, and returns how long it took.
func stop(t testing.TB, e *endpoint.Endpoint) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), testkit.Within) // for cleanups too
	defer cancel()
	begin := time.Now()
	require.NoError(t, e.Stop(ctx))
	return time.Since(begin)
}

// name is the name of the test's service, another one at each run of the test: the
// server remembers what happened to the last.
func name(t testing.TB) string {
	n, ok := names.Load(t)
	if !ok {
		unsafe := regexp.MustCompile(`[^A-Za-z0-9.]+`)
		n, _ = names.LoadOrStore(t, fmt.Sprintf("%s-%d", unsafe.ReplaceAllString(t.Name(), "-"), nameCount.Add(1)))
	}
	return n.(string)
}

var (
	names     sync.Map
	nameCount atomic.Int32
)
