package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/pipeline/validate"
	"github.com/fxrestate/go/rpc"
)

// statusError is an error of an HTTP client.
type statusError int

func (e statusError) Error() string   { return fmt.Sprint("status ", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

// notFoundError is an error of the domain.
type notFoundError struct{ what string }

func (e *notFoundError) Error() string { return "no " + e.what }

// PipeFaults fails as it is told, once with errors that are retried.
type PipeFaults struct{ tries sync.Map }

func (f *PipeFaults) Do(ctx restate.Context, how string) (string, error) {
	again := func() bool {
		n, _ := f.tries.LoadOrStore(how, new(atomic.Int32))
		return n.(*atomic.Int32).Add(1) > 1
	}
	if how == "step" {
		return restate.Run(ctx, func(restate.RunContext) (string, error) {
			if again() {
				return "retried", nil
			}
			return "", statusError(404)
		})
	}
	if again() {
		return "retried", nil
	}
	switch how {
	case "404":
		return "", fmt.Errorf("client: %w", statusError(404))
	case "503":
		return "", statusError(503)
	case "domain":
		return "", fmt.Errorf("repository: %w", &notFoundError{"cart"})
	case "terminal":
		return "", restate.ToTerminalError(errors.New("gone"), restate.WithErrorCode(410))
	case "softened":
		return "", restate.ToTerminalError(errors.New("soft"), restate.WithErrorCode(499))
	default:
		return "", errors.New(how)
	}
}

func TestFiltersMapErrors(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("pipe-faults")
	testkit.Start(t,
		fxrestate.Use(fxrestate.Filters(httperror.Filter()), fxrestate.AsTerminalError(func(err error) restate.TerminalError {
			if err.Error() == "mapped" {
				return restate.ToTerminalError(err, restate.WithErrorCode(418))
			}
			return nil
		})),
		fxrestate.Service[*PipeFaults](testkit.Made(&PipeFaults{}), fxrestate.Name(name), testkit.RetrySoon(),
			fxrestate.Filters(pipeline.Catch(func(_ context.Context, inv *pipeline.Invocation, err *notFoundError) error {
				return restate.ToTerminalError(fmt.Errorf("%s: %w", inv, err), restate.WithErrorCode(404))
			})),
			fxrestate.Handler((*PipeFaults).Do, fxrestate.Filters(func(_ context.Context, _ *pipeline.Invocation, err error) error {
				if t := restate.AsTerminalError(err); t != nil && t.Code() == 499 {
					return errors.New("temporary after all")
				}
				return nil
			}))))
	for how, want := range map[string]struct {
		status  int
		message string
	}{
		"404":      {404, "client: status 404"},
		"503":      {200, ""},
		"domain":   {404, name + "/Do: no cart"},
		"terminal": {410, "gone"},
		"softened": {200, ""},
		"mapped":   {418, "mapped"},
		"plain":    {200, ""},
		"step":     {404, "status 404"},
	} {
		t.Run(how, func(t *testing.T) {
			a := testkit.Post(t, testkit.Path(name, "Do"), how)
			require.Equal(t, want.status, a.Status, "%s: %s", how, a.Body)
			if want.status == http.StatusOK {
				require.Equal(t, "retried", testkit.Decode[string](t, a), how)
			} else {
				require.Equal(t, want.message, testkit.Failed(t, a).Message, how)
			}
		})
	}
}

// PipeOrder is checked by tags, and by itself.
type PipeOrder struct {
	Item  string `json:"item" validate:"required"`
	Count int    `json:"count" validate:"gt=0,lte=10"`
}

func (o PipeOrder) Validate() error {
	if o.Item == "bomb" {
		return validate.Fields{"item": "is forbidden"}
	}
	return nil
}

// PipeShop takes orders.
type PipeShop struct{ called atomic.Int32 }

func (s *PipeShop) Order(_ restate.Context, o PipeOrder) (string, error) {
	s.called.Add(1)
	return fmt.Sprint(o.Count, " ", o.Item), nil
}

func TestValidationIsA400WithTheFields(t *testing.T) {
	t.Parallel()
	shop, name := &PipeShop{}, testkit.Unique("pipe-shop")
	testkit.Start(t, fxrestate.Service[*PipeShop](testkit.Made(shop), fxrestate.Name(name), fxrestate.Pipes(validate.New(nil))))
	require.Equal(t, "2 tea", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Order"), PipeOrder{"tea", 2})))
	for want, in := range map[string]PipeOrder{
		`{"item":"required","count":"lte=10"}`: {"", 11},
		`{"count":"gt=0"}`:                     {"tea", 0},
		`{"item":"is forbidden"}`:              {"bomb", 1},
	} {
		t.Run(want, func(t *testing.T) {
			a := testkit.Post(t, testkit.Path(name, "Order"), in)
			require.Equal(t, http.StatusBadRequest, a.Status)
			var body struct {
				Code     int             `json:"code"`
				Message  string          `json:"message"`
				Metadata json.RawMessage `json:"metadata"`
				Source   string          `json:"source"`
			}
			require.NoError(t, json.Unmarshal(a.Body, &body), string(a.Body))
			require.Equal(t, 400, body.Code)
			require.Contains(t, body.Message, "invalid input: ")
			require.JSONEq(t, want, string(body.Metadata), string(a.Body))
			require.Equal(t, "invocation", body.Source)
		})
	}
	require.EqualValues(t, 1, shop.called.Load())
}

// PipeGraveyard gets letters.
type PipeGraveyard struct{ letters chan pipeline.Letter }

func (g *PipeGraveyard) Bury(_ restate.Context, l pipeline.Letter) error {
	g.letters <- l
	if l.Message == "bury badly" {
		return restate.TerminalErrorf("the grave is full")
	}
	return nil
}

func TestDeadLettersTellOfTerminalFailures(t *testing.T) {
	t.Parallel()
	yard, name, faults := &PipeGraveyard{make(chan pipeline.Letter, 100)}, testkit.Unique("pipe-yard"), testkit.Unique("pipe-faults")
	keyed := testkit.Unique("pipe-keyed")
	testkit.Start(t,
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraveyard).Bury)),
		fxrestate.Service[*PipeGraveyard](testkit.Made(yard), fxrestate.Name(name)),
		fxrestate.Service[*PipeFaults](testkit.Made(&PipeFaults{}), fxrestate.Name(faults), testkit.RetrySoon(),
			fxrestate.AsTerminalError(func(err error) restate.TerminalError {
				if err.Error() != "bury badly" {
					return nil
				}
				return restate.ToTerminalError(err, restate.WithErrorCode(418), restate.WithMetadata("why", "mapped"))
			})),
		fxrestate.Object[*PipeSafe](func() *PipeSafe { return &PipeSafe{} }, fxrestate.Name(keyed),
			fxrestate.Handler((*PipeSafe).Closed, fxrestate.Guards(func(context.Context, *pipeline.Invocation) (bool, error) { return false, nil }))),
	)
	a := testkit.Post(t, testkit.Path(faults, "Do"), "terminal", "X-Tenant", "acme")
	require.Equal(t, 410, a.Status, "the failure is the caller's too")
	l := testkit.Receive(t, yard.letters, "a letter")
	require.Equal(t, "acme", l.Headers["x-tenant"])
	l.Headers = nil
	require.Equal(t, pipeline.Letter{
		Service: faults, Handler: "Do", InvocationID: a.Header.Get("X-Restate-Id"),
		Input: []byte(`"terminal"`), Code: 410, Message: "gone",
	}, l)

	require.Equal(t, 418, testkit.Post(t, testkit.Path(faults, "Do"), "bury badly").Status)
	l = testkit.Receive(t, yard.letters, "a letter of a mapped error")
	require.Equal(t, map[string]string{"why": "mapped"}, l.Metadata)

	require.Equal(t, http.StatusBadRequest, testkit.Post(t, testkit.Path(keyed, "k", "Open"), "no number").Status)
	l = testkit.Receive(t, yard.letters, "a letter of an input that cannot be decoded")
	require.Equal(t, "k", l.Key)
	require.EqualValues(t, 400, l.Code)

	require.Equal(t, http.StatusForbidden, testkit.Post(t, testkit.Path(keyed, "k", "Closed"), nil).Status)
	require.Equal(t, "retried", testkit.Decode[string](t, testkit.Post(t, testkit.Path(faults, "Do"), "plain")))
	for _, i := range testkit.InvocationsOf(t, name) {
		require.Equal(t, name+"/Bury", i.Target)
	}
	require.Empty(t, yard.letters, "no letter of a refusal, of a retry, or of the grave's own failure")
	require.Len(t, testkit.InvocationsOf(t, name), 3)
}

