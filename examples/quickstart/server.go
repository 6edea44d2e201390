package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// restateServer brings the configuration: of the server that the environment
// names, or of one that runs with the application.
func restateServer(f flags) fx.Option {
	ingressURL, adminURL := os.Getenv("RESTATE_INGRESS_URL"), os.Getenv("RESTATE_ADMIN_URL")
	switch {
	case ingressURL != "" && adminURL != "":
		return fx.Provide(runningServer)
	case ingressURL != "" || adminURL != "":
		return fx.Error(errors.New("set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL to use a server that runs already, or none of them"))
	default:
		return fx.Options(
			devserver.Module,
			fx.Supply(devserver.Config{Dir: filepath.Join(f.data, "restate"), Progress: os.Stderr}),
			fx.Provide(ownServer),
		)
	}
}

func runningServer() (fxrestate.Config, error) {
	cfg, err := fxrestate.ConfigFromEnv()
	if cfg.Register == nil {
		cfg.Register = &deployment.Config{URL: "http://127.0.0.1:{{port}}"}
	}
	return cfg, err
}

func ownServer(s *devserver.Server, f flags) (fxrestate.Config, error) {
	port, err := endpointPort(f.data)
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: s.IngressURL()},
		Admin:    admin.Config{URL: s.AdminURL()},
		Endpoint: endpoint.Config{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))},
		Register: &deployment.Config{URL: fmt.Sprintf("http://%s:{{port}}", s.EndpointHost()), Required: true},
	}, err
}

// endpointPort is the port that the shop's handlers are served on, the same one
// at every start of the same data: an order under way is bound to the URL where
// it began.
func endpointPort(data string) (int, error) {
	file := filepath.Join(data, "endpoint-port")
	known, err := os.ReadFile(file)
	if err == nil {
		port, err := strconv.Atoi(strings.TrimSpace(string(known)))
		if err != nil {
			return 0, fmt.Errorf("%s does not hold a port; remove %s to begin anew", file, data)
		}
		return port, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, cmp.Or(
		l.Close(),
		os.MkdirAll(data, 0o755),
		os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o644),
	)
}
