// Package inprocess_test compares the runner, which is a Restate in process, with a real
// server: what the ingress answers, and what is in the journals.
package inprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }

// backend is a Restate that is asked through its ingress.
type backend struct {
	name string
	url  string
}

// both starts an application on the server and on a runner.
func both(t *testing.T, services ...restate.ServiceDefinition) (server, inProcess backend, r *runner.Runner) {
	t.Helper()
	app := testkit.Start(t, definitions(services))
	r, err := runner.New(app.Endpoint, runner.Config{AlwaysReplay: testkit.AlwaysReplay(), Log: t.Logf})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	front := httptest.NewServer(r.Ingress())
	t.Cleanup(front.Close)
	return backend{"server", testkit.Server().IngressURL()}, backend{"in process", front.URL}, r
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b backend) ask(t testing.TB, method, path, contentType, body string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Within)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		q.Header.Set("Content-Type", contentType)
	}
	res, err := testkit.HTTPClient().Do(q)
	require.NoError(t, err)
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(bytes.TrimSpace(read))}
}

// varies is what differs from one Restate to another, in four groups.
var varies = regexp.MustCompile(`(inv_1)[0-9A-Za-z]{33}|(sign_1)[0-9A-Za-z_-]{38}|("executionTime":)"[^"]*"|("services":)\[[^]]*\]`)

// same removes it.
func same(text string) string { return varies.ReplaceAllString(text, "$1$2$3$4") }

// api has what is asked for through the ingress.
func api() []restate.ServiceDefinition {
	return []restate.ServiceDefinition{
		restate.NewService("InApi").
			Handler("Echo", restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) { return in, nil })).
			Handler("Nothing", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil })).
			Handler("Fail", restate.NewServiceHandler(func(_ restate.Context, code int) (string, error) {
				return "", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(restate.Code(code)), restate.WithMetadata("key", "value"))
			})).
			Handler("Headers", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (map[string]string, error) {
				all := ctx.Request().Headers.ToMap()
				delete(all, "traceparent")
				return all, nil
			})).
			Handler("Private", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil },
				restate.WithIngressPrivate(true))).
			Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.Awakeable[string](ctx).Result()
			})),
		restate.NewObject("InThing").Handler("Key", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) {
			return restate.Key(ctx), nil
		})),
		restate.NewWorkflow("InFlow").Handler("Run", restate.NewWorkflowHandler(func(ctx restate.WorkflowContext, in string) (string, error) {
			return restate.Key(ctx) + in, nil
		})),
	}
}