// PipeSafe is a virtual object with a key for letters.
type PipeSafe struct{}

func (*PipeSafe) Open(restate.ObjectContext, int) error { return nil }
func (*PipeSafe) Closed(restate.ObjectContext) error    { return nil }

// PipeLater asks for a delay, from the handler or from a step.
type PipeLater struct {
	mu    sync.Mutex
	tries map[string][]time.Time
	delay time.Duration
}

func (l *PipeLater) fail(how string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries[how] = append(l.tries[how], time.Now())
	if len(l.tries[how]) > 1 {
		return nil
	}
	return fmt.Errorf("busy: %w", pipeline.RetryAfter(errors.New(how), l.delay))
}

func (l *PipeLater) between(how string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries[how][1].Sub(l.tries[how][0])
}

func (l *PipeLater) Handler(restate.Context) error { return l.fail("handler") }

func (l *PipeLater) Step(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error { return l.fail("step") })
}

func (l *PipeLater) StepWithPolicy(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error { return l.fail("policy") },
		restate.WithMaxRetryAttempts(5), restate.WithInitialRetryInterval(time.Millisecond))
}

func TestRetryAfterIsWhenTheServerTriesAgain(t *testing.T) {
	t.Parallel()
	for name, requestResponse := range map[string]bool{"streaming": false, "request and response": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			later, service, cfg := &PipeLater{tries: map[string][]time.Time{}, delay: 2 * time.Second}, testkit.Unique("pipe-later"), testkit.Config()
			cfg.Endpoint.RequestResponse = requestResponse
			testkit.StartWith(t, cfg, fxrestate.Service[*PipeLater](testkit.Made(later), fxrestate.Name(service), testkit.RetrySoon()))
			testkit.Each(t, 3, func(i int) error {
				_, err := testkit.TryPost(t, testkit.Path(service, []string{"Handler", "Step", "StepWithPolicy"}[i]), nil)
				return err
			})
			for _, how := range []string{"handler", "step", "policy"} {
				t.Run(how, func(t *testing.T) {
					require.GreaterOrEqual(t, later.between(how), 1950*time.Millisecond, how)
					require.Less(t, later.between(how), testkit.Within/2, how)
				})
			}
		})
	}
}

