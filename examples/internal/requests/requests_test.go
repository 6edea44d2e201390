package requests_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/internal/requests"
)

func TestCurl(t *testing.T) {
	const base = "http://127.0.0.1:8080"
	for name, row := range map[string]struct {
		request requests.Request
		want    string
	}{
		"a body implies the method and the content type": {
			requests.Request{Path: "/cart/Ada/Add", Body: `"A1"`},
			`curl http://127.0.0.1:8080/cart/Ada/Add -H 'content-type: application/json' -d '"A1"'`,
		},
		"without a body the method is named": {
			requests.Request{Path: "/cart/Ada/View"},
			"curl -X POST http://127.0.0.1:8080/cart/Ada/View",
		},
		"another method and a header": {
			requests.Request{Method: "PUT", Path: "/orders/1", Body: "{}", Header: []string{"Idempotency-Key: 7"}},
			`curl -X PUT http://127.0.0.1:8080/orders/1 -H 'content-type: application/json' -H 'Idempotency-Key: 7' -d '{}'`,
		},
		"what a shell would read otherwise": {
			requests.Request{Path: "/find?a=1&b=2", Body: `"it's"`},
			`curl 'http://127.0.0.1:8080/find?a=1&b=2' -H 'content-type: application/json' -d '"it'\''s"'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			line := row.request.Curl(base)
			require.Equal(t, row.want, line)

			// A shell gives curl what was meant.
			words, err := exec.Command("bash", "-c", "curl() { printf '%s\\n' \"$@\"; }; "+line).Output()
			require.NoError(t, err)
			lines := strings.Split(string(words), "\n")
			require.Contains(t, lines, base+row.request.Path)
			if row.request.Body != "" {
				require.Contains(t, lines, row.request.Body)
			}
		})
	}
}

func TestSend(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		io.WriteString(w, r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Idempotency-Key")+" "+string(body))
	}))
	defer server.Close()
	all := []requests.Request{
		{Title: "an order", Method: "PUT", Path: "/orders/1", Body: "{}", Header: []string{"Idempotency-Key: 7"}},
		{Title: "a view", Path: "/view"},
	}
	for name, row := range map[string]struct {
		status int
		err    string
	}{
		"a response":                 {http.StatusOK, ""},
		"a refusal is shown":         {http.StatusConflict, ""},
		"a handler's error is shown": {http.StatusInternalServerError, ""},
		"no server behind a gateway": {http.StatusBadGateway, "an order: status 502"},
	} {
		t.Run(name, func(t *testing.T) {
			status = row.status
			var out bytes.Buffer
			err := requests.Send(t.Context(), &out, server.URL, all)
			if row.err != "" {
				require.EqualError(t, err, row.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "# an order\n"+all[0].Curl(server.URL)+"\n  PUT application/json 7 {}\n"+
				"# a view\n"+all[1].Curl(server.URL)+"\n  POST\n", out.String())
		})
	}
}
