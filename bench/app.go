package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
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

// appEnv holds the spec of the application that this process shall be.
const appEnv = "FXRESTATE_BENCH_APP"

// spec says what application a process is.
type spec struct {
	Bare        bool   // the SDK without this project
	Suffix      string // of the names of its services
	Services    int    // how many services of five handlers it has besides
	MaxInFlight int
	AdminURL    string
	Host        string // under which the server reaches it
}

// started is the line by which an application says that it is ready.
type started struct {
	Port      int
	StartupMS float64 // from fx.New to ready
}

// runApp is an application. It answers each line on its standard input with what
// it used so far, and ends with the input.
func runApp(text string) error {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	start := startOurs
	if s.Bare {
		start = startBare
	}
	ready, stop, err := start(s)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(ready); err != nil {
		return err
	}
	for in := json.NewDecoder(os.Stdin); ; {
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

// startBare serves the handlers as the SDK's documentation has it. Its log goes
// to standard error, which nobody reads.
func startBare(s spec) (started, func() error, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return started{}, nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return started{}, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- server.NewRestate().
			Bind(restate.Reflect(&Plain{"Plain" + s.Suffix})).
			Bind(restate.Reflect(&Counter{"Counter" + s.Suffix})).
			Start(ctx, fmt.Sprintf("127.0.0.1:%d", port))
	}()
	stop := func() error { cancel(); return nil }
	client, err := admin.New(admin.Config{URL: s.AdminURL})
	if err != nil {
		return started{}, stop, err
	}
	r, err := deployment.NewRegistrar(client, deployment.Config{URL: fmt.Sprintf("http://%s:%d", s.Host, port)}, nil)
	if err != nil {
		return started{}, stop, err
	}
	_, err = r.Register(ctx, deployment.Target{Port: port})
	return started{Port: port}, stop, err
}

func startOurs(s spec) (started, func() error, error) {
	var e *endpoint.Endpoint
	opts := []fx.Option{
		fxrestate.Module,
		fx.Supply(zap.NewNop(), fxrestate.Config{
			Admin:    admin.Config{URL: s.AdminURL},
			Endpoint: endpoint.Config{Addr: "127.0.0.1:0", MaxInFlight: s.MaxInFlight},
			Register: &deployment.Config{URL: "http://" + s.Host + ":{{port}}", Required: true},
		}),
		fxrestate.Service[*Plain](func() *Plain { return &Plain{} }, fxrestate.Name("Plain"+s.Suffix)),
		fxrestate.Object[*Counter](func() *Counter { return &Counter{} }, fxrestate.Name("Counter"+s.Suffix)),
		fives(s.Services, s.Suffix),
		fx.Populate(&e),
	}
	began := time.Now()
	app := fx.New(opts...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := app.Start(ctx); err != nil {
		return started{}, nil, err
	}
	took := time.Since(began)
	stop := func() error { return app.Stop(context.Background()) }
	return started{Port: e.Port(), StartupMS: float64(took.Microseconds()) / 1000}, stop, nil
}
