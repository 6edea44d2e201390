package conformance_test

import (
	"net/http"
	"net/url"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
)

const jsonType = "application/json"

var ingressScenarios = map[string]scenario{
	"shapes of handlers": {
		run: func(s *session) {
			s.post("/Plain/NoInput", nil)
			s.post("/Plain/NoInput", 1)
			s.get("/Plain/NoInput")
			s.post("/Plain/NoOutput", "in")
			s.post("/Plain/NoOutput", nil)
			s.post("/Plain/NoOutput", 1)
			s.request(http.MethodPost, "/Plain/NoOutput", []byte(`"in"`))
			s.request(http.MethodPost, "/Plain/NoOutput", []byte(`"in"`), "Content-Type", "text/plain")
			s.request(http.MethodPost, "/Plain/NoOutput", []byte(`nonsense`), "Content-Type", jsonType)
			s.request(http.MethodPost, "/Plain/NoOutput", []byte(`"in"`), "Content-Type", jsonType+"; charset=utf-8")
			s.request(http.MethodPost, "/Plain/NoOutput", nil, "Content-Type", jsonType)
			s.post("/Plain/Nothing", nil)
			s.request(http.MethodPost, "/Bytes/raw", []byte{0, 255}, "Content-Type", "application/octet-stream")
			s.request(http.MethodPost, "/Bytes/raw", []byte("text"), "Content-Type", "text/plain")
			s.request(http.MethodPost, "/Bytes/raw", nil)
			s.post("/Bytes/json", []byte("in"))
			s.request(http.MethodPost, "/Bytes/swallow", []byte("in"), "Content-Type", "application/octet-stream")
			s.request(http.MethodPut, "/Plain/Nothing", nil)
			s.request(http.MethodDelete, "/Plain/Nothing", nil)
			s.request(http.MethodHead, "/Plain/Nothing", nil)
		},
	},
	"paths that lead nowhere": {
		run: func(s *session) {
			for _, path := range []string{
				"/", "/Plain", "/Plain/", "/Nowhere/Do", "/Plain/None", "/Plain/Nothing/", "/Plain/Nothing//", "/restate/call/Plain/Nothing//", "/Plain/Nothing/else", "/Plain/Nothing/send/", "/Plain//Nothing",
				"/Object/Do", "/Object/k", "/Object/k/None", "/Object/k/Do/else", "/Object//Do", "/Flow/k", "/Flow/k/Run/x",
				"/Private/Do", "/Plain/Hidden", "/Private/Do/send", "/restate", "/restate/", "/restate/none", "/openapi", "/openapi/", "/openapi/x",
				"/a/b/c/d/e/f/g", "/a/b/c/d/e/f/g/h", "/plain/nothing", "/restate/call", "/restate/call/Plain", "/restate/call/Plain/Nothing", "/restate/call/Plain/None",
				"/restate/call/Object/k/Do", "/restate/send/Plain/Nothing", "/restate/call/Plain/Nothing/x", "/restate/scope/s/call/Plain/Nothing",
			} {
				s.post(path, nil)
			}
			s.post("/Plain/Nothing?limit-key=a", nil)
			s.post("/Plain/Nothing", nil, "X-Restate-Limit-Key", "a")
			s.post("/restate/health", nil)
		},
	},
	"results are asked for": {
		programs: map[string]program{"": echo, "fail": fail, "nap": nap},
		run: func(s *session) {
			id := s.send("/Plain/Do/send", "", "a")
			s.attach(id)
			s.get("/restate/attach/" + id)
			s.get("/restate/output/" + id)
			s.get("/restate/invocation/" + id + "/output")
			id = s.send("/Plain/Do/send", "fail", "a")
			s.attach(id)
			s.get("/restate/invocation/" + id + "/output")
			id = s.send("/Plain/Do/send", "nap", "a")
			s.get("/restate/invocation/" + id + "/output")
			s.env.Invocation(id).AwaitEntry("Sleep nap")
			s.request(http.MethodPost, "/restate/invocation/"+id+"/output", nil)
			s.request(http.MethodPut, "/restate/invocation/"+id+"/attach", nil)
			s.env.Invocation(id).Kill()
			s.attach(id)
			for _, id := range []string{"nonsense", "inv_", "inv_1", "inv_2gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN", "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFG-", "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGNx", "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN"} {
				s.attach(id)
				s.get("/restate/invocation/" + id + "/output")
				s.get("/restate/invocation/" + id + "/none")
				s.get("/restate/output/" + id)
			}
			s.get("/restate/invocation")
			s.get("/restate/invocation/x")
			s.get("/restate/workflow/Flow")
			s.get("/restate/workflow/Flow/k")
			s.get("/restate/workflow/Flow/k/none")
			s.get("/restate/workflow/Plain/k/output")
			s.get("/restate/workflow/Nowhere/k/output")
		},
	},
	"calls with an idempotency key are one": {
		programs: map[string]program{"": echo, "fail": fail, "nap": nap},
		run: func(s *session) {
			s.call("/Plain/Do", "1", "Idempotency-Key", "one")
			s.call("/Plain/Do", "2", "Idempotency-Key", "one")
			s.send("/Plain/Do/send", "", "3", "Idempotency-Key", "one")
			s.post("/Plain/Do", s.do("fail", "1"), "Idempotency-Key", "fail")
			s.post("/Plain/Do", s.do("fail", "2"), "Idempotency-Key", "fail")
			s.call("/Object/idem/Do", "1", "Idempotency-Key", "one")
			s.call("/Object/idem/Do", "2", "Idempotency-Key", "one")
			s.call("/Object/idem2/Do", "3", "Idempotency-Key", "one")
			s.call("/Flow/idem/Look", "1", "Idempotency-Key", "one")
			s.call("/Flow/idem/Run", "1", "Idempotency-Key", "one")
			s.call("/Plain/Do", "empty", "Idempotency-Key", "")
			s.get("/restate/invocation/Plain/Do/one/output")
			s.get("/restate/invocation/Plain/Do/one/attach")
			s.get("/restate/invocation/Plain/Do/none/output")
			s.get("/restate/invocation/Object/idem/Do/one/output")
			s.get("/restate/invocation/Nowhere/Do/one/output")
			id := s.send("/Plain/Do/send", "nap", "", "Idempotency-Key", "nap")
			s.env.Invocation(id).AwaitEntry("Sleep nap")
			s.get("/restate/invocation/Plain/Do/nap/output")
			s.env.Invocation(id).Kill()
			s.call("/Plain/Do", "after the kill", "Idempotency-Key", "nap")
		},
	},
	"an invocation is looked up": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			s.call("/Plain/Do", "1", "Idempotency-Key", "look")
			s.call("/Object/look/Do", "1", "Idempotency-Key", "look")
			s.call("/Flow/look/Run", "1")
			for _, of := range []map[string]any{
				{"target": "idempotentInvocation", "service": "Plain", "handler": "Do", "idempotencyKey": "look"},
				{"target": "idempotentInvocation", "service": "Object", "key": "look", "handler": "Do", "idempotencyKey": "look"},
				{"target": "workflow", "workflowName": "Flow", "workflowKey": "look"},
				{"target": "workflow", "workflowName": "Flow", "workflowKey": "never"},
				{"target": "invocation", "invocationId": "nonsense"},
				{"target": "else"},
				{},
			} {
				s.post("/restate/lookup", of)
				s.post("/restate/output", of)
			}
			s.get("/restate/lookup")
			s.post("/restate/lookup/x", nil)
			s.request(http.MethodPost, "/restate/lookup", []byte("nonsense"), "Content-Type", jsonType)
		},
	},
	"delays of sends": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			for _, delay := range []string{"10ms", "PT0.01S", "0s", "10 ms", "0", "nonsense", "-1s", ""} {
				s.request(http.MethodPost, "/Plain/Nothing/send?delay="+url.QueryEscape(delay), nil)
				s.request(http.MethodPost, "/Plain/Nothing?delay="+url.QueryEscape(delay), nil)
			}
			id := s.send("/Plain/Do/send?delay=1h", "", "")
			s.await(id, admin.StatusScheduled)
			s.get("/restate/invocation/" + id + "/output")
			s.env.Invocation(id).Kill()
			s.gone(id)
		},
	},
	"headers reach the handler": {
		programs: map[string]program{"": echo},
		run: func(s *session) {
			s.call("/Plain/Do", "", "X-Own", "Värde")
			s.call("/Plain/Do?q=1&delay2=x", "", "X-Own", "v", "Authorization", "Bearer x", "Cookie", "a=b", "X-Forwarded-For", "1.2.3.4", "X-Restate-Own", "x", "Accept", "text/plain")
			s.call("/Plain/Do", "", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate", "a=b", "Baggage", "c=d")
			s.request(http.MethodOptions, "/Plain/Do", nil, "Origin", "http://example.com", "Access-Control-Request-Method", "POST")
		},
	},
	"keys are decoded": {
		programs: map[string]program{"": func(x *run) (any, error) { return restate.Key(x.ctx), nil }},
		run: func(s *session) {
			for _, key := range []string{"a%2Fb", "a%20b", "%C3%BC", "a+b", "a%25b", "%FF", "a%E2%82", "a%3Fb", "..", "a;b", "a=b&c"} {
				s.call("/Object/"+key+"/Do", "")
			}
		},
	},
}
