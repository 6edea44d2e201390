package main

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// gateway is one address for the processes of all versions. It routes by the path of a
// version, and what it knows no process for to the newest one.
type gateway struct {
	listener net.Listener
	server   *http.Server
	served   chan error

	mu     sync.Mutex
	routes map[string]*route // by the path of the version
	newest *route
}

// route leads to a process.
type route struct {
	http.Handler
	transport *http.Transport
}

func newGateway() (*gateway, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gateway{listener: l, routes: map[string]*route{}, served: make(chan error, 1)}
	g.server = &http.Server{Handler: g, Protocols: clearHTTP2()}
	go func() { g.served <- g.server.Serve(l) }()
	return g, nil
}

func clearHTTP2() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

func (g *gateway) addr() string { return g.listener.Addr().String() }

// add leads a version to the process at addr.
func (g *gateway) add(path, addr string) {
	transport := &http.Transport{Protocols: clearHTTP2()}
	to := &url.URL{Scheme: "http", Host: addr}
	r := &route{transport: transport, Handler: &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.routes[path], g.newest = r, r
}

// remove forgets a version whose process has ended.
func (g *gateway) remove(path string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.routes[path]; r != nil {
		delete(g.routes, path)
		r.transport.CloseIdleConnections()
	}
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.route(r.URL.Path).ServeHTTP(w, r)
}

func (g *gateway) route(path string) *route {
	g.mu.Lock()
	defer g.mu.Unlock()
	for prefix, r := range g.routes {
		if strings.HasPrefix(path, prefix+"/") {
			return r
		}
	}
	return g.newest
}

func (g *gateway) close() error {
	err := g.server.Close()
	if served := <-g.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	for path := range g.routes {
		g.remove(path)
	}
	return err
}
