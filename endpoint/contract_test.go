package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
)

// sdkVersion is the version of sdk-go that the contract below was read in.
const sdkVersion = "v1.2.0"

const onUpgrade = `sdk-go is no longer what package endpoint was written against.
Read server/restate.go, handler.go and service_definition.go of the new version,
mend adapter.go, gate.go and identity.go where the checks below fail, run the tests
of endpoint, internal/scope and integration, then change sdkVersion.`

func TestContractTheSDKHasTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	required := regexp.MustCompile(`(?m)^\s+github\.com/restatedev/sdk-go (\S+)`).FindSubmatch(mod)
	require.NotNil(t, required)
	require.Equal(t, sdkVersion, string(required[1]), onUpgrade)
}

// A handler of ours embeds one of the SDK's behind an interface of these methods.
// A method more and adapter.go does not compile, or is bypassed.
func TestContractTheHandlerInterface(t *testing.T) {
	t.Parallel()
	handlers, ok := reflect.TypeFor[restate.ServiceDefinition]().MethodByName("Handlers")
	require.True(t, ok, onUpgrade)
	handler := handlers.Type.Out(0).Elem()
	var methods []string
	for i := range handler.NumMethod() {
		methods = append(methods, handler.Method(i).Name)
	}
	slices.Sort(methods)
	require.Equal(t, []string{"Call", "GetOptions", "HandlerType", "InputPayload", "OutputPayload"}, methods, onUpgrade)
}

// marked is a handler of the SDK whose calls and payloads are ours, as in adapter.go.
type marked[O, H any] struct {
	sdkHandler[O, H]
	called chan<- restate.MockableContext
}

type sdkHandler[O, H any] interface {
	GetOptions() O
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
	HandlerType() H
	Call(ctx restate.MockableContext, body []byte) ([]byte, error)
}

func mark[O, H any](h sdkHandler[O, H], called chan<- restate.MockableContext) *marked[O, H] {
	return &marked[O, H]{h, called}
}

func (m *marked[O, H]) Call(ctx restate.MockableContext, _ []byte) ([]byte, error) {
	m.called <- ctx
	return []byte("ours"), nil
}

func (m *marked[O, H]) InputPayload() *encoding.InputPayload {
	return &encoding.InputPayload{Required: true, JsonSchema: "marked"}
}

// Handlers returns the definition's own map, and what stands in it is asked and
// called.
func TestContractHandlersCanBeReplacedInPlace(t *testing.T) {
	t.Parallel()
	called := make(chan restate.MockableContext, 1)
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) { return in, nil }))
	for name, h := range def.Handlers() {
		def.Handlers()[name] = mark(h, called)
	}
	h := bare(t, def)
	_, manifest := discover(t, h, discoveryV4)
	require.Contains(t, manifest, "marked", onUpgrade)

	r := httptest.NewRequest(http.MethodPost, "/invoke/s/h", strings.NewReader(string(invocationOf("1", `"theirs"`))))
	r.Header.Set("Content-Type", invocationV5)
	r.ProtoMajor = 2
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, "ours", outputOf(t, w.Body.Bytes()), onUpgrade)
	require.NotNil(t, testkit.Receive(t, called).Request(), onUpgrade)
}

// Foreign reads kind and mode of a handler from the values of discovery.
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

// An identity is asked of an SDK without services by a request that is nothing but
// a signature: 401, or anything else.
func TestContractTheSDKChecksSignaturesFirst(t *testing.T) {
	t.Parallel()
	h, err := server.NewRestate().WithIdentityV1(keyID(signingKey)).Handler()
	require.NoError(t, err)
	for _, path := range []string{"/discover", "/invoke/s/h", "/other", ""} {
		w := httptest.NewRecorder()
		h(w, &http.Request{RequestURI: path, Body: http.NoBody})
		require.Equal(t, http.StatusUnauthorized, w.Code, onUpgrade)
	}
	w := httptest.NewRecorder()
	h(w, &http.Request{RequestURI: "/health", Body: http.NoBody})
	require.Equal(t, http.StatusOK, w.Code, onUpgrade)
}
