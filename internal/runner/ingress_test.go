package runner_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/runner"
)

// api has what can be asked for through the ingress.
func api() []restate.ServiceDefinition {
	return []restate.ServiceDefinition{
		restate.NewService("Api").
			Handler("Echo", restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) { return in, nil })).
			Handler("Nothing", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil })).
			Handler("Fail", restate.NewServiceHandler(func(_ restate.Context, code int) (string, error) {
				return "", restate.ToTerminalError(io.ErrNoProgress, restate.WithErrorCode(restate.Code(code)), restate.WithMetadata("key", "value"))
			})).
			Handler("Header", restate.NewServiceHandler(func(ctx restate.Context, name string) (string, error) {
				return ctx.Request().Headers.Get(name), nil
			})).
			Handler("Private", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil },
				restate.WithIngressPrivate(true))).
			Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.Awakeable[string](ctx).Result()
			})),
		restate.NewObject("Thing").Handler("Key", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) {
			return restate.Key(ctx), nil
		})),
		restate.NewWorkflow("Flow").Handler("Run", restate.NewWorkflowHandler(func(ctx restate.WorkflowContext, in string) (string, error) {
			return restate.Key(ctx) + in, nil
		})),
	}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

func ask(t testing.TB, r *runner.Runner, method, path, contentType, body string, headers ...string) answer {
	t.Helper()
	q := httptest.NewRequestWithContext(ctxOf(t), method, path, strings.NewReader(body))
	if contentType != "" {
		q.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.Ingress().ServeHTTP(w, q)
	return answer{w.Result(), w.Body.String()}
}

func TestTheIngressAnswersAsThatOfAServer(t *testing.T) {
	t.Parallel()
	const json, post, get = "application/json", http.MethodPost, http.MethodGet
	r := start(t, runner.Config{}, api()...)
	waiting := send(t, r, request(t, "Api", "", "Wait", nil))
	_, err := r.Call(ctxOf(t), runner.Request{Service: "Api", Handler: "Echo", Body: []byte(`"kept"`), IdempotencyKey: "k"})
	require.NoError(t, err)
	call[string](t, r, "Flow", "w", "Run", "in")
	for name, test := range map[string]struct {
		method, path, contentType, body string
		status                          int
		want                            string
	}{
		"a call":                                {post, "/restate/call/Api/Echo", json, `"x"`, 200, `"x"`},
		"a call in the older form":              {post, "/Api/Echo", json, `"x"`, 200, `"x"`},
		"a call of an object, with its key":     {post, "/restate/call/Thing/a%2Fb%20c/Key", "", "", 200, `"a/b c"`},
		"a call of an object in the older form": {get, "/Thing/k/Key", "", "", 200, `"k"`},
		"a call without input and result":       {post, "/Api/Nothing", "", "", 200, ""},
		"a failure":                             {post, "/Api/Fail", json, "418", 418, `{"code":418,"message":"multiple Read calls return no data or error","metadata":{"key":"value"},"source":"invocation"}`},
		"a send":                                {post, "/restate/send/Api/Echo", json, `"x"`, 202, `"status":"Accepted"`},
		"a send in the older form":              {post, "/Api/Echo/send", json, `"x"`, 202, `"status":"Accepted"`},
		"a send with a delay":                   {post, "/Api/Echo/send?delay=1h", json, `"x"`, 202, `"executionTime":"2`},
		"a send that was there before":          {post, "/Flow/w/Run/send", json, `"x"`, 202, `"status":"PreviouslyAccepted"`},
		"a run that was there before":           {post, "/Flow/w/Run", json, `"x"`, 409, `{"code":409,"message":"the workflow method was already invoked","source":"invocation"}`},
		"no such service":                       {post, "/Nope/Echo", json, "", 404, `{"code":404,"message":"service 'Nope' not found, make sure to register the service before calling it.","source":"ingress"}`},
		"no such handler":                       {post, "/Api/Nope", json, "", 404, "the service 'Api' exists, but the handler 'Nope' was not found"},
		"a private handler":                     {post, "/Api/Private", "", "", 400, "the invoked service is not public"},
		"no content type":                       {post, "/Api/Echo", "", `"x"`, 400, "input validation error: Empty content-type"},
		"another content type":                  {post, "/Api/Echo", "text/plain", `"x"`, 400, "Content-type 'text/plain' does not match 'application/json'"},
		"no body":                               {post, "/Api/Echo", json, "", 400, "Empty body not allowed"},
		"a body that is not expected":           {post, "/Api/Nothing", json, "{}", 400, "Expected body and content-type to be empty, but wasn't with content-type 'Some(\\\"application/json\\\")'"},
		"another method":                        {http.MethodPut, "/Api/Echo", json, `"x"`, 405, "method not allowed"},
		"a call with a delay":                   {post, "/Api/Echo?delay=1s", json, `"x"`, 400, "cannot use the delay query parameter with calls"},
		"a delay that is none":                  {post, "/Api/Echo/send?delay=soon", json, `"x"`, 400, "bad delay query parameter"},
		"a path that is too short":              {post, "/Api", json, "", 400, "bad path"},
		"a path that is too long":               {post, "/a/b/c/d/e/f/g/h", json, "", 400, "bad path"},
		"a path with something behind":          {post, "/Api/Echo/then", json, "", 400, "bad path, expected either /:service-name/:handler"},
		"a call without a handler":              {post, "/restate/call/Api", json, "", 400, "bad path, expected /restate/call"},
		"a scope":                               {post, "/restate/scope/s/call/Api/Echo", json, `"x"`, 400, "scoped invocations require vqueues"},
		"attach":                                {get, "/restate/workflow/w/w/attach", "", "", 404, "not found"},
		"attach to a workflow":                  {get, "/restate/workflow/Flow/w/attach", "", "", 200, `"win"`},
		"output of a workflow":                  {get, "/restate/workflow/Flow/w/output", "", "", 200, `"win"`},
		"attach by reference":                   {post, "/restate/attach", json, `{"target":"workflow","workflowName":"Flow","workflowKey":"w"}`, 200, `"win"`},
		"output by an idempotency key":          {post, "/restate/output", json, `{"target":"idempotentInvocation","service":"Api","handler":"Echo","idempotencyKey":"k"}`, 200, `"kept"`},
		"output by an idempotency key's path":   {get, "/restate/invocation/Api/Echo/k/output", "", "", 200, `"kept"`},
		"output that is not there yet":          {get, "/restate/output/" + waiting, "", "", 470, `{"code":470,"message":"the invocation exists but has not completed yet","source":"ingress"}`},
		"output in the older form":              {get, "/restate/invocation/" + waiting + "/output", "", "", 470, "not completed yet"},
		"output of nothing":                     {get, "/restate/output/inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN", "", "", 404, `"message":"invocation not found","source":"ingress"`},
		"attach to nothing":                     {get, "/restate/attach/inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN", "", "", 404, `"message":"not found","source":"invocation"`},
		"an id that is none":                    {get, "/restate/attach/inv_2x", "", "", 400, "bad invocation id 'inv_2x': unrecognized codec version"},
		"lookup":                                {post, "/restate/lookup", json, `{"target":"workflow","workflowName":"Flow","workflowKey":"other"}`, 200, `{"invocationId":"inv_1`},
		"lookup of nonsense":                    {post, "/restate/lookup", json, `{`, 500, "invalid lookup body"},
		"an awakeable that is none":             {post, "/restate/awakeables/x/resolve", json, `{}`, 400, "bad awakeable id 'x'"},
		"an awakeable that nobody waits for":    {post, "/restate/a/sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ/resolve", json, `{}`, 202, ""},
		"an awakeable that is rejected":         {post, "/restate/awakeables/sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ/reject", "text/plain", `no`, 202, ""},
		"something else with an awakeable":      {post, "/restate/awakeables/x/forget", json, `{}`, 404, "not found"},
		"health":                                {get, "/restate/health", "", "", 200, `{"services":["Api","Flow","Thing"]}`},
		"openapi":                               {get, "/openapi/x", "", "", 404, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, r, test.method, test.path, test.contentType, test.body)
			require.Equal(t, test.status, a.StatusCode, a.body)
			if test.want == "" {
				require.Empty(t, a.body)
			}
			require.Contains(t, a.body, test.want)
			if a.StatusCode >= 400 {
				var body struct{ Source string }
				require.NoError(t, jsonOf(a.body, &body))
				require.Equal(t, body.Source, a.Header.Get("X-Restate-Error-Source"))
			}
		})
	}
}