func TestRetryAfterIsWhatTheServerPlans(t *testing.T) {
	t.Parallel()
	later, service := &PipeLater{tries: map[string][]time.Time{}, delay: time.Hour}, testkit.Unique("pipe-later")
	testkit.Start(t, fxrestate.Service[*PipeLater](testkit.Made(later), fxrestate.Name(service), testkit.RetrySoon()))
	for _, handler := range []string{"Handler", "Step"} {
		t.Run(handler, func(t *testing.T) {
			before := time.Now()
			id := testkit.Submit(t, testkit.Path(service, handler), nil)
			testkit.AwaitStatus(t, id, "backing-off")
			rows := testkit.Query[struct {
				Next time.Time `json:"next_retry_at"`
			}](t, "SELECT next_retry_at FROM sys_invocation WHERE id = ?", id)
			require.Len(t, rows, 1)
			require.WithinDuration(t, before.Add(time.Hour), rows[0].Next, time.Minute, handler)
			require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
		})
	}
}

// PipeRefund is a parameter object.
type PipeRefund struct {
	handler.In

	Transaction string    `input:"transactionId"`
	Amount      int       `input:"amount,omitempty"`
	Tenant      string    `header:"x-tenant"`
	Limit       int       `header:"x-limit"`
	Since       time.Time `header:"x-since"`
	Account     string    `key:""`
	ID          string    `invocation-id:""`
	Idempotency string    `idempotency-key:""`
}

// PipeAccount is an object that takes one.
type PipeAccount struct{}

func (PipeAccount) Refund(_ restate.ObjectContext, in PipeRefund) (PipeRefund, error) { return in, nil }

