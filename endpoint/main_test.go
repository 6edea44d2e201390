package endpoint_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
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
	"go.uber.org/goleak"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/logging"
)

// restateServer is shared by all tests of the package: each registers services
// of its own.
var restateServer *devserver.Server

// httpClient is that of all tests, so that its connections can be closed before
// goroutines are counted.
var httpClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

func TestMain(m *testing.M) {
	if os.Getenv(warmEnv) != "" {
		if err := warmProcess(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "endpoint-test")
	if err == nil {
		defer os.RemoveAll(dir)
		err = writeSecrets(dir)
	}
	if err == nil {
		restateServer, err = devserver.Start(context.Background(), devserver.Config{Progress: os.Stderr, Env: map[string]string{
			"RESTATE_LOG_FILTER":             "warn",
			"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
			// The server signs all requests; endpoints without keys do not care.
			"RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": filepath.Join(dir, signingKeyFile),
			// It trusts the certificates of our authority.
			"SSL_CERT_FILE": filepath.Join(dir, authorityFile),
		}})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := restateServer.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	httpClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// within is the time that anything may take.
const within = 30 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	return ctx
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
	return logging.NewHandler(core, logging.Config{}), lines
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
	require.NoError(t, e.Start(testContext(t)))
	t.Cleanup(func() { stop(t, e) })
	return e, lines
}

// url is where the server reaches the endpoint.
func url(e *endpoint.Endpoint) string {
	return fmt.Sprintf("http://%s:%d", restateServer.EndpointHost(), e.Port())
}

func adminClient(t testing.TB) *admin.Client {
	t.Helper()
	c, err := admin.New(admin.Config{URL: restateServer.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func register(t testing.TB, uri string) admin.Deployment {
	t.Helper()
	return registerAs(t, admin.RegisterDeploymentRequest{URI: uri})
}

func registerAs(t testing.TB, req admin.RegisterDeploymentRequest) admin.Deployment {
	t.Helper()
	req.Force = true
	client := adminClient(t)
	registered, err := client.RegisterDeployment(testContext(t), req)
	require.NoError(t, err)
	deployment, err := client.Deployment(testContext(t), registered.ID)
	require.NoError(t, err)
	return deployment
}

// answer is what came back through the ingress.
type answer struct {
	status int
	header http.Header
	body   string
}

// call posts a JSON value to a path of the ingress.
func call(t testing.TB, path string, in any) answer {
	t.Helper()
	a, err := post(testContext(t), restateServer.IngressURL()+path, in)
	require.NoError(t, err)
	return a
}

// callString returns the string that a call results in.
func callString(t testing.TB, path string, in any) string {
	t.Helper()
	return decode[string](t, call(t, path, in))
}

func decode[T any](t testing.TB, a answer) (out T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), &out))
	return out
}

func post(ctx context.Context, url string, in any) (answer, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return answer{}, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return do(req)
}

func do(req *http.Request) (answer, error) {
	res, err := httpClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(got)}, err
}

// send starts an invocation and returns its id.
func send(t testing.TB, path string, in any) string {
	t.Helper()
	a := call(t, path+"/send", in)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	var accepted struct {
		InvocationID string `json:"invocationId"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &accepted))
	return accepted.InvocationID
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
	rows, err := admin.Query[invocation](testContext(t), adminClient(t),
		"SELECT status, retry_count, last_failure, completion_result, completion_failure FROM sys_invocation WHERE id = "+admin.Quote(id))
	require.NoError(t, err)
	require.Len(t, rows, 1, "invocation %s", id)
	return rows[0]
}

// result attaches to an invocation and returns its outcome.
func result(t testing.TB, id string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(testContext(t), http.MethodGet, restateServer.IngressURL()+"/restate/invocation/"+id+"/attach", http.NoBody)
	require.NoError(t, err)
	a, err := do(req)
	require.NoError(t, err)
	return a
}

// stop stops an endpoint, which must succeed, and returns how long it took.
func stop(t testing.TB, e *endpoint.Endpoint) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), within) // for cleanups too
	defer cancel()
	begin := time.Now()
	require.NoError(t, e.Stop(ctx))
	return time.Since(begin)
}

// eventually polls for what cannot be waited for.
func eventually(t testing.TB, condition func() bool, what string, args ...any) {
	t.Helper()
	require.Eventually(t, condition, within, 10*time.Millisecond, append([]any{what}, args...)...)
}

// stablePort returns a port that no other test gets: it is not one of those that
// the kernel hands out.
func stablePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(9_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			require.NoError(t, l.Close())
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
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

// receive waits for a value.
func receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(within):
		require.Fail(t, "nothing came")
	}
	return v
}
