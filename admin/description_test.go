package admin_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// description is the server's description of its API, of the version that the tests run.
//
//go:embed testdata/openapi.json
var description []byte

var updateDescription = flag.Bool("update-description", false, "write testdata/openapi.json as the server serves it")

func TestTheServerServesTheDescriptionThatIsKept(t *testing.T) {
	t.Parallel()
	served := testkit.Request(t, http.MethodGet, testkit.Server().AdminURL()+"/openapi", nil)
	require.Equal(t, http.StatusOK, served.Status)
	if *updateDescription {
		var document any
		require.NoError(t, json.Unmarshal(served.Body, &document))
		pretty, err := json.MarshalIndent(document, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("testdata/openapi.json", append(pretty, '\n'), 0o644))
		return
	}
	require.JSONEq(t, string(description), string(served.Body), "the server has another API: look through it, then run this test with -update-description")
}

// described has the method of the client for each call that the description has.
var described = map[string]string{
	"GET /cluster-health":                               "ClusterHealth",
	"GET /deployments":                                  "Deployments",
	"POST /deployments":                                 "RegisterDeployment", // and DryRun
	"GET /deployments/{deployment}":                     "Deployment",
	"DELETE /deployments/{deployment}":                  "DeleteDeployment",
	"PATCH /deployments/{deployment}":                   "UpdateDeployment",
	"GET /health":                                       "Health",
	"PATCH /invocations/{invocation_id}/cancel":         "CancelInvocation",
	"PATCH /invocations/{invocation_id}/kill":           "KillInvocation",
	"PATCH /invocations/{invocation_id}/pause":          "PauseInvocation",
	"PATCH /invocations/{invocation_id}/purge":          "PurgeInvocation",
	"PATCH /invocations/{invocation_id}/purge-journal":  "PurgeJournal",
	"PATCH /invocations/{invocation_id}/restart-as-new": "RestartInvocation",
	"PATCH /invocations/{invocation_id}/resume":         "ResumeInvocation",
	"GET /kafka-clusters":                               "KafkaClusters",
	"POST /kafka-clusters":                              "CreateKafkaCluster",
	"GET /kafka-clusters/{cluster_name}":                "KafkaCluster",
	"DELETE /kafka-clusters/{cluster_name}":             "DeleteKafkaCluster",
	"PATCH /kafka-clusters/{cluster_name}":              "UpdateKafkaCluster",
	"PUT /limits/rules":                                 "PutLimitRules", // and CreateLimitRules
	"POST /limits/rules/bulk-delete":                    "DeleteLimitRules",
	"POST /query":                                       "Query", // and QueryEach, and what asks the tables
	"GET /services":                                     "Services",
	"GET /services/{service}":                           "Service",
	"PATCH /services/{service}":                         "ModifyService",
	"GET /services/{service}/handlers":                  "Handlers",
	"GET /services/{service}/handlers/{handler}":        "Handler",
	"GET /services/{service}/openapi":                   "OpenAPI",
	"POST /services/{service}/state":                    "ModifyState",
	"GET /subscriptions":                                "Subscriptions",
	"POST /subscriptions":                               "CreateSubscription",
	"GET /subscriptions/{subscription}":                 "Subscription",
	"DELETE /subscriptions/{subscription}":              "DeleteSubscription",
	"GET /version":                                      "Version",
}

// leftOut has why the client has no method for a call.
var leftOut = map[string]string{
	"DELETE /invocations/{invocation_id}": "deprecated: it is the older form of cancel, kill and purge",
	"POST /vqueues/{vqueue_id}/pause":     "virtual queues are an experimental feature, off by default",
	"POST /vqueues/{vqueue_id}/resume":    "virtual queues are an experimental feature, off by default",
}

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// TestEachDescribedCallHasItsMethod lets each method call, and looks what of the description
// it was.
func TestEachDescribedCallHasItsMethod(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(description, &document))
	require.NotEmpty(t, document.Paths)
	paths := map[string]bool{}
	for path, methods := range document.Paths {
		for method := range methods {
			if method != "parameters" {
				paths[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	for path := range paths {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if leftOut[path] != "" {
				require.NotContains(t, described, path)
				return
			}
			name := described[path]
			require.NotEmpty(t, name, "the client has no method for it: add one, or the reason for none to leftOut")
			call := calls[name]
			require.NotNil(t, call, name)

			var mu sync.Mutex
			var asked []string
			client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, req.Method+" "+req.URL.Path)
				return answer{200, []byte("{}")}.RoundTrip(req)
			})}})
			_ = call(context.Background(), client)
			require.Len(t, asked, 1)
			require.Regexp(t, "^"+pattern(path)+"$", asked[0])
		})
	}
	for path := range described {
		require.Contains(t, paths, path, "the server has no such call")
	}
	for path := range leftOut {
		require.Contains(t, paths, path, "the server has no such call")
	}
}

// pattern returns the regular expression of the paths of a call.
func pattern(path string) string {
	parts := parameter.Split(path, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(parts, "[^/]+")
}
