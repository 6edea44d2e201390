package lifecycle_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// effects counts what handlers did, by name, over all versions of an application.
type effects struct {
	mu     sync.Mutex
	counts map[string]int
}

func (e *effects) done(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[name]++
}

// parcel is an order on its way: what the test needs to let it go on.
type parcel struct{ order, awakeable string }

// shipping is what both versions of the application share.
type shipping struct {
	effects *effects
	waiting chan parcel
}

func (s shipping) step(ctx restate.Context, name, order string) error {
	_, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
		s.effects.done(name + " " + order)
		return name, nil
	}, restate.WithName(name))
	return err
}

func (s shipping) wait(ctx restate.Context, order string) error {
	signed := restate.Awakeable[string](ctx)
	if err := s.step(ctx, "announce", order); err != nil {
		return err
	}
	s.waiting <- parcel{order, signed.Id()}
	_, err := signed.Result()
	return err
}

// ShippingOne is the first version.
type ShippingOne struct{ shipping }

// Ship packs, waits, and sends.
func (s *ShippingOne) Ship(ctx restate.Context, order string) (string, error) {
	if err := s.step(ctx, "v1-pack", order); err != nil {
		return "", err
	}
	if err := s.wait(ctx, order); err != nil {
		return "", err
	}
	return "v1", s.step(ctx, "v1-send", order)
}

// Destination is the input of the second version.
type Destination struct {
	Order string `json:"order"`
	City  string `json:"city"`
}

// ShippingTwo has another input, and does other things in another order.
type ShippingTwo struct{ shipping }

// Ship waits, sends, and sends again.
func (s *ShippingTwo) Ship(ctx restate.Context, to Destination) (string, error) {
	if err := s.wait(ctx, to.Order); err != nil {
		return "", err
	}
	if err := s.step(ctx, "v2-label", to.Order); err != nil {
		return "", err
	}
	return "v2", s.step(ctx, "v2-send", to.Order)
}

// alternating is an address behind which processes take turns.
type alternating struct {
	mu       sync.Mutex
	backends []backend
	turn     int
	refused  int
}

type backend struct {
	*testkit.App
	proxy *httputil.ReverseProxy
}

// add lets a process take part as soon as it listens.
func (a *alternating) add(t testing.TB, app *testkit.App) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.backends = append(a.backends, backend{app, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: app.Endpoint.Addr().String()})
		},
		Transport:     transport,
		FlushInterval: -1,
		ModifyResponse: func(res *http.Response) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			if res.StatusCode == http.StatusServiceUnavailable {
				a.refused++
			}
			return nil
		},
	}})
}

func (a *alternating) next() *httputil.ReverseProxy {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		a.turn++
		if b := a.backends[a.turn%len(a.backends)]; b.Endpoint.Addr() != nil {
			return b.proxy
		}
	}
}

func (a *alternating) refusals() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

func (a *alternating) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.next().ServeHTTP(w, r) }

// road is an address that processes share.
type road interface {
	add(testing.TB, *testkit.App)
}

// serveVersion runs an application that serves one version at the address of road.
func serveVersion(t *testing.T, road road, host, version string, service fx.Option) *testkit.App {
	t.Helper()
	cfg := testkit.Config()
	cfg.Endpoint.Version = endpoint.Version{Name: version}
	cfg.Register.URL, cfg.Register.Mode = "http://"+host, deployment.Production
	a := testkit.Build(t, fx.Supply(cfg), service)
	road.add(t, a)
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	return a
}

func deploymentOf(t *testing.T, id string) admin.Deployment {
	t.Helper()
	d, err := testkit.Admin().Deployment(t.Context(), id)
	require.NoError(t, err)
	return d
}

// Version 2 comes while version 1 has invocations in flight, at the same address.
func TestVersionsAtOneAddressFinishWhatTheyBegan(t *testing.T) {
	t.Parallel()
	const orders = 12
	name, done, waiting := testkit.Unique("shipping"), &effects{counts: map[string]int{}}, make(chan parcel, 1000)
	shared := shipping{done, waiting}
	road := &alternating{}
	host := testkit.Listen(t, road)
	v1 := serveVersion(t, road, host, "v1", fxrestate.Service[*ShippingOne](testkit.Made(&ShippingOne{shared}), fxrestate.Name(name), testkit.RetrySoon()))
	pinned := map[string]string{"v1": testkit.ServiceOf(t, name).DeploymentID}

	ids, awaiting := map[string]string{}, map[string]string{} // by order
	submit := func(version string, in func(order string) any) {
		for i := range orders {
			order := fmt.Sprintf("%s-%d", version, i)
			ids[order] = testkit.Submit(t, testkit.Path(name, "Ship"), in(order))
		}
	}
	await := func(version string) {
		for left := orders; left > 0; {
			p := testkit.Receive(t, waiting, "orders of "+version)
			if _, again := awaiting[p.order]; !again && strings.HasPrefix(p.order, version) {
				left--
			}
			awaiting[p.order] = p.awakeable // the same at each attempt
		}
	}
	submit("v1", func(order string) any { return order })
	await("v1")

	v2 := serveVersion(t, road, host, "v2", fxrestate.Service[*ShippingTwo](testkit.Made(&ShippingTwo{shared}), fxrestate.Name(name), testkit.RetrySoon()))
	pinned["v2"] = testkit.ServiceOf(t, name).DeploymentID
	submit("v2", func(order string) any { return Destination{order, "Vienna"} })
	await("v2")
	for order, id := range awaiting {
		path := testkit.Path("restate", "awakeables", id, "resolve")
		require.Equal(t, http.StatusAccepted, testkit.Post(t, path, "signed").Status, order)
	}

	want := map[string]int{}
	for order, id := range ids {
		version, _, _ := strings.Cut(order, "-")
		t.Run(order, func(t *testing.T) {
			require.Equal(t, version, testkit.Decode[string](t, testkit.Attach(t, id)))
			now := testkit.Look(t, id)
			require.Equal(t, pinned[version], now.Deployment)
			require.Equal(t, "http://"+host+"/v/"+version, deploymentOf(t, now.Deployment).URI)
		})
		for _, step := range map[string][]string{"v1": {"v1-pack", "announce", "v1-send"}, "v2": {"announce", "v2-label", "v2-send"}}[version] {
			want[step+" "+order] = 1
		}
	}
	require.Equal(t, want, done.counts, "nothing is lost and nothing is done twice")
	require.Positive(t, road.refusals(), "no request came to the process of the other version")
	for version, a := range map[string]*testkit.App{"v1": v1, "v2": v2} {
		t.Run(version+" met no other journal", func(t *testing.T) {
			for _, line := range a.Logs.All() {
				require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), "mismatch")
			}
		})
	}
}
