package lifecycle_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// connections is an address behind which processes take turns for connections, whatever is
// sent on them, as behind a Service of Kubernetes.
type connections struct {
	mu       sync.Mutex
	backends []*testkit.App
	turn     int
}

// newConnections listens until the test ends.
func newConnections(t *testing.T) (_ *connections, host string) {
	c := &connections{}
	l, err := net.Listen("tcp", testkit.StableAddr(t))
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { _ = l.Close() })
	wg.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.forward(t, from) })
		}
	})
	return c, fmt.Sprintf("%s:%d", testkit.Server().EndpointHost(), l.Addr().(*net.TCPAddr).Port)
}

func (c *connections) add(_ testing.TB, app *testkit.App) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backends = append(c.backends, app)
}

// next returns the address of the process whose turn it is.
func (c *connections) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range c.backends {
		c.turn++
		if addr := c.backends[c.turn%len(c.backends)].Endpoint.Addr(); addr != nil {
			return addr.String()
		}
	}
	return "" // somebody else's request, for a port of before
}

func (c *connections) forward(t *testing.T, from net.Conn) {
	defer from.Close()
	to, err := (&net.Dialer{}).DialContext(testkit.Context(t), "tcp", c.next())
	if err != nil {
		return
	}
	defer to.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	})
	_, _ = io.Copy(from, to)
	_ = from.Close()
	wg.Wait()
}

func TestVersionsBehindABalancerOfConnectionsFinishWhatTheyBegan(t *testing.T) {
	t.Parallel()
	const orders = 12
	name, waiting := testkit.Unique("shipping"), make(chan parcel, 1000)
	shared := shipping{&effects{counts: map[string]int{}}, waiting}
	road, host := newConnections(t)
	serveVersion(t, road, host, "v1", fxrestate.Service[*ShippingOne](testkit.Made(&ShippingOne{shared}), fxrestate.Name(name), testkit.RetrySoon()))
	ids := map[string]string{} // the version by id
	for i := range orders {
		ids[testkit.Submit(t, testkit.Path(name, "Ship"), fmt.Sprintf("v1-%d", i))] = "v1"
	}
	serveVersion(t, road, host, "v2", fxrestate.Service[*ShippingTwo](testkit.Made(&ShippingTwo{shared}), fxrestate.Name(name), testkit.RetrySoon()))
	for i := range orders {
		ids[testkit.Submit(t, testkit.Path(name, "Ship"), Destination{fmt.Sprintf("v2-%d", i), "Vienna"})] = "v2"
	}
	for signed := map[string]bool{}; len(signed) < 2*orders; {
		p := testkit.Receive(t, waiting, "an order")
		if !signed[p.order] {
			signed[p.order] = true
			path := testkit.Path("restate", "awakeables", p.awakeable, "resolve")
			require.Equal(t, http.StatusAccepted, testkit.Post(t, path, "signed").Status, p.order)
		}
	}
	for id, version := range ids {
		require.Equal(t, version, testkit.Decode[string](t, testkit.Attach(t, id)))
	}
}
