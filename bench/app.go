package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// appEnv holds the spec of the application that this process runs.
const appEnv = "FXRESTATE_BENCH_APP"

// binaryEnv is the binary that applications run from, if it is another than this one.
const binaryEnv = "FXRESTATE_BENCH_BINARY"

// noRegistration is the Mode of an application that is not registered.
const noRegistration = "none"

// spec describes the application of a process.
type spec struct {
	Bare        bool   // only the SDK, without this project
	Suffix      string // for the names of its services
	Services    int    // number of additional services of five handlers
	MaxInFlight int
	Version     int    // of the service that changes; 0: without it
	VersionName string // of the endpoint; empty: none
	AdminURL    string
	Host        string // where the server reaches it
	// Addr is the address to listen on, without a registration. The application waits
	// for the line "serve" first, after the work that is needed once per process.
	// Empty: a free port, at once.
	Addr string
	// Listen is the address to listen on at once. Empty: a free port.
	Listen string
	// Mode of the registration. Empty: development. "none": no registration.
	Mode string

	wait func() error // for that line
}

// ready waits for the line "serve" if the spec has an Addr.
func (s spec) ready() error {
	if s.wait == nil {
		return nil
	}
	return s.wait()
}

// started is the line that an application prints when it is ready.
type started struct {
	Port        int
	StartupMS   float64 // from fx.New to ready
	VersionPath string  // of the endpoint
}

// runApp runs an application. For each line on standard input it prints its usage so far.
// It ends with the input.
func runApp(text string) error {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	start := startOurs
	if s.Bare {
		start = startBare
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	if s.Addr != "" {
		s.wait = func() error { return standBy(in, out) }
	}
	ready, stop, err := start(s)
	if err != nil {
		return err
	}
	if err := out.Encode(ready); err != nil {
		return err
	}
	for {
		var question string
		if err := in.Decode(&question); err == io.EOF {
			return stop()
		} else if err != nil {
			return err
		}
		used, err := readUsage()
		if err != nil {
			return err
		}
		if err := out.Encode(used); err != nil {
			return err
		}
	}
}

// standBy compiles the SDK's core and waits for the line "serve".
func standBy(in *json.Decoder, out *json.Encoder) error {
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil)
	if err != nil {
		return err
	}
	if err := e.WarmUp(context.Background()); err != nil {
		return err
	}
	if err := out.Encode(started{}); err != nil {
		return err
	}
	var serve string
	return in.Decode(&serve)
}

// startBare serves the handlers as in the SDK's documentation. Its log goes to standard
// error, which nobody reads.
func startBare(s spec) (started, func() error, error) {
	addr, err := s.Addr, error(nil)
	if addr == "" {
		if addr, err = freeAddr(); err != nil {
			return started{}, nil, err
		}
	}
	_, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return started{}, nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return started{}, nil, err
	}
	if err := s.ready(); err != nil {
		return started{}, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- server.NewRestate().
			Bind(restate.Reflect(&Plain{"Plain" + s.Suffix})).
			Bind(restate.Reflect(&Counter{"Counter" + s.Suffix})).
			Start(ctx, addr)
	}()
	stop := func() error { cancel(); return nil }
	if err := awaitPort(addr); err != nil || s.Addr != "" {
		return started{Port: port}, stop, err
	}
	client, err := admin.New(admin.Config{URL: s.AdminURL})
	if err != nil {
		return started{}, stop, err
	}
	defer client.CloseIdleConnections()
	_, err = client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{
		URI: fmt.Sprintf("http://%s:%d", s.Host, port), Force: true,
	})
	return started{Port: port}, stop, err
}

// freeAddr returns an unused address.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitPort waits until a process listens on the address.
func awaitPort(addr string) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func startOurs(s spec) (started, func() error, error) {
	var e *endpoint.Endpoint
	cfg := fxrestate.Config{
		Admin:    admin.Config{URL: s.AdminURL},
		Endpoint: endpoint.Config{Addr: cmp.Or(s.Addr, s.Listen, "127.0.0.1:0"), MaxInFlight: s.MaxInFlight},
	}
	cfg.Endpoint.Version.Name = s.VersionName
	if s.Addr == "" && s.Mode != noRegistration {
		cfg.Register = &deployment.Config{URL: "http://" + s.Host + ":{{port}}", Required: true, Mode: deployment.Mode(s.Mode)}
	}
	opts := []fx.Option{
		fxrestate.Module,
		fx.Supply(zap.NewNop(), cfg),
		fxrestate.Service[*Plain](func() *Plain { return &Plain{name: "Plain" + s.Suffix} }, fxrestate.Name("Plain"+s.Suffix)),
		fxrestate.Object[*Counter](func() *Counter { return &Counter{} }, fxrestate.Name("Counter"+s.Suffix)),
		fives(s.Services, s.Suffix),
		evolving(s.Version, s.Suffix),
		fx.Populate(&e),
	}
	began := time.Now()
	app := fx.New(opts...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.ready(); err != nil {
		return started{}, nil, err
	}
	if err := app.Start(ctx); err != nil {
		return started{}, nil, err
	}
	took := time.Since(began)
	stop := func() error { return app.Stop(context.Background()) }
	return started{Port: e.Port(), StartupMS: float64(took.Microseconds()) / 1000, VersionPath: e.VersionPath()}, stop, nil
}
