package endpoint_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
)

type Greeter struct{ greeting string }

func (g *Greeter) Greet(_ restate.Context, name string) (string, error) {
	return g.greeting + ", " + name + "!", nil
}

func Example() {
	ctx := context.Background()
	desc, err := handler.Spec{Type: reflect.TypeFor[*Greeter]()}.Describe()
	if err != nil {
		log.Fatal(err)
	}
	e, err := endpoint.New(endpoint.Config{Addr: "127.0.0.1:0"}, slog.DiscardHandler,
		endpoint.Definition(desc, &Greeter{greeting: "Hello"}))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer e.Stop(ctx)

	// Register it and call the handler.
	server, err := admin.New(admin.Config{URL: testkit.Server().AdminURL()})
	if err != nil {
		log.Fatal(err)
	}
	defer server.CloseIdleConnections()
	uri := fmt.Sprintf("http://127.0.0.1:%d", e.Port())
	if _, err := server.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{URI: uri}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Services())
	a, err := testkit.PostJSON(ctx, testkit.Server().IngressURL()+"/Greeter/Greet", "Restate")
	fmt.Println(a.Status, a.Text(), err)
	// Output:
	// [Greeter]
	// 200 "Hello, Restate!" <nil>
}

// Mount the endpoint in a server of your own.
func ExampleEndpoint_Under() {
	desc, err := handler.Spec{Type: reflect.TypeFor[*Greeter]()}.Describe()
	if err != nil {
		log.Fatal(err)
	}
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, slog.DiscardHandler,
		endpoint.Definition(desc, &Greeter{}))
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle("/restate/", e.Under("/restate"))
	srv := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	// srv.Serve(listener), then register http://host:port/restate.
}

// A definition made by hand keeps its manifest.
func ExampleForeign() {
	def := restate.NewService("Clock").Handler("Tick", restate.NewServiceHandler(
		func(_ restate.Context, n int) (int, error) { return n + 1, nil }))
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Lambda}, slog.NewTextHandler(new(bytes.Buffer), nil), endpoint.Foreign(def))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Services())
	// Output: [Clock]
}
