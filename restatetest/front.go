package restatetest

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/fxrestate/go/devserver"
)

// front stands before the nodes of a cluster, as a load balancer does: it passes requests
// to a node that runs.
type front struct {
	cluster *devserver.Cluster
	proxies []*proxy
}

func newFront(c *devserver.Cluster, out io.Writer) (*front, error) {
	f := &front{cluster: c}
	for _, address := range []func(*devserver.Node) string{(*devserver.Node).IngressURL, (*devserver.Node).AdminURL} {
		p, err := newProxy(c, address, log.New(out, "", 0))
		if err != nil {
			f.close()
			return nil, err
		}
		f.proxies = append(f.proxies, p)
	}
	return f, nil
}

func (f *front) ingressURL() string { return f.proxies[0].url() }
func (f *front) adminURL() string   { return f.proxies[1].url() }

func (f *front) close() {
	for _, p := range f.proxies {
		p.close()
	}
}

// proxy is the front of one of the APIs.
type proxy struct {
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	done      chan struct{}
}

func newProxy(c *devserver.Cluster, address func(*devserver.Node) string, errs *log.Logger) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, transport: &http.Transport{MaxIdleConnsPerHost: 100}, done: make(chan struct{})}
	p.server = &http.Server{ErrorLog: errs, Handler: &httputil.ReverseProxy{
		ErrorLog: errs,
		Rewrite: func(r *httputil.ProxyRequest) {
			// The first node that runs. The nodes are alike, so there is nothing to balance.
			node := c.Node(0)
			for _, n := range c.Nodes() {
				if n.Running() {
					node = n
					break
				}
			}
			if target, err := url.Parse(address(node)); err == nil {
				r.SetURL(target)
			}
		},
		Transport:     p.transport,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "restatetest: the node does not answer: "+err.Error(), http.StatusBadGateway)
		},
	}}
	go func() {
		defer close(p.done)
		if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return // the listener's failure shows in each request
		}
	}()
	return p, nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) close() {
	_ = p.server.Close()
	<-p.done
	p.transport.CloseIdleConnections()
}
