package ingress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func TestErrorsOfTheServer(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter := ingress.NewService[*Greeter](client)
	fail := func(code int) error {
		_, err := ingress.Call(ctx, greeter, (*Greeter).Fail, Failure{Code: code, Message: "no tea"})
		return err
	}
	sent, err := ingress.Send(ctx, greeter, (*Greeter).Fail, Failure{Code: 404, Message: "not found"})
	require.NoError(t, err)
	_, attachErr := sent.Attach(ctx)
	_, _, outputErr := sent.Output(ctx)
	_, unknownService := ingress.Named[string, string](client, "Nobody", "Greet").Call(ctx, "x")
	_, unknownHandler := ingress.Named[string, string](client, "Greeter", "Nothing").Call(ctx, "x")
	_, private := ingress.Call0(ctx, ingress.NewService[*Hidden](client), (*Hidden).Greet)
	_, badInput := ingress.Named[int, string](client, "Greeter", "Greet").Call(ctx, 7)
	_, noInput := ingress.Named[restate.Void, string](client, "Greeter", "Greet").Call(ctx, restate.Void{})
	_, tooMuchInput := ingress.Named[string, string](client, "Greeter", "Ping").Call(ctx, "x")
	// An id of the right form, of an invocation that never was.
	_, unknownID := ingress.HandleOf[string](client, "inv_141xP4V6kryF6QlU9u93f785racpmNuz85").Attach(ctx)
	_, unknownWorkflow := ingress.Lookup(ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t)), (*Signup).Run).Attach(ctx)

	for name, test := range map[string]struct {
		err      error
		status   int
		code     restate.Code // zero: the status
		message  string
		source   ingress.Source
		is       error // nil: none of the sentinels
		terminal bool
	}{
		"a handler's failure":                 {err: fail(418), status: 418, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"a handler's own 404":                 {err: fail(404), status: 404, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"a handler's own 470":                 {err: fail(470), status: 470, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"a handler's own 503":                 {err: fail(503), status: 503, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"a failure with the code of success":  {err: fail(200), status: 200, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"a failure with a code for no status": {err: fail(5000), status: 500, code: 5000, message: "no tea", source: ingress.SourceInvocation, terminal: true},
		"attach: a handler's own 404":         {err: attachErr, status: 404, message: "not found", source: ingress.SourceInvocation, terminal: true},
		"output: a handler's own 404":         {err: outputErr, status: 404, message: "not found", source: ingress.SourceInvocation, terminal: true},
		"unknown service":                     {err: unknownService, status: 404, message: "service 'Nobody' not found", source: ingress.SourceIngress, is: ingress.ErrNotFound},
		"unknown handler":                     {err: unknownHandler, status: 404, message: "the handler 'Nothing' was not found", source: ingress.SourceIngress, is: ingress.ErrNotFound},
		"unknown invocation":                  {err: unknownID, status: 404, message: "invocation not found", source: ingress.SourceIngress, is: ingress.ErrNotFound},
		"unknown workflow":                    {err: unknownWorkflow, status: 404, message: "invocation not found", source: ingress.SourceIngress, is: ingress.ErrNotFound},
		"private service":                     {err: private, status: 400, message: "not public", source: ingress.SourceIngress},
		"input that the handler cannot read":  {err: badInput, status: 400, message: "cannot unmarshal number", source: ingress.SourceInvocation, terminal: true},
		"no input where some is needed":       {err: noInput, status: 400, message: "Empty content-type", source: ingress.SourceIngress},
		"input where none is taken":           {err: tooMuchInput, status: 400, message: "Expected body and content-type to be empty", source: ingress.SourceIngress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := requireError(t, test.err)
			require.Equal(t, test.status, e.Status)
			if test.code == 0 {
				test.code = restate.Code(test.status)
			}
			require.Equal(t, test.code, e.Code)
			require.Contains(t, e.Message, test.message)
			require.Equal(t, test.source, e.Source)
			for _, sentinel := range []error{ingress.ErrNotFound, ingress.ErrNotReady, ingress.ErrUnavailable} {
				t.Run(sentinel.Error(), func(t *testing.T) {
					require.Equal(t, sentinel == test.is, errors.Is(test.err, sentinel), "%v", sentinel)
				})
			}
			require.Equal(t, test.terminal, restate.IsTerminalError(test.err))
			if test.terminal {
				require.NotEmpty(t, e.InvocationID)
				require.Equal(t, e.Code, restate.AsTerminalError(test.err).Code())
				require.Equal(t, e.Code, handler.CodeOf(test.err))
				require.Equal(t, e.Message, restate.AsTerminalError(test.err).Message())
				failed, ok := errors.AsType[*handler.CallError](test.err)
				require.True(t, ok)
				require.Regexp(t, "^Greeter/(Fail|Greet)$", failed.Target)
				require.Equal(t, e.InvocationID, failed.InvocationID)
			} else {
				_, ok := errors.AsType[*handler.CallError](test.err)
				require.False(t, ok)
				require.Zero(t, handler.CodeOf(test.err))
			}
		})
	}

	t.Run("metadata", func(t *testing.T) {
		err := fail(409)
		require.Equal(t, map[string]string{"reason": "tested"}, requireError(t, err).Metadata)
		require.Equal(t, "tested", restate.AsTerminalError(err).Metadata().Get("reason"))
		require.Regexp(t, `^ingress: Greeter/Fail: failed with 409: no tea \(inv_\w+\)$`, err.Error())
	})
	t.Run("by the id alone nobody knows the handler", func(t *testing.T) {
		_, err := ingress.HandleOf[string](client, requireError(t, attachErr).InvocationID).Attach(ctx)
		failed, ok := errors.AsType[*ingress.CallError](err)
		require.True(t, ok, "%v", err)
		require.Empty(t, failed.Target)
		require.Equal(t, requireError(t, attachErr).InvocationID, failed.InvocationID)
	})
	require.Regexp(t, `^ingress: Nobody/Greet: refused with 404: service 'Nobody' not found`, unknownService.Error())
}

func TestErrorsOfAGateway(t *testing.T) {
	t.Parallel()
	const token = "very-secret-token"
	for name, test := range map[string]struct {
		status  int
		header  map[string]string
		body    string
		message string // of the error
		text    string // the error's
		is      error
	}{
		"an HTML page": {
			status: 502, body: "<html>\n\t<title>Bad Gateway</title>\x00\xff\n</html>",
			message: "<html> <title>Bad Gateway</title> </html>",
			text:    "ingress: Greeter/Greet: status 502: <html> <title>Bad Gateway</title> </html>", is: ingress.ErrUnavailable,
		},
		"nothing": {
			status: 404, text: "ingress: Greeter/Greet: status 404: Not Found ({{url}} may not be an ingress, which is on port 8080 of the server by default; the admin API answers so)",
		},
		"a status without a text": {status: 799, text: "ingress: Greeter/Greet: status 799: no message"},
		"JSON of its own": {
			status: 403, body: `{"error":"denied"}`,
			message: `{"error":"denied"}`, text: `ingress: Greeter/Greet: status 403: {"error":"denied"}`,
		},
		"JSON of the wrong types": {
			status: 403, body: `{"message":7,"code":"x"}`,
			message: `{"message":7,"code":"x"}`, text: `ingress: Greeter/Greet: status 403: {"message":7,"code":"x"}`,
		},
		"a server that does not tell the source": {
			status: 409, body: `{"code":409,"message":"taken"}`,
			message: "taken", text: "ingress: Greeter/Greet: status 409: taken",
		},
		"a source in the body alone": {
			status: 409, body: `{"code":410,"message":"gone","source":"invocation"}`,
			message: "gone", text: "ingress: Greeter/Greet: failed with 410: gone",
		},
		"a token in the answer": {
			status: 401, body: "the token " + token + " is expired",
			message: "the token [redacted] is expired", text: "ingress: Greeter/Greet: status 401: the token [redacted] is expired",
		},
		"a redirect": {
			status: 302, header: map[string]string{"Location": "https://user:password@login.example.com/"},
			message: "redirected to https://login.example.com/", text: "ingress: Greeter/Greet: status 302: redirected to https://login.example.com/",
		},
		"a code that is none": {
			status: 400, body: `{"code":99999999999999999999,"message":"x"}`, message: "x", text: "ingress: Greeter/Greet: status 400: x",
		},
		"lines in a message": {
			status: 400, body: `{"code":400,"message":"a\nb\u001b[31m"}`, message: "a\nb\x1b[31m", text: "ingress: Greeter/Greet: status 400: a b [31m",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			client := newClient(t, ingress.Config{URL: url, AuthToken: token})
			_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
			e := requireError(t, err)
			require.Equal(t, test.status, e.Status)
			require.Equal(t, test.message, e.Message)
			require.EqualError(t, err, strings.Replace(test.text, "{{url}}", url, 1))
			require.Equal(t, url, e.URL)
			for _, sentinel := range []error{ingress.ErrNotFound, ingress.ErrNotReady, ingress.ErrUnavailable} {
				t.Run(sentinel.Error(), func(t *testing.T) {
					require.Equal(t, sentinel == test.is, errors.Is(err, sentinel), "%v", sentinel)
				})
			}
		})
	}
}

func TestAnAdminAPIInPlaceOfTheIngressIsRecognised(t *testing.T) {
	t.Parallel()
	url := testkit.Server().AdminURL()
	client := newClient(t, ingress.Config{URL: url})
	greeter := ingress.NewService[*Greeter](client)
	ctx := testkit.Context(t)
	const id = "inv_141xP4V6kryF6QlU9u93f785racpmNuz85"
	for name, call := range map[string]func() error{
		"call":   func() error { _, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada"); return err },
		"send":   func() error { _, err := ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada"); return err },
		"attach": func() error { _, err := ingress.HandleOf[string](client, id).Attach(ctx); return err },
		"output": func() error { _, _, err := ingress.HandleOf[string](client, id).Output(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := call()
			require.Equal(t, url, requireError(t, err).URL)
			require.ErrorContains(t, err, "status 404: Not Found ("+url+" may not be an ingress, which is on port 8080 of the server by default; the admin API answers so)")
			require.NotErrorIs(t, err, ingress.ErrNotFound)
		})
	}
}

func TestALongErrorBodyIsCutShort(t *testing.T) {
	t.Parallel()
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusTeapot)
		for range 100 {
			_, _ = w.Write([]byte(strings.Repeat("ö", 50_000)))
		}
	})
	client := newClient(t, ingress.Config{URL: url})
	_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
	require.Equal(t, strings.Repeat("ö", 500)+"…", requireError(t, err).Message)
}

func TestASuccessThatIsNoneOfTheServers(t *testing.T) {
	t.Parallel()
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = w.Write([]byte("<html>please log in</html>"))
	})
	client := newClient(t, ingress.Config{URL: url})
	ctx, greeter := testkit.Context(t), ingress.NewService[*Greeter](client)
	_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
	require.ErrorContains(t, err, "ingress: Greeter/Greet: the result of the invocation does not decode into string")
	_, err = ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada")
	require.EqualError(t, err, `ingress: Greeter/Greet: the answer to a send names no invocation (is `+url+` an ingress?): "<html>please log in</html>"`)
}

