package sdk_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/sdktest"
)

// A handler of ours embeds one of the SDK's behind an interface of these methods.
// A method more and handler.go does not compile, or is bypassed.
func TestContractTheHandlerInterface(t *testing.T) {
	t.Parallel()
	handlers, ok := reflect.TypeFor[restate.ServiceDefinition]().MethodByName("Handlers")
	require.True(t, ok, onUpgrade)
	require.ElementsMatch(t, []string{"Call", "GetOptions", "HandlerType", "InputPayload", "OutputPayload"},
		methods(handlers.Type.Out(0).Elem()), onUpgrade)
}

// marked is a handler of ours in the place of one of the SDK's.
type marked struct {
	sdk.Foreign
	called chan<- restate.MockableContext
}

func (m marked) Call(ctx restate.MockableContext, _ []byte) ([]byte, error) {
	m.called <- ctx
	return []byte("true"), nil
}

func (marked) InputPayload() *encoding.InputPayload {
	return &encoding.InputPayload{Required: true, JsonSchema: "marked"}
}

// The SDK asks a definition for its handlers, and what it gets is asked and called.
func TestContractHandlersCanBeReplaced(t *testing.T) {
	t.Parallel()
	called := make(chan restate.MockableContext, 1)
	echo := restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) { return in, nil }, restate.WithMetadata("a", "b"))
	def, err := sdk.Replace(restate.NewService("s").Handler("h", echo), func(f sdk.Foreign) (sdk.Handler, error) {
		require.Equal(t, "h", f.Name)
		require.Equal(t, map[string]string{"a": "b"}, f.Metadata, onUpgrade)
		require.Equal(t, sdk.Shown{Type: reflect.TypeFor[string](), Known: true}, f.Takes, onUpgrade)
		require.Equal(t, sdk.Shown{Type: reflect.TypeFor[string](), Known: true}, f.Gives, onUpgrade)
		return marked{f, called}, nil
	})
	require.NoError(t, err)
	serve, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(def).Handler()
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/discover", http.NoBody)
	r.Header.Set("Accept", "application/vnd.restate.endpointmanifest.v4+json")
	w := httptest.NewRecorder()
	serve(w, r)
	require.Contains(t, w.Body.String(), "marked", onUpgrade)

	require.Equal(t, "true", sdktest.Invoke(t, def), onUpgrade)
	require.NotNil(t, (<-called).Request(), onUpgrade)
}

// Package endpoint reads kind and mode of a foreign handler from the values of
// discovery.
func TestContractKindsAndModes(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, "SERVICE", restate.NewService("").Type(), onUpgrade)
	require.EqualValues(t, "VIRTUAL_OBJECT", restate.NewObject("").Type(), onUpgrade)
	require.EqualValues(t, "WORKFLOW", restate.NewWorkflow("").Type(), onUpgrade)

	require.Nil(t, restate.NewServiceHandler[string, string](nil).HandlerType(), onUpgrade)
	require.EqualValues(t, "EXCLUSIVE", *restate.NewObjectHandler[string, string](nil).HandlerType(), onUpgrade)
	require.EqualValues(t, "SHARED", *restate.NewObjectSharedHandler[string, string](nil).HandlerType(), onUpgrade)
	require.EqualValues(t, "WORKFLOW", *restate.NewWorkflowHandler[string, string](nil).HandlerType(), onUpgrade)
	require.EqualValues(t, "SHARED", *restate.NewWorkflowSharedHandler[string, string](nil).HandlerType(), onUpgrade)
}

// Package endpoint asks an SDK without services about an identity, by a request that
// is nothing but a signature: 401, or anything else.
func TestContractTheSDKChecksSignaturesFirst(t *testing.T) {
	t.Parallel()
	h, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).WithIdentityV1("publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f").Handler()
	require.NoError(t, err)
	for _, path := range []string{"/discover", "/invoke/s/h", "/other", ""} {
		t.Run(path, func(t *testing.T) {
			w := httptest.NewRecorder()
			h(w, &http.Request{RequestURI: path, Body: http.NoBody})
			require.Equal(t, http.StatusUnauthorized, w.Code, onUpgrade)
		})
	}
	w := httptest.NewRecorder()
	h(w, &http.Request{RequestURI: "/health", Body: http.NoBody})
	require.Equal(t, http.StatusOK, w.Code, onUpgrade)
}

// Package handler knows the SDK's JSON codec and the schemas that it makes itself.
func TestContractTheJSONCodec(t *testing.T) {
	t.Parallel()
	require.True(t, sdk.IsJSON(encoding.JSONCodec), onUpgrade)
	require.True(t, sdk.MakesOwnSchemas(encoding.JSONCodec), onUpgrade)
	other := encoding.JSONCodecWithCustomSchemaGenerator(func(any) any { return nil })
	require.True(t, sdk.IsJSON(other), onUpgrade)
	require.False(t, sdk.MakesOwnSchemas(other), onUpgrade)
	require.False(t, sdk.IsJSON(encoding.BinaryCodec), onUpgrade)
}
