package ingress_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

const curlType = "application/x-www-form-urlencoded"

func TestARouteTakesWhatCurlSendsIfItSaysSo(t *testing.T) {
	t.Parallel()
	greeter := ingress.NewService[*Greeter](newClient(t, ingress.Config{}))
	curl := ingress.Handler(greeter, (*Greeter).Greet, &ingress.Route{CurlData: true})
	strict := ingress.Handler(greeter, (*Greeter).Greet, nil)
	for name, tt := range map[string]struct {
		route  http.Handler
		header []string
		status int
		detail string
	}{
		"curl -d":                            {curl, []string{"Content-Type", curlType}, 200, ""},
		"curl -d with a charset":             {curl, []string{"Content-Type", curlType + "; charset=utf-8"}, 200, ""},
		"JSON":                               {curl, []string{"Content-Type", "application/json"}, 200, ""},
		"a page of the same origin":          {curl, []string{"Content-Type", curlType, "Sec-Fetch-Site", "same-origin"}, 200, ""},
		"an old browser of the same origin":  {curl, []string{"Content-Type", curlType, "Origin", "http://example.com"}, 200, ""},
		"JSON of another origin, asked for":  {curl, []string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"}, 200, ""},
		"a page of another origin":           {curl, []string{"Content-Type", curlType, "Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"}, 403, "the request comes from a page of another origin"},
		"a page of another subdomain":        {curl, []string{"Content-Type", curlType, "Sec-Fetch-Site", "same-site"}, 403, "the request comes from a page of another origin"},
		"an old browser of another origin":   {curl, []string{"Content-Type", curlType, "Origin", "http://evil.example"}, 403, "the request comes from a page of another origin"},
		"an old browser of an opaque origin": {curl, []string{"Content-Type", curlType, "Origin", "null"}, 403, "the request comes from a page of another origin"},
		"a text":                             {curl, []string{"Content-Type", "text/plain"}, 415, "the Content-Type of the body is not application/json"},
		"a form with files":                  {curl, []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, "the Content-Type of the body is not application/json"},
		"no content type":                    {curl, []string{"Content-Type", ""}, 415, "the Content-Type of the body is not application/json"},
		"curl -d where the route does not":   {strict, []string{"Content-Type", curlType}, 415, "the Content-Type of the body is not application/json"},
		"a foreign page where it does not":   {strict, []string{"Content-Type", curlType, "Sec-Fetch-Site", "cross-site"}, 415, "the Content-Type of the body is not application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(t, tt.route, http.MethodPost, "http://example.com/", `"Ada"`, tt.header...)
			require.Equal(t, tt.status, w.Code, w.Body)
			if tt.detail == "" {
				require.Equal(t, `"hello Ada"`, w.Body.String())
			} else {
				require.Equal(t, tt.detail, problemOf(t, w).Detail)
			}
		})
	}
}
