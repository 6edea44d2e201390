package ingress_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"unicode"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// answering is a server that gives every request the same answer.
func answering(t testing.TB, status int, body string, header ...string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// Not parallel: it counts what the process allocates.
func TestMemoryIsTakenWhenBytesComeAndNotWhenTheyAreAnnounced(t *testing.T) {
	const announced = 256 << 20
	for name, status := range map[string]int{"of a result": 200, "of an error": 500} {
		t.Run(name, func(t *testing.T) {
			url := answering(t, status, "12", "Content-Length", fmt.Sprint(announced))
			client := newClient(t, ingress.Config{URL: url, Retry: ingress.Retry{MaxAttempts: 1}})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
		})
	}
}

// maxText is more than any text of this package is long, in bytes, whatever the
// server answered.
const maxText = 4000

func requireFit(t testing.TB, what, text string) {
	t.Helper()
	require.LessOrEqual(t, len(text), maxText, "%s", what)
	for _, r := range strings.TrimRight(text, "\n") {
		require.True(t, unicode.IsPrint(r), "%s: %q", what, r)
	}
}

// hostile are answers that no server of ours gives.
func hostile() map[string]struct {
	status int
	body   string
	header []string
} {
	const big = 200_000
	long, digits := strings.Repeat("x", big), strings.Repeat("9", big)
	goodID := "inv_141xP4V6kryF6QlU9u93f785racpmNuz85"
	type answer = struct {
		status int
		body   string
		header []string
	}
	return map[string]answer{
		"an id without an end":                           {200, `"ok"`, []string{"X-Restate-Id", "inv_" + long}},
		"an id that is none":                             {200, `"ok"`, []string{"X-Restate-Id", "<script>"}},
		"an id without an end, and no result":            {200, `{`, []string{"X-Restate-Id", "inv_" + long}},
		"an id without an end, and a failure":            {409, `{"code":409,"message":"no"}`, []string{"X-Restate-Id", "inv_" + long, "X-Restate-Error-Source", "invocation"}},
		"a number without an end":                        {200, digits, nil},
		"a number without an end inside":                 {200, `{"invocationId":` + digits + `}`, nil},
		"a code without an end":                          {409, `{"code":` + digits + `,"message":"no","source":"invocation"}`, nil},
		"a source without an end":                        {409, `{"code":409,"message":"no"}`, []string{"X-Restate-Error-Source", long}},
		"a source without an end in the body":            {409, `{"code":409,"message":"no","source":"` + long + `"}`, nil},
		"a message without an end":                       {409, `{"code":409,"message":"` + long + `","source":"ingress"}`, nil},
		"the id of a send without an end":                {202, `{"invocationId":"inv_` + long + `","status":"Accepted"}`, nil},
		"the id of a send that is none":                  {202, `{"invocationId":"../x?y","status":"Accepted"}`, nil},
		"the status of a send without an end":            {202, `{"invocationId":"` + goodID + `","status":"` + long + `"}`, nil},
		"a content type without an end":                  {200, `"ok"`, []string{"Content-Type", "text/plain; x=" + long}},
		"a content type that is none":                    {200, `"ok"`, []string{"Content-Type", ";;"}},
		"no content type":                                {200, `"<html>"`, []string{"Content-Type", ""}},
		"a wait that has no end":                         {503, "", []string{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}},
		"a wait of many seconds":                         {503, "", []string{"Retry-After", "4294967295"}},
		"a redirect to a place without an end":           {302, "", []string{"Location", "http://" + long}},
		"an unknown status with a text without an end":   {799, long, nil},
		"a failure with an id that would break a header": {500, "", []string{"X-Restate-Id", "inv_1 2", "X-Restate-Error-Source", "invocation"}},
	}
}

func TestErrorsSayLittleOfWhatAHostileServerAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, ingress.Config{URL: answering(t, test.status, test.body, test.header...), Retry: ingress.Retry{MaxAttempts: 1}})
			greeter, ctx := ingress.NewService[*Greeter](client), testkit.Context(t)

			var response ingress.Response
			_, err := ingress.Call(ctx, ingress.NewObject[*Cart](client).Key("k"), (*Cart).AddItem, Item{}, ingress.WithResponse(&response))
			require.Error(t, err)
			requireFit(t, "the error of a call", err.Error())
			requireFit(t, "the response's id", response.InvocationID)
			if e := new(ingress.Error); errors.As(err, &e) {
				requireFit(t, "the error's id", e.InvocationID)
				requireFit(t, "the error's source", string(e.Source))
			}
			sent, err := ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada")
			if err != nil {
				requireFit(t, "the error of a send", err.Error())
			}
			sentID, _ := sent.ID(ctx)
			requireFit(t, "the id of what was sent", sentID)
			requireFit(t, "the status of what was sent", string(sent.Status()))
			id, err := ingress.Lookup(greeter, (*Greeter).Greet, restate.WithIdempotencyKey("k")).ID(ctx)
			if err != nil {
				requireFit(t, "the error of a lookup", err.Error())
			}
			requireFit(t, "the id that was found", id)
		})
	}
}

func TestRoutesPassOnLittleOfWhatAHostileServerAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := new(logged)
			client := newClient(t, ingress.Config{
				URL: answering(t, test.status, test.body, test.header...), Logger: newLogger(log), Retry: ingress.Retry{MaxAttempts: 1},
			})
			api := newAPI(t, client)
			for _, target := range []string{"/greetings", "/waits/later", "/invocations/inv_141xP4V6kryF6QlU9u93f785racpmNuz85"} {
				t.Run(target, func(t *testing.T) {
					method, body := http.MethodPost, `"Ada"`
					if strings.HasPrefix(target, "/invocations") {
						method, body = http.MethodGet, ""
					}
					w := request(t, api, method, target, body)
					for name, values := range w.Header() {
						requireFit(t, target+": "+name, strings.Join(values, ""))
					}
					if id := w.Header().Get("X-Restate-Id"); id != "" {
						require.Regexp(t, "^inv_[0-9A-Za-z]{1,100}$", id)
					}
					if after := w.Header().Get("Retry-After"); after != "" {
						require.Regexp(t, "^[0-9]+$", after)
					}
					if w.Body.Len() > 0 {
						require.Regexp(t, `^(application|text)/[a-z+-]+\b`, w.Header().Get("Content-Type"))
						require.NotContains(t, w.Header().Get("Content-Type"), "html")
					}
					if strings.HasSuffix(w.Header().Get("Content-Type"), "json") && w.Code >= 300 {
						requireFit(t, target+": the problem", w.Body.String())
					}
				})
			}
			for _, line := range log.all() {
				requireFit(t, "a log line", line)
			}
		})
	}
}
