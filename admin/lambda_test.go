package admin_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

const (
	function = "arn:aws:lambda:eu-central-1:123456789012:function:orders:7"
	role     = "arn:aws:iam::123456789012:role/restate"
)

// There is no AWS here: what the server would receive is compared.
func TestALambdaFunctionIsRegisteredByItsARN(t *testing.T) {
	t.Parallel()
	var body string
	gate := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		body = string(sent)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"dp_1","services":[{"name":"Orders","ty":"Service","revision":3,"handlers":[{"name":"Place"}]}]}`)
	})
	registered, err := newClient(t, admin.Config{URL: gate.url}).RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{
		ARN: function, AssumeRoleARN: role, Metadata: map[string]string{"commit": "1"},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"arn":"`+function+`","assume_role_arn":"`+role+`","force":false,"metadata":{"commit":"1"}}`, body)
	require.Equal(t, admin.RegisteredDeployment{
		ID: "dp_1", Created: true,
		Services: []admin.RegisteredService{{
			Name: "Orders", Type: admin.TypeService, Revision: 3, Handlers: []admin.RegisteredHandler{{Name: "Place"}},
		}},
	}, registered)
}

func TestARegistrationIsOfAURIOrAnARN(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: "http://localhost", HTTPClient: &http.Client{Transport: answer{500, nil}}})
	for name, test := range map[string]struct {
		request admin.RegisterDeploymentRequest
		want    string
	}{
		"neither":            {admin.RegisterDeploymentRequest{}, "set either URI or ARN"},
		"both":               {admin.RegisterDeploymentRequest{URI: "http://a", ARN: function}, "set either URI or ARN"},
		"a role without ARN": {admin.RegisterDeploymentRequest{URI: "http://a", AssumeRoleARN: role}, "AssumeRoleARN is for AWS Lambda: set ARN in place of URI"},
		"ARN with HTTP/1.1":  {admin.RegisterDeploymentRequest{ARN: function, UseHTTP11: true}, "UseHTTP11 does not go with ARN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.RegisterDeployment(testkit.Context(t), test.request)
			require.EqualError(t, err, "admin: RegisterDeploymentRequest: "+test.want)
		})
	}
}