// silent is a server that never answers.
func silent(t testing.TB) (url string) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does it notice that the client is gone
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestAnAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	t.Run("because nobody listens", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		client := newClient(t, ingress.Config{URL: "http://user:password@" + address})
		_, err = ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
		var broken *ingress.ConnectionError
		require.ErrorAs(t, err, &broken)
		require.Equal(t, "Greeter/Greet", broken.Target)
		require.Equal(t, "http://"+address, broken.URL)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorContains(t, err, "does a restate-server run there")
		require.NotContains(t, err.Error(), "password")
	})
	t.Run("because the connection breaks", func(t *testing.T) {
		t.Parallel()
		url := gateway(t, testkit.Server().IngressURL(), func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
		client := newClient(t, ingress.Config{URL: url})
		_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
		var broken *ingress.ConnectionError
		require.ErrorAs(t, err, &broken)
	})
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`"hel`))
		})
		client := newClient(t, ingress.Config{URL: url})
		_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
		var broken *ingress.ConnectionError
		require.ErrorAs(t, err, &broken)
	})
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, ingress.Config{URL: silent(t)})
		ctx, cancel := context.WithTimeout(testkit.Context(t), 20*time.Millisecond)
		defer cancel()
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestOnlySecretsAreHiddenAndNotInWhatAHandlerWrote(t *testing.T) {
	t.Parallel()
	const text = "product not found for hunter2 and bearer-abc"
	cfg := ingress.Config{AuthToken: "bearer-abc", Headers: map[string]string{"X-Env": "prod", "X-Api-Key": "hunter2"}}

	t.Run("a handler's error", func(t *testing.T) {
		t.Parallel()
		_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](newClient(t, cfg)), (*Greeter).Fail, Failure{Code: 404, Message: text})
		require.Equal(t, text, requireError(t, err).Message)
		require.Equal(t, text, restate.AsTerminalError(err).Message())
	})
	answered := func(body string) error {
		cfg := cfg
		cfg.URL = gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, body)
		})
		_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](newClient(t, cfg)), (*Greeter).Greet, "Ada")
		return err
	}
	t.Run("anybody else's", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "product not found for [redacted] and [redacted]", requireError(t, answered(text)).Message)
	})
	t.Run("also where the text is cut", func(t *testing.T) {
		t.Parallel()
		err := answered(strings.Repeat("x", 495) + "hunter2")
		require.Equal(t, strings.Repeat("x", 495)+"[reda…", requireError(t, err).Message)
	})
}