func TestParameterObjectsAreFilledFromWhereTheirTagsSay(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-account")
	testkit.Start(t, fxrestate.Object[PipeAccount](testkit.Made(PipeAccount{}), fxrestate.Name(name),
		fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			in, err := pipeline.InputOf[PipeRefund](inv)
			trail.add("%s %s", in.Account, in.Tenant)
			return true, err
		})))
	a := testkit.Post(t, testkit.Path(name, "acc/1", "Refund"), map[string]any{"transactionId": "t-1", "amount": 5, "x-tenant": "forged"},
		"X-Tenant", "acme", "X-Limit", "42", "X-Since", "2026-01-02T03:04:05Z", "Idempotency-Key", "idem")
	got := testkit.Decode[PipeRefund](t, a)
	require.Equal(t, PipeRefund{
		Transaction: "t-1", Amount: 5, Tenant: "acme", Limit: 42, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Account: "acc/1", ID: a.Header.Get("X-Restate-Id"),
		Idempotency: "", // this server does not tell
	}, got)
	require.Equal(t, []string{"acc/1 acme"}, trail.all())

	bare := testkit.Decode[PipeRefund](t, testkit.Post(t, testkit.Path(name, "acc", "Refund"), map[string]any{"transactionId": "t-2"}))
	require.Equal(t, "t-2", bare.Transaction)
	require.Zero(t, bare.Limit)
	refused := testkit.Post(t, testkit.Path(name, "acc", "Refund"), map[string]any{"transactionId": "t"}, "X-Limit", "many")
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Contains(t, testkit.Failed(t, refused).Message, "header x-limit: is not a whole number, or is too large")
}

// PipeTeller calls a handler that takes a parameter object.
type PipeTeller struct {
	account rpc.Object[PipeAccount]
}

func NewPipeTeller(a rpc.Object[PipeAccount]) *PipeTeller { return &PipeTeller{a} }

func (p *PipeTeller) Refund(ctx restate.Context) (PipeRefund, error) {
	return rpc.Call(ctx, p.account.Key("k"), PipeAccount.Refund,
		PipeRefund{Transaction: "t", Amount: 3, Tenant: "not sent", Account: "not sent", ID: "not sent"},
		restate.WithHeaders(map[string]string{"x-tenant": "acme", "x-limit": "7"}))
}

func TestParameterObjectsAreSentAsTheirBody(t *testing.T) {
	t.Parallel()
	account, teller := testkit.Unique("pipe-account"), testkit.Unique("pipe-teller")
	testkit.Start(t,
		fxrestate.Object[PipeAccount](testkit.Made(PipeAccount{}), fxrestate.Name(account)),
		fxrestate.Service[*PipeTeller](NewPipeTeller, fxrestate.Name(teller)))
	got := testkit.Decode[PipeRefund](t, testkit.Post(t, testkit.Path(teller, "Refund"), nil))
	require.Contains(t, got.ID, "inv_")
	got.ID = ""
	require.Equal(t, PipeRefund{Transaction: "t", Amount: 3, Tenant: "acme", Limit: 7, Account: "k"}, got)
}

func TestParameterObjectsShowTheirBodyInDiscovery(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("pipe-account")
	testkit.Start(t, fxrestate.Object[PipeAccount](testkit.Made(PipeAccount{}), fxrestate.Name(name)))
	res := testkit.Request(t, http.MethodGet, testkit.Server().AdminURL()+testkit.Path("services", name, "handlers", "Refund"), nil)
	var shown struct {
		Schema struct {
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		} `json:"input_json_schema"`
	}
	require.NoError(t, json.Unmarshal(res.Body, &shown), string(res.Body))
	require.Len(t, shown.Schema.Properties, 2, string(res.Body))
	require.Contains(t, shown.Schema.Properties, "transactionId")
	require.Contains(t, shown.Schema.Properties, "amount")
	require.Equal(t, []string{"transactionId"}, shown.Schema.Required)
}

// PipeOddly has tags that mean nothing.
type (
	PipeOddly struct {
		handler.In

		Who    string `headr:"x-tenant"`
		Key    string `key:""`
		hidden string
	}
	PipeOdd struct{}
)

func (PipeOdd) Do(_ restate.Context, in PipeOddly) error { _ = in.hidden; return nil }

func TestUnknownTagsFailTheStart(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t, fxrestate.Service[PipeOdd](testkit.Made(PipeOdd{})))
	for _, want := range []string{
		"PipeOdd.Do (errors_test.go:", `field Who has the tag`, "none of input, header, key, invocation-id and idempotency-key",
		"field Key wants the key, and a service has none", "field hidden is not exported",
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}
