package endpoint_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
)

// Anything takes and returns anything, for which the SDK's own schema generator fails.
type Anything struct{}

func (Anything) Echo(_ restate.Context, in any) (any, error) { return in, nil }

// It replaces the default logger, so it is not parallel.
func TestAHandlerOfAnyWritesToNoOtherLogger(t *testing.T) {
	own := slog.Default()
	t.Cleanup(func() { slog.SetDefault(own) })
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	d, err := handler.Spec{Type: reflect.TypeFor[Anything](), Name: "own"}.Describe()
	require.NoError(t, err)
	for name, def := range map[string]restate.ServiceDefinition{
		"of a struct":     endpoint.Definition(d, Anything{}),
		"of a definition": endpoint.Foreign(restate.Reflect(Anything{})),
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := newEndpoint(t, endpoint.Config{}, def)
			manifest, err := e.Manifest(t.Context())
			require.NoError(t, err)
			require.Contains(t, string(manifest), "Echo")
			require.Empty(t, out.String())
		})
	}
}
