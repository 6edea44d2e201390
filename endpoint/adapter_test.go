package endpoint_test

import (
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// Stepper has steps.
type Stepper struct{ steps atomic.Int32 }

func (s *Stepper) Three(ctx restate.Context) (n int32, err error) {
	for range 3 {
		if n, err = restate.Run(ctx, func(restate.RunContext) (int32, error) { return s.steps.Add(1), nil }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func TestHandlersOfAllShapesAreCalled(t *testing.T) {
	t.Parallel()
	s := &Shapes{calls: make(chan string, 10)}
	e, _ := start(t, endpoint.Config{}, define(t, name(t), s))
	register(t, url(e))
	service := name(t)
	for _, tt := range []struct {
		handler string
		in      any
		body    string
		called  string
	}{
		{"InOutErr", Item{"a", 1}, `{"sku":"a","amount":2}`, ""},
		{"InOut", []Item{{"a", 1}}, `{"first":{"sku":"a","amount":1}}`, ""},
		{"InErr", Item{"a", 1}, "", "InErr a"},
		{"In", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "", "In 2024-02-29"},
		{"OutErr", nil, "1.5", ""},
		{"Out", nil, "null", ""},
		{"None", nil, "", "None"},
		{"Voids", nil, "", ""},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			a := testkit.Post(t, "/"+service+"/"+tt.handler, tt.in)
			require.Equal(t, http.StatusOK, a.Status, "%s: %s", tt.handler, a.Text())
			require.Equal(t, tt.body, a.Text(), tt.handler)
			if tt.called != "" {
				require.Equal(t, tt.called, testkit.Receive(t, s.calls))
			}
		})
	}
	a := testkit.Post(t, "/"+name(t)+"/Err", nil)
	require.Equal(t, http.StatusInternalServerError, a.Status)
	require.Contains(t, a.Text(), "declined")
}

func TestObjectsWorkflowsAndEmbeddedHandlersAreCalled(t *testing.T) {
	t.Parallel()
	cart, order, both := name(t)+"-cart", name(t)+"-order", name(t)+"-both"
	e, _ := start(t, endpoint.Config{},
		define(t, cart, Cart{}), define(t, order, &Order{}), define(t, both, &Embedding{Blobs: &Blobs{}}))
	register(t, url(e))
	require.ElementsMatch(t, []string{cart, order, both}, e.Services())

	require.Equal(t, 2, testkit.Decode[int](t, testkit.Post(t, "/"+cart+"/k%2F1/Add", Item{"a", 2})))
	require.Equal(t, 5, testkit.Decode[int](t, testkit.Post(t, "/"+cart+"/k%2F1/Add", Item{"a", 3})))
	require.Equal(t, 5, testkit.Decode[int](t, testkit.Post(t, "/"+cart+"/k%2F1/Total", nil)))
	require.Equal(t, 0, testkit.Decode[int](t, testkit.Post(t, "/"+cart+"/other/Total", nil)))
	require.Equal(t, "o1", callString(t, "/"+order+"/o1/Run", Item{"a", 1}))
	require.Equal(t, "open", callString(t, "/"+order+"/o1/Status", nil))
	require.Equal(t, "pong", callString(t, "/"+both+"/Ping", nil))
}

func TestCodecsOfTheSDKAreUsed(t *testing.T) {
	t.Parallel()
	blobs, clock := name(t)+"-blobs", name(t)+"-clock"
	e, _ := start(t, endpoint.Config{},
		define(t, blobs, &Blobs{}, restate.WithBinary), define(t, clock, &Clock{}, restate.WithProtoJSON))
	register(t, url(e))

	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, testkit.Server().IngressURL()+"/"+blobs+"/Reverse", strings.NewReader("\x00\xffab"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/octet-stream")
	a, err := testkit.Do(req)
	require.NoError(t, err)
	require.Equal(t, "ba\xff\x00", a.Text())

	require.Equal(t, "1970-01-01T00:01:00Z", callString(t, "/"+clock+"/At", 60))
}

func TestForeignHandlersAreCalled(t *testing.T) {
	t.Parallel()
	def := restate.NewObject(name(t)).
		Handler("add", restate.NewObjectHandler(func(ctx restate.ObjectContext, in int) (int, error) {
			n, err := restate.Get[int](ctx, "n")
			restate.Set(ctx, "n", n+in)
			return n + in, err
		})).
		Handler("total", restate.NewObjectSharedHandler(func(ctx restate.ObjectSharedContext, _ restate.Void) (int, error) {
			return restate.Get[int](ctx, "n")
		}))
	e, _ := start(t, endpoint.Config{}, endpoint.Foreign(def))
	register(t, url(e))
	require.Equal(t, 2, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/k/add", 2)))
	require.Equal(t, 2, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/k/total", nil)))
}

func TestAnUndecodableBodyIsABadRequest(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{}, define(t, name(t), &Shapes{}))
	register(t, url(e))
	service := name(t)
	for _, body := range []string{`{"sku":`, `{"sku":1}`, `[]`, "\xff"} {
		t.Run(body, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, testkit.Server().IngressURL()+"/"+service+"/InOutErr", strings.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			a, err := testkit.Do(req)
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, a.Status, body)
			require.Contains(t, a.Text(), "the body cannot be decoded into the input of "+service+"/InOutErr (endpoint_test.Item)", body)
		})
	}
	require.Len(t, messages(lines, "Invocation returned a terminal failure"), 4)
	require.Equal(t, http.StatusOK, testkit.Post(t, "/"+name(t)+"/InOutErr", Item{"a", 1}).Status)
}

// Odd returns what cannot be encoded until it is mended.
type Odd struct{ mended atomic.Bool }

func (o *Odd) Number(restate.Context) (float64, error) {
	if o.mended.Load() {
		return 1, nil
	}
	return math.NaN(), nil
}

func TestAResultThatCannotBeEncodedIsRetried(t *testing.T) {
	t.Parallel()
	o := &Odd{}
	e, lines := start(t, endpoint.Config{}, define(t, name(t), o, quickRetry))
	register(t, url(e))
	id := testkit.Submit(t, "/"+name(t)+"/Number", nil)
	testkit.Until(t, func() bool { return len(messages(lines, "Invocation returned a non-terminal failure")) >= 2 }, "no retry")
	require.Contains(t, messages(lines, "Invocation returned a non-terminal failure")[0].ContextMap()["err"],
		"handler: the result of "+name(t)+"/Number (float64) cannot be encoded: ")
	o.mended.Store(true)
	require.InDelta(t, 1, testkit.Decode[float64](t, testkit.Attach(t, id)), 0)
}

func TestNewReportsDefinitionsThatCannotBeServed(t *testing.T) {
	t.Parallel()
	_, err := endpoint.New(endpoint.Config{}, nil,
		define(t, "a", &Shapes{}), define(t, "a", &Blobs{}), nil, define(t, "b", &Blobs{}), restate.NewService("b"))
	require.EqualError(t, err, strings.Join([]string{
		`endpoint: two services are named "a"; give one of them another name`,
		`endpoint: a definition is nil; leave it out`,
		`endpoint: two services are named "b"; give one of them another name`,
	}, "\n"))
}
