package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// inModes runs a test with invocations that suspend only when the server wants
// it, and with invocations that suspend and replay at every await.
func inModes(t *testing.T, test func(t *testing.T, always bool)) {
	t.Helper()
	t.Parallel()
	t.Run("normal mode", func(t *testing.T) { t.Parallel(); test(t, false) })
	t.Run("always-replay mode", func(t *testing.T) { t.Parallel(); test(t, true) })
}

// spec is a service with one handler, Do, and its pipeline.
type spec struct {
	always    bool
	configure func(*pipeline.Config)
	method    pipeline.Method
}

// app is a spec that a real server knows.
type app struct {
	t       testing.TB
	service string
	log     *recorder
	watch   *watcher
}

// methodFuncs is a Method made of functions. In the place of those that are nil are the
// methods of a MethodFunc.
type methodFuncs struct {
	decode func(inv *pipeline.Invocation) (any, error)
	call   func(ctx restate.Context, input any) (any, error)
	encode func(result any) ([]byte, error)
}

func (m methodFuncs) Decode(src handler.Source) (any, error) {
	if m.decode == nil {
		return pipeline.MethodFunc(nil).Decode(src)
	}
	return m.decode(src.(*pipeline.Invocation))
}

func (m methodFuncs) Call(ctx restate.Context, input any) (any, error) { return m.call(ctx, input) }

func (m methodFuncs) Encode(result any) ([]byte, error) {
	if m.encode == nil {
		return pipeline.MethodFunc(nil).Encode(result)
	}
	return m.encode(result)
}

// funcsOf takes a method apart.
func funcsOf(m pipeline.Method) methodFuncs {
	switch m := m.(type) {
	case methodFuncs:
		return m
	case pipeline.MethodFunc:
		return methodFuncs{call: m}
	default:
		return methodFuncs{}
	}
}

func calling(m pipeline.Method, call func(restate.Context, any) (any, error)) pipeline.Method {
	f := funcsOf(m)
	f.call = call
	return f
}

func decoding(m pipeline.Method, decode func(*pipeline.Invocation) (any, error)) pipeline.Method {
	f := funcsOf(m)
	f.decode = decode
	return f
}

func encodingWith(m pipeline.Method, encode func(any) ([]byte, error)) pipeline.Method {
	f := funcsOf(m)
	f.encode = encode
	return f
}

// method makes a chain's Method of a function.
func method[I, O any](fn func(ctx restate.Context, input I) (O, error)) pipeline.Method {
	return methodFuncs{
		decode: func(inv *pipeline.Invocation) (any, error) {
			var input I
			err := encoding.Unmarshal(encoding.JSONCodec, inv.Body(), &input)
			return input, err
		},
		call: func(ctx restate.Context, input any) (any, error) { return fn(ctx, input.(I)) },
		encode: func(result any) ([]byte, error) {
			return encoding.Marshal(encoding.JSONCodec, result)
		},
	}
}

var serviceCount atomic.Int64

func serve(t testing.TB, s spec) *app {
	t.Helper()
	a := &app{t: t, service: fmt.Sprintf("svc%d", serviceCount.Add(1)), log: newRecorder(), watch: newWatcher()}

	options := []restate.ServiceDefinitionOption{
		restate.WithInvocationRetryPolicy(
			restate.WithInitialRetryInterval(20*time.Millisecond), restate.WithRetryIntervalFactor(1),
			restate.WithMaxRetryAttempts(10), restate.KillOnMaxAttempts()),
		restate.WithJournalRetention(time.Hour),
	}
	if s.always {
		options = append(options, restate.WithInactivityTimeout(0))
	}
	def := restate.NewService(a.service, options...).Handler("Do",
		restate.NewServiceHandler(func(restate.Context, json.RawMessage) (json.RawMessage, error) { return nil, nil }))

	cfg := pipeline.Config{
		Target: handler.Target{Service: a.service, Handler: "Do", Kind: handler.Service},
		Method: s.method,
	}
	if s.configure != nil {
		s.configure(&cfg)
	}
	cfg.Global.Observers = append([]pipeline.Observer{a.watch, pipeline.LogPanics(slog.New(a.log))}, cfg.Global.Observers...)
	chain, err := pipeline.Compile(cfg)
	require.NoError(t, err)
	for name, h := range def.Handlers() {
		def.Handlers()[name] = wrap(h, chain)
	}
	a.register(def)
	return a
}

// register serves a definition and makes it known to the server.
func (a *app) register(def restate.ServiceDefinition) {
	t := a.t
	t.Helper()
	serve, err := server.NewRestate().WithLogger(sdk.LogHandler(a.log), false).Bind(def).Handler()
	require.NoError(t, err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	testkit.Serve(t, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		serve(w, r.WithContext(context.WithValue(ctx, cancelKey{}, cancel)))
	}), func(s *http.Server) { s.ErrorLog = slog.NewLogLogger(a.log, slog.LevelDebug) })
	port := listener.Addr().(*net.TCPAddr).Port
	uri := fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), port)
	body, err := json.Marshal(map[string]any{"uri": uri, "force": true})
	require.NoError(t, err)
	status, answer := do(t, http.MethodPost, testkit.Server().AdminURL()+"/deployments", body, http.Header{"Content-Type": {"application/json"}})
	// It is replaced where a free port was that of a test which has ended.
	require.Contains(t, []int{http.StatusOK, http.StatusCreated}, status, "%s", answer)
}

