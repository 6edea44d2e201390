package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/logging"
)

// restateServer provides the configuration, for the server that the environment
// names or for one that runs with the application.
func restateServer(f flags) fx.Option {
	ingressURL, adminURL := os.Getenv("RESTATE_INGRESS_URL"), os.Getenv("RESTATE_ADMIN_URL")
	switch {
	case ingressURL != "" && adminURL != "":
		return fx.Provide(runningServer)
	case ingressURL != "" || adminURL != "":
		return fx.Error(errors.New("set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL to use a running server, or neither of them"))
	default:
		return fx.Options(
			devserver.Module,
			fx.Supply(devserver.Config{Dir: filepath.Join(f.data, "restate"), Progress: os.Stderr}),
			fx.Provide(ownServer),
		)
	}
}

// runningServer is the configuration for a server that must already run. It checks
// the server, because the registration would wait for it.
func runningServer() (fxrestate.Config, error) {
	cfg, err := fxrestate.ConfigFromEnv()
	if err != nil {
		return cfg, err
	}
	if cfg.Register == nil {
		cfg.Register = &deployment.Config{URL: "http://127.0.0.1:{{port}}", MoveStranded: true}
	}
	cfg.Register.Required = true // the printed requests need it
	cfg.HTTP, cfg.Logging = apiServer(), logs()
	server, err := admin.New(cfg.Admin)
	if err != nil {
		return cfg, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Health(ctx); err != nil {
		return cfg, fmt.Errorf("no server at RESTATE_ADMIN_URL: %w", err)
	}
	return cfg, nil
}

func ownServer(s *devserver.Server, f flags) (fxrestate.Config, error) {
	port, err := endpointPort(f.data)
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: s.IngressURL()},
		Admin:    admin.Config{URL: s.AdminURL()},
		Endpoint: endpoint.Config{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))},
		Register: &deployment.Config{URL: fmt.Sprintf("http://%s:{{port}}", s.EndpointHost()), Required: true},
		HTTP:     apiServer(),
		Logging:  logs(),
	}, err
}

// apiServer is the configuration of the server of the API.
func apiServer() httpserver.Config {
	return httpserver.Config{Addr: cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000")}
}

// logs is the configuration of the log: a client's 404 is an answer like any other.
func logs() logging.Config { return logging.Config{ClientErrors: slog.LevelDebug} }

// explained says how to choose another address where that of the API is taken.
func explained(err error) error {
	if taken, ok := errors.AsType[*net.OpError](err); ok && taken.Op == "listen" && taken.Addr != nil && taken.Addr.String() == apiServer().Addr {
		return fmt.Errorf("%w; set ADDR to another address", err)
	}
	return err
}

// endpointPort returns the port that serves the shop's handlers. It is the same at
// every start with the same data, because an order in flight is pinned to the URL
// where it started.
func endpointPort(data string) (int, error) {
	file := filepath.Join(data, "endpoint-port")
	known, err := os.ReadFile(file)
	if err == nil {
		port, err := strconv.ParseUint(strings.TrimSpace(string(known)), 10, 16)
		if err != nil || port == 0 {
			return 0, fmt.Errorf("%s does not hold a port; remove %s to start again", file, data)
		}
		return int(port), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return 0, err
	}
	return port, writeWhole(file, strconv.Itoa(port)+"\n")
}

// freePort finds a port below the ephemeral range. An outgoing connection might use
// a port of that range when the application starts again.
func freePort() (int, error) {
	const first, end, tries = 20000, 32768, 100
	var failed error
	for range tries {
		port := first + rand.IntN(end-first)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		failed = err
	}
	return 0, fmt.Errorf("no free port from %d to %d: %w", first, end-1, failed)
}

// writeWhole writes a file atomically.
func writeWhole(file, text string) error {
	written := file + ".new"
	if err := os.WriteFile(written, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(written, file)
}
