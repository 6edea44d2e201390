package deployment_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func greet(_ restate.Context, name string) (string, error) { return "Hello " + name, nil }

func Example() {
	// An endpoint on a free port.
	handler, err := server.NewRestate().
		WithLogger(slog.DiscardHandler, false).
		Bind(restate.NewService("ExampleGreeter").Handler("Greet", restate.NewServiceHandler(greet))).
		Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = srv.Serve(listener) }()
	defer srv.Close()

	client, err := admin.New(admin.Config{URL: testkit.Server().AdminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	registrar, err := deployment.NewRegistrar(client, deployment.Config{
		URL: "http://" + testkit.Server().EndpointHost() + ":{{port}}",
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	manifest, err := deployment.ManifestOf(ctx, handler)
	if err != nil {
		fmt.Println(err)
		return
	}
	registration, err := registrar.Register(ctx, deployment.Endpoint{
		Port:     listener.Addr().(*net.TCPAddr).Port,
		Manifest: manifest,
	})
	var unfinished *deployment.UnfinishedError
	switch {
	case errors.As(err, &unfinished):
		fmt.Println("not yet:", unfinished.LastFailure)
	case err != nil:
		fmt.Println("refused:", err)
	default:
		fmt.Println("created:", registration.Created)
		fmt.Println("revision:", registration.Revisions["ExampleGreeter"])
	}
	// Output:
	// created: true
	// revision: 1
}