func jsonOf(body string, into any) error { return json.Unmarshal([]byte(body), into) }

func TestAnAnswerNamesTheInvocation(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{}, api()...)
	first := ask(t, r, http.MethodPost, "/Api/Echo", "application/json", `"x"`, "Idempotency-Key", "k")
	require.NotEmpty(t, first.Header.Get("X-Restate-Id"))
	require.Equal(t, "application/json", first.Header.Get("Content-Type"))
	require.Empty(t, first.Header.Get("Idempotency-Expires"))
	second := ask(t, r, http.MethodPost, "/Api/Echo", "application/json", `"y"`, "Idempotency-Key", "k")
	require.Equal(t, `"x"`, second.body)
	require.Equal(t, first.Header.Get("X-Restate-Id"), second.Header.Get("X-Restate-Id"))
	expires, err := time.Parse(time.RFC3339, second.Header.Get("Idempotency-Expires"))
	require.NoError(t, err)
	require.WithinDuration(t, r.Now().Add(24*time.Hour), expires, time.Minute)

	refused := ask(t, r, http.MethodPost, "/Flow/w/Run", "application/json", `"x"`, "Idempotency-Key", "k")
	require.Equal(t, 400, refused.StatusCode)
	require.Contains(t, refused.body, "cannot use the idempotency key with workflow handlers")

	header := ask(t, r, http.MethodPost, "/Api/Header?q=1", "application/json", `"x-tenant"`, "X-Tenant", "acme")
	require.Equal(t, `"acme"`, header.body)
	header = ask(t, r, http.MethodPost, "/Api/Header?q=1", "application/json", `"x-restate-ingress-path"`)
	require.Equal(t, `"/Api/Header?q=1"`, header.body)
	header = ask(t, r, http.MethodPost, "/Api/Header", "application/json", `"idempotency-key"`, "Idempotency-Key", "z")
	require.Equal(t, `""`, header.body)
}

