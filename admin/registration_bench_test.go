package admin_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// BenchmarkRegisteredServices decodes a server's response to a registration of 200
// services with 5 handlers each, whose inputs and outputs have schemas.
func BenchmarkRegisteredServices(b *testing.B) {
	const services, handlers = 200, 5
	var definitions []restate.ServiceDefinition
	for range services {
		service := restate.NewService(testkit.Unique("Benchmark"))
		for i := range handlers {
			service.Handler(fmt.Sprint("Handler", i), restate.NewServiceHandler(new(Orders).Place))
		}
		definitions = append(definitions, service)
	}
	res, err := testkit.HTTPClient().Post(testkit.Server().AdminURL()+"/deployments", "application/json",
		strings.NewReader(`{"uri":"`+serve(b, definitions...)+`"}`))
	require.NoError(b, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(b, err)

	client := newClient(b, admin.Config{HTTPClient: &http.Client{Transport: answer{http.StatusCreated, body}}})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		registered, err := client.RegisterDeployment(b.Context(), admin.RegisterDeploymentRequest{URI: "http://localhost"})
		require.NoError(b, err)
		require.Len(b, registered.Services, services)
		require.Len(b, registered.Services[0].Handlers, handlers)
	}
}
