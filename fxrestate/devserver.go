package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/stableport"
)

// DevServer runs a restate-server together with the application, and provides the [Config]
// for it: for examples, demonstrations and development. It finds or installs the server in
// fx.New; see package devserver.
//
// The start fails if the handlers are not registered in time, which is a minute and not fx's
// default, since a server starts as well. Where cfg.Dir is set, the port of the endpoint is
// kept beside the server's data, because what is in flight there is pinned to that address.
// Otherwise the port is another one at each start, and what is stranded moves.
//
// If RESTATE_INGRESS_URL and RESTATE_ADMIN_URL are both set, no server is run: the Config is
// what [ConfigFromEnv] reads, and the server that it names must be there. Then the application
// registers itself at a port of this machine, unless the environment says where, or that the
// mode is manual.
//
// An application that describes itself, see [ErrDescribed], needs no server: it neither finds
// nor asks one, unless something else takes the *devserver.Server.
//
// Change the rest of the Config by fx.Decorate:
//
//	fxrestate.DevServer(devserver.Config{}),
//	fx.Decorate(func(c fxrestate.Config) fxrestate.Config { c.HTTP.Addr = ":3000"; return c }),
func DevServer(cfg devserver.Config) fx.Option {
	ingressURL, adminURL := os.Getenv("RESTATE_INGRESS_URL"), os.Getenv("RESTATE_ADMIN_URL")
	describes := os.Getenv(description.Variable) != ""
	config := any(func(s *devserver.Server) (Config, error) { return onDevServer(s, cfg.Dir) })
	if describes {
		config = func() (Config, error) { return besideServer("127.0.0.1", cfg.Dir) }
	}
	server := fx.Options(devserver.Module, fx.Supply(cfg), fx.Provide(config))
	switch {
	case ingressURL != "" && adminURL != "":
		server = fx.Provide(onRunningServer)
		if describes {
			server = fx.Provide(ofRunningServer)
		}
	case ingressURL != "" || adminURL != "":
		server = fx.Error(errors.New("fxrestate: DevServer: set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL to use a running server, or neither of them"))
	}
	return fx.Options(fx.StartTimeout(time.Minute), server)
}

// endpointPortFile is where the port of the endpoint is kept, beside the server's data.
const endpointPortFile = "endpoint-port"

func onDevServer(s *devserver.Server, dir string) (Config, error) {
	c, err := besideServer(s.EndpointHost(), dir)
	c.Ingress, c.Admin = ingress.Config{URL: s.IngressURL()}, admin.Config{URL: s.AdminURL()}
	return c, err
}

// besideServer is what does not depend on where the server is.
func besideServer(host, dir string) (Config, error) {
	c := Config{
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{
			URL:          "http://" + host + ":" + deployment.PortPlaceholder,
			MoveStranded: dir == "",
			Required:     true,
		},
	}
	if dir != "" {
		port, err := stableport.Kept(filepath.Join(dir, endpointPortFile))
		if err != nil {
			return c, fmt.Errorf("fxrestate: the port of the endpoint: %w", err)
		}
		c.Endpoint.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return c, nil
}

func ofRunningServer() (Config, error) {
	c, err := ConfigFromEnv()
	if err != nil {
		return c, err
	}
	if c.Register == nil {
		if os.Getenv("RESTATE_REGISTER_MODE") == string(deployment.Manual) {
			return c, nil // somebody else registers it, at a URL that they know
		}
		c.Register = &deployment.Config{URL: "http://127.0.0.1:" + deployment.PortPlaceholder, MoveStranded: true}
	}
	c.Register.Required = true
	return c, nil
}

// onRunningServer checks the server, because a registration would wait for it.
func onRunningServer() (Config, error) {
	c, err := ofRunningServer()
	if err != nil {
		return c, err
	}
	server, err := admin.New(c.Admin)
	if err != nil {
		return c, err
	}
	defer server.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Health(ctx); err != nil {
		return c, fmt.Errorf("fxrestate: no server at RESTATE_ADMIN_URL: %w", err)
	}
	return c, nil
}
