package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// decoding has the calls whose response must have fields.
func decoding() map[string]func(ctx context.Context, c *admin.Client) error {
	decoding := map[string]func(ctx context.Context, c *admin.Client) error{}
	for name, call := range calls {
		switch name {
		case "Health", "OpenAPI", "DeleteDeployment", "CancelInvocation", "KillInvocation", "PauseInvocation", "ResumeInvocation", "PurgeInvocation", "PurgeJournal",
			"ModifyState", "DeleteSubscription", "DeleteKafkaCluster":
		default:
			decoding[name] = call
		}
	}
	return decoding
}

func TestAnAnswerThatIsNotTheAdminAPIsIsAnError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                      "",
		"a page":                       "<!DOCTYPE html><html><body>Welcome to nginx!</body></html>",
		"a text":                       "ok",
		"JSON cut short":               `{"id":"dp_1","name":"Greeter","version":"1.7.12","services":[{`,
		"JSON and more":                `{"id":"dp_1"} {"id":"dp_2"}`,
		"an empty object":              "{}",
		"null":                         "null",
		"an object of other fields":    `{"status":"UP"}`,
		"an array":                     "[]",
		"a string":                     `"ok"`,
		"a number":                     "1e999999",
		"fields of other types":        `{"id":1,"name":true,"version":[],"services":"none","cluster_name":1,"handlers":{},"deployments":{},"subscriptions":1,"clusters":1,"new_invocation_id":1,"rows":7}`,
		"entries of other types":       `{"id":"","name":"","services":[1],"deployments":["dp_1"],"rows":["x"]}`,
		"null in place of the entries": `{"id":null,"name":null,"version":null,"services":null,"deployments":null,"handlers":null,"subscriptions":null,"clusters":null,"new_invocation_id":null,"cluster_name":null,"rows":null}`,
		"objects deeper than a stack":  strings.Repeat(`{"services":[`, 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: answer{200, []byte(body)}}})
			for method, call := range decoding() {
				if name == "an array" && method == "DeleteLimitRules" {
					continue // it is an answer
				}
				t.Run(method, func(t *testing.T) {
					err := call(testkit.Context(t), client)
					require.ErrorContains(t, err, "admin: ")
					require.ErrorContains(t, err, " http://localhost:9070/")
					require.ErrorContains(t, err, ": status 200, but the response is not that of an admin API: does the URL lead to one? (")
					require.False(t, admin.Retryable(err))
				})
			}
		})
	}
}

func TestAnOpenAPIDocumentIsJSON(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"nothing": "", "a page": "<html></html>", "JSON cut short": `{"openapi":`} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: answer{200, []byte(body)}}})
			require.ErrorContains(t, calls["OpenAPI"](testkit.Context(t), client), "the response is not that of an admin API")
		})
	}
}

// failing is a server that fails during its answer.
func failing(t testing.TB, fail http.HandlerFunc) *admin.Client {
	t.Helper()
	return newClient(t, admin.Config{URL: newGateway(t, fail).url})
}

func TestAServerThatFailsDuringItsAnswerIsAConnectionError(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]http.HandlerFunc{
		"gone before its answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"gone in the middle": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"rows":[{"id":"dp_1","name":"Greeter","version":"1.7.12","services":[`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"shorter than it says": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"rows":[`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := failing(t, fail)
			for method, call := range calls {
				t.Run(method, func(t *testing.T) {
					err := call(testkit.Context(t), client)
					var failed *admin.ConnectionError
					require.ErrorAs(t, err, &failed)
					require.True(t, strings.HasPrefix(failed.URL, client.URL()+"/"), failed.URL)
					require.ErrorContains(t, err, failed.URL)
					require.True(t, admin.Retryable(err))
				})
			}
		})
	}
}

func TestASlowServerIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	slow := errors.New("out of patience")
	for name, serve := range map[string]http.HandlerFunc{
		"before its answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a byte at a time": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Millisecond)
			}
		},
		"in an error": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := failing(t, serve)
			ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, slow)
			defer cancel()
			for method, call := range calls {
				t.Run(method, func(t *testing.T) {
					t.Parallel()
					began := time.Now()
					require.Error(t, call(ctx, client))
					require.Less(t, time.Since(began), 10*time.Second)
				})
			}
		})
	}
}