type cancelKey struct{}

// endContext ends the attempt's context, as an endpoint that drains does.
func endContext(ctx context.Context) { ctx.Value(cancelKey{}).(context.CancelFunc)() }

// sdkHandler is what the SDK wants of a handler, with its internal types open.
type sdkHandler[O, T any] interface {
	GetOptions() O
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
	HandlerType() T
	Call(ctx restate.MockableContext, body []byte) ([]byte, error)
}

// wrapped is a handler of the SDK's with a chain in front.
type wrapped[O, T any] struct {
	sdkHandler[O, T]
	chain *pipeline.Chain
}

func wrap[O, T any](h sdkHandler[O, T], chain *pipeline.Chain) *wrapped[O, T] {
	return &wrapped[O, T]{h, chain}
}

func (w *wrapped[O, T]) Call(ctx restate.MockableContext, body []byte) ([]byte, error) {
	return w.chain.Call(ungated{ctx}, body)
}

// ungated is the SDK's context, which can be found behind what lies around it.
type ungated struct{ restate.MockableContext }

type ungatedKey struct{}

func (u ungated) Value(key any) any {
	if key == (ungatedKey{}) {
		return u.MockableContext
	}
	return u.MockableContext.Value(key)
}

// invocation finds the invocation that a context belongs to.
func invocation(ctx context.Context) *pipeline.Invocation {
	return scope.Of(ctx).Owner().(interface{ Invocation() *pipeline.Invocation }).Invocation()
}

// answer is what a caller gets.
type answer struct {
	status   int
	body     string
	id       string
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata"`
}

func (a *app) call(input any, headers ...string) answer {
	a.t.Helper()
	body, err := json.Marshal(input)
	require.NoError(a.t, err)
	return a.post("", body, headers...)
}

func (a *app) post(suffix string, body []byte, headers ...string) answer {
	a.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	var out answer
	status, raw := doHeader(a.t, http.MethodPost, testkit.Server().IngressURL()+"/"+a.service+"/Do"+suffix, body, header, &out.id)
	_ = json.Unmarshal(raw, &out)
	out.status, out.body = status, string(raw)
	return out
}

// send starts an invocation and returns its id.
func (a *app) send(input any) string {
	a.t.Helper()
	body, err := json.Marshal(input)
	require.NoError(a.t, err)
	out := a.post("/send", body)
	require.Equal(a.t, http.StatusAccepted, out.status, out.body)
	return out.id
}

// output waits for the result of an invocation.
func (a *app) output(id string) answer {
	a.t.Helper()
	var out answer
	out.status, _ = 0, ""
	status, raw := do(a.t, http.MethodGet, testkit.Server().IngressURL()+"/restate/invocation/"+id+"/attach", nil, nil)
	_ = json.Unmarshal(raw, &out)
	out.status, out.body, out.id = status, string(raw), id
	return out
}

func (a *app) cancel(id string) {
	a.t.Helper()
	status, raw := do(a.t, http.MethodPatch, testkit.Server().AdminURL()+"/invocations/"+id+"/cancel", nil, nil)
	require.Less(a.t, status, 300, "%s", raw)
}

// journal lists the types of an invocation's journal entries.
func (a *app) journal(id string) []string {
	a.t.Helper()
	query, err := json.Marshal(map[string]string{
		"query": fmt.Sprintf("SELECT entry_type FROM sys_journal WHERE id = '%s' ORDER BY index", id),
	})
	require.NoError(a.t, err)
	status, raw := do(a.t, http.MethodPost, testkit.Server().AdminURL()+"/query", query,
		http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}})
	require.Equal(a.t, http.StatusOK, status, "%s", raw)
	var rows struct {
		Rows []struct {
			EntryType string `json:"entry_type"`
		} `json:"rows"`
	}
	require.NoError(a.t, json.Unmarshal(raw, &rows))
	var types []string
	for _, r := range rows.Rows {
		if command, ok := strings.CutPrefix(r.EntryType, "Command: "); ok {
			types = append(types, command)
		}
	}
	return types
}

func do(t testing.TB, verb, url string, body []byte, header http.Header) (int, []byte) {
	t.Helper()
	return doHeader(t, verb, url, body, header, nil)
}

func doHeader(t testing.TB, verb, url string, body []byte, header http.Header, id *string) (int, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, verb, url, bytes.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		request.Header = header
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if id != nil {
		*id = response.Header.Get("x-restate-id")
	}
	return response.StatusCode, raw
}
