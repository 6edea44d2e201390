package endpoint_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// schemaCodec is JSON with a schema of the test's.
type schemaCodec struct {
	encoding.Codec
	schema func() any
}

func (schemaCodec) ContentType() string      { return "application/json" }
func (c schemaCodec) JsonSchema(any) any     { return c.schema() }
func (schemaCodec) InputRequired() bool      { return true }
func withSchema(f func() any) encoding.Codec { return schemaCodec{encoding.JSONCodec, f} }

func described(codec encoding.Codec) restate.ServiceDefinition {
	return restate.NewService("Described").Handler("Do", restate.NewServiceHandler(
		func(_ restate.Context, in string) (string, error) { return in, nil },
		restate.WithInputCodec(codec), restate.WithOutputCodec(codec)))
}

func TestSchemasAreWorkedOutOnceByTheStart(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	def := described(withSchema(func() any {
		asked.Add(1)
		return map[string]any{"title": "<told & asked>", "type": "string"}
	}))
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, endpoint.Foreign(def))
	require.NoError(t, err)
	asked.Store(0)
	require.NoError(t, e.Start(t.Context()))
	require.EqualValues(t, 2, asked.Load(), "for the input and for the output")
	for range 3 {
		status, manifest := discover(t, e, discoveryV4)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, manifest, `asked\u003e`)
	}
	require.EqualValues(t, 2, asked.Load())
	requireSameManifest(t, bare(t, def), e)
}

func TestASchemaThatDoesNotEncodeIsReportedByDiscoveryAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	def := described(withSchema(func() any { return func() {} }))
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, endpoint.Foreign(def))
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context()))
	status, _ := discover(t, e, discoveryV4)
	require.Equal(t, http.StatusInternalServerError, status)
	requireSameManifest(t, bare(t, def), e)
}

func TestACodecThatPanicsWhereItDescribesItselfFailsTheStart(t *testing.T) {
	t.Parallel()
	def := described(withSchema(func() any { panic("no schema today") }))
	e, err := endpoint.New(endpoint.Config{Addr: "127.0.0.1:0"}, nil, endpoint.Foreign(def))
	require.NoError(t, err)
	require.EqualError(t, e.Start(t.Context()),
		"endpoint: Described/Do: its types or codecs panic where they describe themselves to discovery: no schema today")
	require.Nil(t, e.Addr(), "it must not serve")
}

// A client may declare JSON although there is no body, as Restate's TypeScript client does.
func TestAHandlerWithoutInputTakesARequestThatDeclaresJSON(t *testing.T) {
	t.Parallel()
	path := "/" + name(t) + "/Ping"
	e, _ := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	for what, headers := range map[string][]string{
		"no content type": nil,
		"a content type":  {"Content-Type", "application/json"},
	} {
		t.Run(what, func(t *testing.T) {
			a := testkit.PostBytes(t, path, nil, headers...)
			require.Equal(t, http.StatusOK, a.Status, a.Text())
			require.Equal(t, "pong", testkit.Decode[string](t, a))
		})
	}
}
