package ingress_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// quick retries without much of a wait.
var quick = ingress.Retry{InitialInterval: time.Millisecond, MaxInterval: 5 * time.Millisecond}

// failing is a gateway that fails a number of requests and passes on the others.
func failing(t *testing.T, times int64, fail http.HandlerFunc) (url string, requests *atomic.Int64) {
	requests = new(atomic.Int64)
	return gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if requests.Add(1) <= times {
			fail(w, r)
			return
		}
		pass.ServeHTTP(w, r)
	}), requests
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// runAndHangUp lets the server do the work and loses the answer.
func runAndHangUp(_ http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, testkit.Server().IngressURL()+r.URL.EscapedPath(), r.Body)
	if err == nil {
		req.Header = r.Header
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

func TestSafeRequestsAreRepeated(t *testing.T) {
	t.Parallel()
	sent, err := ingress.Send(testkit.Context(t), ingress.NewService[*Greeter](newClient(t, ingress.Config{})), (*Greeter).Greet, "Ada")
	require.NoError(t, err)

	for name, fail := range map[string]http.HandlerFunc{
		"408": status(408), "425": status(425), "429": status(429), "500": status(500), "501": status(501), "502": status(502),
		"503": status(503), "504": status(504), "570": status(570), "broken connection": hangUp,
		"an error of the ingress": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Restate-Error-Source", "ingress")
			w.WriteHeader(http.StatusInternalServerError)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, request := range map[string]func(ctx context.Context, c *ingress.Client, key string) error{
				"call with an idempotency key": func(ctx context.Context, c *ingress.Client, key string) error {
					_, err := ingress.Call(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada", restate.WithIdempotencyKey(key))
					return err
				},
				"send with an idempotency key": func(ctx context.Context, c *ingress.Client, key string) error {
					_, err := ingress.Send(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada", restate.WithIdempotencyKey(key))
					return err
				},
				"attach": func(ctx context.Context, c *ingress.Client, _ string) error {
					_, err := ingress.HandleOf[string](c, idOf(t, sent)).Attach(ctx)
					return err
				},
				"output": func(ctx context.Context, c *ingress.Client, _ string) error {
					_, _, err := ingress.HandleOf[string](c, idOf(t, sent)).Output(ctx)
					return err
				},
				"lookup": func(ctx context.Context, c *ingress.Client, key string) error {
					_, err := ingress.Lookup(ingress.NewService[*Greeter](c), (*Greeter).Greet, restate.WithIdempotencyKey(key)).ID(ctx)
					return err
				},
				"submission of a workflow": func(ctx context.Context, c *ingress.Client, key string) error {
					_, err := ingress.Send(ctx, ingress.NewWorkflow[*Signup](c).ID(key), (*Signup).Run, "ada@example.com")
					return err
				},
				"submission of a workflow for later": func(ctx context.Context, c *ingress.Client, key string) error {
					_, err := ingress.Send(ctx, ingress.NewWorkflow[*Signup](c).ID(key), (*Signup).Run, "ada@example.com", restate.WithDelay(time.Hour))
					return err
				},
				"submission of a workflow by a route": func(ctx context.Context, c *ingress.Client, key string) error {
					route := ingress.Handler(ingress.NewWorkflow[*Signup](c).ID(key), (*Signup).Run, &ingress.Route{Send: true})
					if w := request(t, route, http.MethodPost, "/", `"ada@example.com"`); w.Code != http.StatusAccepted {
						return errors.New(w.Body.String())
					}
					return nil
				},
			} {
				t.Run(name, func(t *testing.T) {
					url, requests := failing(t, 2, fail)
					require.NoError(t, request(testkit.Context(t), newClient(t, ingress.Config{URL: url, Retry: quick}), testkit.NameOf(t)))
					require.EqualValues(t, 3, requests.Load())
				})
			}
		})
	}
}

func TestACallWhoseAnswerGotLostRunsOnce(t *testing.T) {
	t.Parallel()
	name := testkit.NameOf(t)
	url, requests := failing(t, 1, runAndHangUp)
	client := newClient(t, ingress.Config{URL: url, Retry: quick})
	var response ingress.Response
	text, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, name,
		restate.WithIdempotencyKey(name), ingress.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, "hello "+name, text)
	require.EqualValues(t, 2, requests.Load())
	require.True(t, response.Deduplicated)
	require.Equal(t, 1, executions.of("Greet "+name))
}

func TestAWorkflowWhoseSubmissionGotLostRunsOnce(t *testing.T) {
	t.Parallel()
	url, requests := failing(t, 1, runAndHangUp)
	client := newClient(t, ingress.Config{URL: url, Retry: quick})
	id, ctx := ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t)), testkit.Context(t)
	sent, err := ingress.Send(ctx, id, (*Signup).Run, "ada@example.com")
	require.NoError(t, err)
	require.EqualValues(t, 2, requests.Load())
	require.Equal(t, ingress.PreviouslyAccepted, sent.Status())
	require.NoError(t, ingress.CallVoid(ctx, id, (*Signup).Confirm, "1234"))
	result, err := sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com confirmed with 1234", result)
}

func TestUnsafeRequestsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]func(ctx context.Context, c *ingress.Client) error{
		"call": func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada")
			return err
		},
		"send": func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Send(ctx, ingress.NewService[*Greeter](c), (*Greeter).Greet, "Ada")
			return err
		},
		"awakeable": func(ctx context.Context, c *ingress.Client) error {
			return ingress.Resolve(ctx, c, gateOpened, "sign_1", "x")
		},
		"call of a workflow, whose second is a conflict": func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Call(ctx, ingress.NewWorkflow[*Signup](c).ID("TestUnsafeRequestsAreNotRepeated"), (*Signup).Run, "ada@example.com")
			return err
		},
		"send of another handler of a workflow": func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.SendVoid(ctx, ingress.NewWorkflow[*Signup](c).ID("TestUnsafeRequestsAreNotRepeated"), (*Signup).Confirm, "1234")
			return err
		},
		"send by name, of what may be no workflow": func(ctx context.Context, c *ingress.Client) error {
			_, err := ingress.Named[string, string](c, "Signup", "Run").Key("TestUnsafeRequestsAreNotRepeated").Send(ctx, "ada@example.com")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, fail := range map[string]http.HandlerFunc{"a server that is not there": status(503), "a connection that breaks": hangUp} {
				t.Run(how, func(t *testing.T) {
					url, requests := failing(t, 1, fail)
					require.Error(t, request(testkit.Context(t), newClient(t, ingress.Config{URL: url, Retry: quick})))
					require.EqualValues(t, 1, requests.Load())
				})
			}
		})
	}
}

func TestWhatRepeatingDoesNotHelpIsNotRepeated(t *testing.T) {
	t.Parallel()
	t.Run("the handler's own 503", func(t *testing.T) {
		t.Parallel()
		url, requests := failing(t, 0, nil)
		client := newClient(t, ingress.Config{URL: url, Retry: quick})
		_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Fail,
			Failure{Code: 503, Message: "full"}, restate.WithIdempotencyKey(testkit.NameOf(t)))
		require.Equal(t, ingress.SourceInvocation, requireError(t, err).Source)
		require.EqualValues(t, 1, requests.Load())
	})
	for _, code := range []int{400, 401, 403, 404, 409, 410, 412, 413, 422, 423, 424, 426, 428, 470} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			url, requests := failing(t, 1, status(code))
			client := newClient(t, ingress.Config{URL: url, Retry: quick})
			_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "x", restate.WithIdempotencyKey(testkit.NameOf(t)))
			require.Equal(t, code, requireError(t, err).Status)
			require.EqualValues(t, 1, requests.Load())
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	call := func(ctx context.Context, url string, retry ingress.Retry) error {
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](newClient(t, ingress.Config{URL: url, Retry: retry})),
			(*Greeter).Greet, "x", restate.WithIdempotencyKey(testkit.NameOf(t)))
		return err
	}
	forever := int64(1 << 40)

	t.Run("after five attempts", func(t *testing.T) {
		t.Parallel()
		url, requests := failing(t, forever, status(503))
		require.ErrorIs(t, call(testkit.Context(t), url, quick), ingress.ErrUnavailable)
		require.EqualValues(t, 5, requests.Load())
	})
	t.Run("at once when turned off", func(t *testing.T) {
		t.Parallel()
		url, requests := failing(t, forever, status(503))
		require.ErrorIs(t, call(testkit.Context(t), url, ingress.Retry{MaxAttempts: 1}), ingress.ErrUnavailable)
		require.EqualValues(t, 1, requests.Load())
	})
	t.Run("when the context is cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		url, _ := failing(t, forever, status(503))
		client := newClient(t, ingress.Config{
			URL: url, Retry: ingress.Retry{InitialInterval: time.Hour, MaxInterval: time.Hour},
			HTTPClient: &http.Client{Transport: onceRead{ingress.NewTransport(), cancel}},
		})
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "x", restate.WithIdempotencyKey(testkit.NameOf(t)))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, ingress.ErrUnavailable)
	})
	t.Run("when the context would end before the next attempt", func(t *testing.T) {
		t.Parallel()
		url, requests := failing(t, forever, status(503))
		start := time.Now()
		err := call(testkit.Context(t), url, ingress.Retry{InitialInterval: time.Hour, MaxInterval: time.Hour})
		require.ErrorIs(t, err, ingress.ErrUnavailable)
		require.EqualValues(t, 1, requests.Load())
		require.Less(t, time.Since(start), testkit.Within/2)
	})
	t.Run("when the server asks for too long a wait", func(t *testing.T) {
		t.Parallel()
		url, requests := failing(t, forever, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		err := call(context.Background(), url, quick)
		require.Equal(t, time.Hour, requireError(t, err).RetryAfter)
		require.EqualValues(t, 1, requests.Load())
	})
}

// onceRead is a transport that calls back when an answer has been read.
type onceRead struct {
	http.RoundTripper

	then func()
}

func (o onceRead) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = answerBody{res.Body, o.then}
	}
	return res, err
}

type answerBody struct {
	io.ReadCloser

	closed func()
}

func (b answerBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func() string{
		"seconds": func() string { return "1" },
		"a date":  func() string { return time.Now().Add(1500 * time.Millisecond).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second time.Time
			url, requests := failing(t, 1, func(w http.ResponseWriter, _ *http.Request) {
				first = time.Now()
				w.Header().Set("Retry-After", value())
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			client := newClient(t, ingress.Config{URL: url, Retry: quick})
			_, err := ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "x", restate.WithIdempotencyKey(testkit.NameOf(t)))
			second = time.Now()
			require.NoError(t, err)
			require.EqualValues(t, 2, requests.Load())
			require.GreaterOrEqual(t, second.Sub(first), 400*time.Millisecond)
		})
	}
}
