package ingress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.Services(serveServices)) }

// serveServices serves the services of this file. All tests and examples share them,
// and each uses keys of its own.
func serveServices(on *devserver.Server) (stop func(), err error) {
	desk, accounts, err := deskDescriptors()
	if err != nil {
		return nil, err
	}
	return serveAll(on,
		endpoint.Definition(desk, new(Desk)),
		endpoint.Definition(accounts, new(Accounts)),
		restate.Reflect(new(Greeter)),
		restate.Reflect(new(Cart)),
		restate.Reflect(new(Signup)),
		restate.Reflect(new(Gate)),
		restate.Reflect(new(Payments)),
		restate.Reflect(new(Approvals)),
		restate.Reflect(new(Hidden), restate.WithIngressPrivate(true)),
	)
}

// serveAll serves the definitions over h2c and registers them.
func serveAll(to *devserver.Server, definitions ...restate.ServiceDefinition) (stop func(), err error) {
	endpoint := server.NewRestate().WithLogger(slog.DiscardHandler, false)
	for _, d := range definitions {
		endpoint.Bind(d)
	}
	handler, err := endpoint.Handler()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	stop = testkit.ServeHTTP(listener, handler)
	body := fmt.Sprintf(`{"uri":"http://%s:%d","force":true}`,
		to.EndpointHost(), listener.Addr().(*net.TCPAddr).Port)
	res, err := http.Post(to.AdminURL()+"/deployments", "application/json", bytes.NewBufferString(body))
	if err != nil {
		stop()
		return nil, err
	}
	defer res.Body.Close()
	if answer, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusCreated {
		stop()
		return nil, fmt.Errorf("register: %s: %s", res.Status, answer)
	}
	return stop, nil
}

// Greeter is a service with every shape of method.
type Greeter struct{}

type Failure struct {
	Code    int
	Message string
}

func (*Greeter) Greet(_ restate.Context, name string) (string, error) {
	executions.add("Greet " + name)
	return "hello " + name, nil
}

func (*Greeter) Notify(_ restate.Context, name string) error {
	executions.add("Notify " + name)
	return nil
}
func (*Greeter) Ping(restate.Context) (string, error) { return "pong", nil }
func (*Greeter) Touch(restate.Context) error          { return nil }

func (*Greeter) Fail(_ restate.Context, f Failure) (string, error) {
	return "", restate.ToTerminalError(errors.New(f.Message),
		restate.WithErrorCode(restate.Code(f.Code)), restate.WithMetadata("reason", "tested"))
}

// Reserve is refused until the seat is freed.
func (*Greeter) Reserve(_ restate.Context, seat string) (string, error) {
	executions.add("Reserve " + seat)
	if executions.of("Free "+seat) == 0 {
		return "", restate.ToTerminalError(errors.New("the seat is taken"), restate.WithErrorCode(http.StatusConflict))
	}
	return "reserved " + seat, nil
}

func (*Greeter) Headers(ctx restate.Context) (map[string]string, error) {
	return ctx.Request().Headers.ToMap(), nil
}

func (*Greeter) Reverse(_ restate.Context, in []byte) ([]byte, error) {
	out := bytes.Clone(in)
	for i := range out {
		out[i] = in[len(in)-1-i]
	}
	return out, nil
}

// Wait completes when [Gate] is opened under the same name.
func (*Greeter) Wait(ctx restate.Context, name string) (string, error) {
	return restate.Object[string](ctx, "Gate", name, "Await").Request(restate.Void{})
}

// gateOpened is what an invocation waits for at a [Gate].
var gateOpened = durable.NewAwakeable[string]("gate")

// Gate lets one invocation per key wait until somebody opens it.
type Gate struct{}

func (*Gate) Await(ctx restate.ObjectContext) (string, error) {
	id, opened, err := gateOpened.New(ctx)
	if err != nil {
		return "", err
	}
	restate.Set(ctx, "awakeable", id)
	return opened.Await(ctx)
}

func (*Gate) Awakeable(ctx restate.ObjectSharedContext) (string, error) {
	return restate.Get[string](ctx, "awakeable")
}

// Cart is a virtual object.
type Cart struct{}

type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

func (*Cart) AddItem(ctx restate.ObjectContext, item Item) (int, error) {
	total, err := restate.Get[int](ctx, "total")
	if err != nil {
		return 0, err
	}
	total += item.Quantity
	restate.Set(ctx, "total", total)
	return total, nil
}

func (*Cart) Total(ctx restate.ObjectSharedContext) (int, error) {
	return restate.Get[int](ctx, "total")
}

func (*Cart) Key(ctx restate.ObjectSharedContext) (string, error) {
	executions.add("Key " + restate.Key(ctx))
	return restate.Key(ctx), nil
}

func (*Cart) Remove(ctx restate.ObjectContext, _ string) error {
	restate.Clear(ctx, "total")
	return nil
}
func (*Cart) Clear(ctx restate.ObjectContext) error { restate.ClearAll(ctx); return nil }

// Other is never called on purpose.
func (*Cart) Other(ctx restate.ObjectSharedContext) (string, error) {
	executions.add("Other")
	return "other " + restate.Key(ctx), nil
}

// Signup is a workflow that waits for a code.
type Signup struct{}

func (*Signup) Run(ctx restate.WorkflowContext, email string) (string, error) {
	code, err := restate.Promise[string](ctx, "code").Result()
	if err != nil {
		return "", err
	}
	return email + " confirmed with " + code, nil
}

func (*Signup) Confirm(ctx restate.WorkflowSharedContext, code string) error {
	return restate.Promise[string](ctx, "code").Resolve(code)
}

func (*Signup) ID(ctx restate.WorkflowSharedContext) (string, error) { return restate.Key(ctx), nil }

// Hidden is not public.
type Hidden struct{}

func (*Hidden) Greet(restate.Context) (string, error) { return "", nil }

// executions counts what handlers did.
var executions counter

type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]int)
	}
	c.n[what]++
}

func (c *counter) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

// newClient returns a client of the server, unless cfg says otherwise.
func newClient(t testing.TB, cfg ingress.Config) *ingress.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = testkit.Server().IngressURL()
	}
	client, err := ingress.New(cfg, nil)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// open lets the invocation that waits at a gate go on.
func open(t testing.TB, client *ingress.Client, name string) {
	t.Helper()
	require.NoError(t, ingress.Resolve(testkit.Context(t), client, gateOpened, gateID(t, client, name), "opened "+name))
}

// gateID returns the awakeable of a gate as soon as somebody waits there.
func gateID(t testing.TB, client *ingress.Client, name string) (id string) {
	t.Helper()
	gate := ingress.NewObject[*Gate](client).Key(name)
	testkit.Until(t, func() bool {
		got, err := ingress.Call0(testkit.Context(t), gate, (*Gate).Awakeable)
		require.NoError(t, err)
		id = got
		return id != ""
	}, "nobody waits at the gate")
	return id
}

// query runs SQL against the server.
func query(t testing.TB, sql string) []map[string]any {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": sql})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, testkit.Server().AdminURL()+"/query", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var out struct{ Rows []map[string]any }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&out))
	return out.Rows
}

func requireError(t testing.TB, err error) *ingress.Error {
	t.Helper()
	var failed *ingress.Error
	require.ErrorAs(t, err, &failed)
	return failed
}
