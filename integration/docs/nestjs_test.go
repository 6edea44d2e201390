package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
)

// The page for those who come from NestJS has the application of nestjs-restate's README.
func TestTheApplicationOfNestJSRunsAsItsPageHasIt(t *testing.T) {
	t.Parallel()
	ingress, log := running(t, portOfNestJS(t), testkit.AlwaysReplaying(testkit.ServerConfig()))
	hasStarted(t, log)
	api := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lineWith(t, log.String(), "serving HTTP"))
	require.NotEmpty(t, api)

	send := testkit.Post(t, ingress+"/user-signup/ada/run/send", map[string]string{"email": "ada@example.com"})
	require.Equal(t, http.StatusAccepted, send.Status, string(send.Body))
	for _, row := range []struct {
		name, url, body string
		status          int
		answer          string
	}{
		{"a service", ingress + "/payments/charge", `{"userId":"ada","amount":12}`, 200, `{"receiptId":"receipt-1"}`},
		{"a guard refuses", ingress + "/payments/charge", `{"userId":"ada","amount":10001}`, 403, ""},
		{"a single property of the input", ingress + "/payments/refund", `{"transactionId":"t-1"}`, 200, ""},
		{"a property that is missing", ingress + "/payments/refund", `{}`, 400, ""},
		{"an exclusive handler", ingress + "/cart/ada/addItem", `{"sku":"tea","qty":2,"price":3}`, 200, `[{"sku":"tea","qty":2,"price":3}]`},
		{"a shared handler", ingress + "/cart/ada/getTotal", ``, 200, `6`},
		{"a controller", api + "/api/charge", `{"userId":"ada","amount":12}`, 200, `{"receiptId":"receipt-1"}`},
		{"a controller of one line", api + "/api/cart/bob/add", `{"sku":"tea","qty":1,"price":3}`, 200, `[{"sku":"tea","qty":1,"price":3}]`},
		{"calls from handler to handler", ingress + "/orders/place", `{"userId":"ada","amount":12}`, 200, `{"receiptId":"receipt-1"}`},
		{"a terminal error", ingress + "/orders/placeOrder", `{"userId":"ada","items":[]}`, 400, ""},
		{"a query of a workflow", ingress + "/user-signup/ada/status", ``, 200, `"pending"`},
		{"a signal", ingress + "/user-signup/ada/confirm", `"wrong"`, 200, ""},
		{"the query after the signal", ingress + "/user-signup/ada/status", ``, 200, `"confirmed"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			var in any
			if row.body != "" {
				in = json.RawMessage(row.body)
			}
			a := testkit.Post(t, row.url, in)
			require.Equal(t, row.status, a.Status, string(a.Body))
			if row.answer != "" {
				require.JSONEq(t, row.answer, string(a.Body))
			}
		})
	}
	ended := testkit.Request(t, http.MethodGet, ingress+"/restate/workflow/user-signup/ada/attach", nil)
	require.Equal(t, http.StatusBadRequest, ended.Status, "the code was wrong")
	require.Contains(t, string(ended.Body), "invalid code")
}

// portOfNestJS builds the application of the page, with a free port for its API.
func portOfNestJS(t *testing.T) (binary string) {
	t.Helper()
	for _, p := range pages(t) {
		if filepath.Base(p.path) != "coming-from-nestjs.md" {
			continue
		}
		application := excerpts(p)
		require.Len(t, application, 1, "the page is one application")
		code := strings.Replace(string(framed(t, p, application[0])), "fxrestate.Module,", `fxrestate.Module,
			fx.Decorate(func(c fxrestate.Config) fxrestate.Config { c.HTTP.Addr = "127.0.0.1:0"; return c }),`, 1)
		dir := t.TempDir()
		source := filepath.Join(dir, "main.go")
		binary = filepath.Join(dir, "port")
		require.NoError(t, os.WriteFile(source, []byte(code), 0o600))
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return binary
	}
	require.FailNow(t, "there is no such page")
	return ""
}

func lineWith(t *testing.T, log, text string) string {
	t.Helper()
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) {
			return line
		}
	}
	require.NoError(t, errors.New(log), fmt.Sprintf("no line has %q", text))
	return ""
}