func TestTheIngressOfTheRunnerAnswersAsThatOfAServer(t *testing.T) {
	server, inProcess, _ := both(t, api()...)
	waiting := map[string]string{}
	for _, b := range []backend{server, inProcess} {
		a := b.ask(t, http.MethodPost, "/InApi/Wait/send", "", "")
		require.Equal(t, http.StatusAccepted, a.status, a.body)
		waiting[b.name] = a.header.Get("X-Restate-Id")
		a = b.ask(t, http.MethodPost, "/InFlow/w/Run", "application/json", `"in"`)
		require.Equal(t, http.StatusOK, a.status, a.body)
	}
	const json, post, get = "application/json", http.MethodPost, http.MethodGet
	for name, test := range map[string]struct{ method, path, contentType, body string }{
		"a call":                               {post, "/restate/call/InApi/Echo", json, `"x"`},
		"a call in the older form":             {post, "/InApi/Echo", json, `"x"`},
		"a call with a charset":                {post, "/InApi/Echo", json + "; charset=utf-8", `"x"`},
		"a call of an object, with its key":    {post, "/restate/call/InThing/a%2Fb%20c/Key", "", ""},
		"a path that ends with a slash":        {post, "/InApi/Echo/", json, `"x"`},
		"a path that ends with two":            {post, "/restate/call/InApi/Echo//", json, `"x"`},
		"a call by get":                        {get, "/InThing/k/Key", "", ""},
		"a call without input and result":      {post, "/InApi/Nothing", "", ""},
		"what a handler is told":               {post, "/InApi/Headers?a=b", "", ""},
		"a failure":                            {post, "/InApi/Fail", json, "418"},
		"a failure with a code that is large":  {post, "/InApi/Fail", json, "7000"},
		"a failure with a code that is small":  {post, "/InApi/Fail", json, "20"},
		"an input that does not decode":        {post, "/InApi/Fail", json, "{"},
		"a send":                               {post, "/restate/send/InApi/Echo", json, `"x"`},
		"a send in the older form":             {post, "/InApi/Echo/send", json, `"x"`},
		"a send with a delay":                  {post, "/InApi/Echo/send?delay=1h", json, `"x"`},
		"a send with an ISO delay":             {post, "/InApi/Echo/send?delay=PT1H", json, `"x"`},
		"a send that was there before":         {post, "/InFlow/w/Run/send", json, `"x"`},
		"a run that was there before":          {post, "/InFlow/w/Run", json, `"x"`},
		"no such service":                      {post, "/Nope/Echo", json, ""},
		"no such service in the newer form":    {post, "/restate/call/Nope/Echo", json, ""},
		"no such handler":                      {post, "/InApi/Nope", json, ""},
		"a private handler":                    {post, "/InApi/Private", "", ""},
		"no content type":                      {post, "/InApi/Echo", "", `"x"`},
		"another content type":                 {post, "/InApi/Echo", "text/plain", `"x"`},
		"no body":                              {post, "/InApi/Echo", json, ""},
		"no body and no content type":          {post, "/InApi/Echo", "", ""},
		"a body that is not expected":          {post, "/InApi/Nothing", json, "{}"},
		"a body without a type, not expected":  {post, "/InApi/Nothing", "", "{}"},
		"another method":                       {http.MethodPut, "/InApi/Echo", json, `"x"`},
		"a call with a delay":                  {post, "/InApi/Echo?delay=1s", json, `"x"`},
		"a path that is too short":             {post, "/InApi", json, ""},
		"a path that is too long":              {post, "/a/b/c/d/e/f/g/h", json, ""},
		"a path with something behind":         {post, "/InApi/Echo/then", json, ""},
		"a path with more behind a send":       {post, "/InApi/Echo/send/then", json, ""},
		"a call without a handler":             {post, "/restate/call/InApi", json, ""},
		"a call with something behind":         {post, "/restate/call/InApi/Echo/then", json, `"x"`},
		"a scope":                              {post, "/restate/scope/s/call/InApi/Echo", json, `"x"`},
		"a limit key":                          {post, "/restate/call/InApi/Echo?limit-key=k", json, `"x"`},
		"attach to a workflow that is not":     {get, "/restate/workflow/InFlow/other/attach", "", ""},
		"output of a workflow that is not":     {get, "/restate/workflow/InFlow/other/output", "", ""},
		"attach to a workflow":                 {get, "/restate/workflow/InFlow/w/attach", "", ""},
		"output of a workflow":                 {get, "/restate/workflow/InFlow/w/output", "", ""},
		"attach by post":                       {post, "/restate/workflow/InFlow/w/attach", "", ""},
		"something else with a workflow":       {get, "/restate/workflow/InFlow/w/forget", "", ""},
		"a workflow without a key":             {get, "/restate/workflow/InFlow", "", ""},
		"attach by reference":                  {post, "/restate/attach", json, `{"target":"workflow","workflowName":"InFlow","workflowKey":"w"}`},
		"output by an unused idempotency key":  {post, "/restate/output", json, `{"target":"idempotentInvocation","service":"InApi","handler":"Echo","idempotencyKey":"k"}`},
		"output by the path of such a key":     {get, "/restate/invocation/InApi/Echo/k/output", "", ""},
		"output that is not there yet":         {get, "/restate/output/WAITING", "", ""},
		"output in the older form":             {get, "/restate/invocation/WAITING/output", "", ""},
		"output with something behind":         {get, "/restate/output/WAITING/then", "", ""},
		"output of nothing":                    {get, "/restate/output/inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN", "", ""},
		"attach to nothing":                    {get, "/restate/attach/inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN", "", ""},
		"an id of another version":             {get, "/restate/attach/inv_2x", "", ""},
		"an id that is too short":              {get, "/restate/attach/inv_1x", "", ""},
		"an id without a number":               {get, "/restate/attach/inv_1---------------------------------", "", ""},
		"an empty id":                          {get, "/restate/attach/", "", ""},
		"lookup":                               {post, "/restate/lookup", json, `{"target":"workflow","workflowName":"InFlow","workflowKey":"other"}`},
		"lookup of an id":                      {post, "/restate/lookup", json, `{"target":"invocation","invocationId":"inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN"}`},
		"lookup by get":                        {get, "/restate/lookup", "", ""},
		"lookup with something behind":         {post, "/restate/lookup/x", json, `{}`},
		"an awakeable that is none":            {post, "/restate/awakeables/x/resolve", json, `{}`},
		"an awakeable that nobody waits for":   {post, "/restate/a/sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ/resolve", json, `{}`},
		"an awakeable that is rejected":        {post, "/restate/awakeables/sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ/reject", "text/plain", `no`},
		"something else with an awakeable":     {post, "/restate/awakeables/x/forget", json, `{}`},
		"an awakeable without a verb":          {post, "/restate/awakeables/x", json, `{}`},
		"an awakeable by get":                  {get, "/restate/awakeables/x/resolve", "", ""},
		"health":                               {get, "/restate/health", "", ""},
		"openapi":                              {get, "/openapi/x", "", ""},
		"another verb":                         {get, "/restate/nothing/x", "", ""},
		"a verb that is a service, by restate": {post, "/restate/InApi/Echo", json, `"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			var answers []map[string]string
			for _, b := range []backend{server, inProcess} {
				a := b.ask(t, test.method, strings.ReplaceAll(test.path, "WAITING", waiting[b.name]), test.contentType, test.body)
				answers = append(answers, map[string]string{
					"status": http.StatusText(a.status), "body": same(a.body),
					"content type": a.header.Get("Content-Type"), "source": a.header.Get("X-Restate-Error-Source"),
					"id": same(a.header.Get("X-Restate-Id")),
				})
			}
			require.Equal(t, answers[0], answers[1])
		})
	}
}