func TestAnAnswerOfMoreThan64MiBIsAnErrorAndNotHeldInMemory(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: endless{}}})
	for _, method := range []string{"Deployments", "InFlight", "PauseInvocation"} {
		t.Run(method, func(t *testing.T) {
			err := calls[method](testkit.Context(t), client)
			require.ErrorContains(t, err, "the response is larger than 64 MiB: ask for less at a time")
			require.ErrorContains(t, err, " http://localhost:9070/")
			require.False(t, admin.Retryable(err))
		})
	}
}

// endless is a transport whose responses never end.
type endless struct{}

func (endless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(spaces{})}, nil
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestNoCallFollowsARedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			gate := newGateway(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", status) })
			client := newClient(t, admin.Config{URL: gate.url})
			for method, call := range calls {
				t.Run(method, func(t *testing.T) {
					failed := requireError(t, call(testkit.Context(t), client), status, "")
					require.Equal(t, "redirected to /elsewhere", failed.Message)
					require.Equal(t, "use the address that responds without a redirect", failed.Hint())
				})
			}
			require.Len(t, gate.requests(), len(calls))
		})
	}
}

func TestFiveThousandDeploymentsAreListed(t *testing.T) {
	t.Parallel()
	const many = 5000
	var body strings.Builder
	body.WriteString(`{"deployments":[`)
	for i := range many {
		if i > 0 {
			body.WriteString(",")
		}
		fmt.Fprintf(&body, `{"id":"dp_%d","uri":"http://orders-%d:9080/","protocol_type":"BidiStream","http_version":"HTTP/2.0",`+
			`"created_at":"2026-11-27T00:11:31.318000000Z","min_protocol_version":5,"max_protocol_version":6,"sdk_version":"restate-sdk-go/v1.2.0",`+
			`"metadata":{"commit":"%040d"},"services":[{"name":"Orders","revision":%d},{"name":"Payments","revision":%d}]}`, i, i, i, i, i)
	}
	body.WriteString("]}")
	gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body.String()) })
	deployments, err := newClient(t, admin.Config{URL: gate.url}).Deployments(testkit.Context(t))
	require.NoError(t, err)
	require.Len(t, deployments, many)
	require.Equal(t, "dp_4999", deployments[many-1].ID)
	require.Equal(t, "http://orders-4999:9080/", deployments[many-1].URI)
	require.Equal(t, []admin.ServiceRevision{{Name: "Orders", Revision: 4999}, {Name: "Payments", Revision: 4999}}, deployments[many-1].Services)
}

// FuzzAnswer gives each call any body of a successful response. An error is one bounded,
// printable line, and so is the failure of an invocation.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"rows":[{"id":"inv_1","service":"Orders","handler":"Place","status":"paused","created_at":"2026-11-27T00:11:31.390Z","retry_count":3,"last_failure":""},` +
		`{"id":"inv_2","status":"backing-off","next_retry_at":null,"last_failure":"a\nb\u001b[31m","failure":"x"}]}`))
	f.Add([]byte(`{"id":"dp_1","services":[{"name":"Orders","ty":"Service","revision":1,"handlers":[{"name":"Place","ty":"Shared"}]}]}`))
	f.Add([]byte(`{"deployments":[{"id":"dp_1","created_at":"yesterday"}]}`))
	f.Add([]byte(`{"version":"1.7.12","min_admin_api_version":-1e99}`))
	f.Add([]byte("<html>\x00\xff\u202e</html>"))
	f.Add([]byte(`{"rows":[{"last_failure":"` + strings.Repeat("x ", 2000) + `"}]}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		client, err := admin.New(admin.Config{HTTPClient: &http.Client{Transport: answer{200, body}}})
		require.NoError(t, err)
		requireOneLine := func(text string, limit int) {
			require.LessOrEqual(t, len([]rune(text)), limit)
			for _, r := range text {
				require.True(t, unicode.IsPrint(r), "%q in %q", r, text)
			}
		}
		for _, call := range calls {
			if err := call(t.Context(), client); err != nil {
				requireOneLine(err.Error(), 1500)
			}
		}
		found, _ := client.Invocations(t.Context(), admin.InvocationFilter{})
		for _, i := range found {
			requireOneLine(i.LastFailure, 1002)
			requireOneLine(i.LastFailureCode, 1002)
		}
	})
}