func TestAskingForWhatWasNeverCalledUsesUpNoID(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, path := range []string{"/restate/health", "/restate/invocation/Api/Echo//output"} {
		r := start(t, runner.Config{Seed: 7}, api()...)
		ask(t, r, http.MethodGet, path, "", "")
		ids = append(ids, send(t, r, request(t, "Api", "", "Echo", "x")))
	}
	require.Equal(t, ids[0], ids[1], "a seed makes the same ids")
}

func TestTheIngressServesTheClientOfPackageIngress(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, api()...)
		server := httptest.NewServer(r.Ingress())
		defer server.Close()
		client, err := ingress.New(ingress.Config{URL: server.URL}, new(handler.Registry))
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		ctx := ctxOf(t)

		out, err := ingress.Named[string, string](client, "Api", "Echo").Call(ctx, "x")
		require.NoError(t, err)
		require.Equal(t, "x", out)

		_, err = ingress.Named[int, string](client, "Api", "Fail").Call(ctx, 499)
		var failed *ingress.Error
		require.ErrorAs(t, err, &failed)
		require.EqualValues(t, 499, failed.Code)
		require.Equal(t, ingress.SourceInvocation, failed.Source)

		_, err = ingress.Named[int, string](client, "Api", "Nope").Call(ctx, 499)
		require.ErrorIs(t, err, ingress.ErrNotFound)

		handle, err := ingress.Named[string, string](client, "Flow", "Run").Key("w").Send(ctx, "in", restate.WithDelay(time.Hour))
		require.NoError(t, err)
		require.Equal(t, ingress.Accepted, handle.Status())
		_, ready, err := handle.Output(ctx)
		require.NoError(t, err)
		require.False(t, ready)
		out, err = handle.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "win", out)

		found, err := ingress.Named[string, string](client, "Flow", "Run").Key("w").Lookup().ID(ctx)
		require.NoError(t, err)
		id, err := handle.ID(ctx)
		require.NoError(t, err)
		require.Equal(t, id, found)

		_, err = ingress.HandleOf[string](client, "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN").Attach(ctx)
		require.ErrorIs(t, err, ingress.ErrNotFound)

		// A caller that is gone leaves the invocation running.
		gone, cancel := context.WithCancel(ctx)
		waits := make(chan error)
		go func() {
			_, err := ingress.Named[restate.Void, string](client, "Api", "Wait").Call(gone, restate.Void{})
			waits <- err
		}()
		require.NoError(t, r.Until(ctx, func() bool {
			all := r.Invocations()
			return all[len(all)-1].Target == "Api/Wait"
		}))
		cancel()
		require.Error(t, <-waits)
		all := r.Invocations()
		require.NotEqual(t, runner.Completed, all[len(all)-1].Status)
	})
}
