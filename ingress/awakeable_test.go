package ingress_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// gateOpenedRaw is gateOpened for those who have the JSON.
var gateOpenedRaw = durable.NewAwakeable[[]byte]("gate", restate.WithBinary)

func TestAnAwakeableIsCompletedFromOutside(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	wait := func(name string) ingress.Handle[string] {
		sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Wait, name)
		require.NoError(t, err)
		return sent
	}

	t.Run("with a value", func(t *testing.T) {
		waiting := wait(testkit.NameOf(t))
		require.NoError(t, ingress.Resolve(ctx, client, gateOpened, gateID(t, client, testkit.NameOf(t)), "go on"))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "go on", text)
	})

	t.Run("with a value of another codec", func(t *testing.T) {
		waiting := wait(testkit.NameOf(t))
		require.NoError(t, ingress.Resolve(ctx, client, gateOpenedRaw, gateID(t, client, testkit.NameOf(t)), []byte(`"go on"`)))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "go on", text)
	})

	t.Run("with a failure", func(t *testing.T) {
		waiting := wait(testkit.NameOf(t))
		require.NoError(t, ingress.Reject(ctx, client, gateOpened, gateID(t, client, testkit.NameOf(t)), errors.New("no way")))
		_, err := waiting.Attach(ctx)
		failed := requireError(t, err)
		require.Equal(t, ingress.SourceInvocation, failed.Source)
		require.Equal(t, restate.Code(500), failed.Code)
		require.Equal(t, "no way", failed.Message)
	})

	t.Run("and the first completion counts", func(t *testing.T) {
		waiting := wait(testkit.NameOf(t))
		id := gateID(t, client, testkit.NameOf(t))
		require.NoError(t, ingress.Resolve(ctx, client, gateOpened, id, "first"))
		require.NoError(t, ingress.Reject(ctx, client, gateOpened, id, errors.New("second")))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "first", text)
	})
}

func TestAnAwakeableThatIsNone(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	for _, id := range []string{"nonsense", "a/b", "..", "?"} {
		t.Run(id, func(t *testing.T) {
			failed := requireError(t, ingress.Resolve(ctx, client, gateOpened, id, "x"))
			require.Equal(t, http.StatusBadRequest, failed.Status)
			require.Equal(t, "resolve awakeable gate "+id, failed.Target)
		})
	}
}

func TestAnAwakeableIsNotCompletedByMistake(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	undeclared := durable.Awakeable[string]{}
	noClient := "there is no client; pass the *ingress.Client that is injected"
	without := "durable: an Awakeable[string] without a name; declare it with durable.NewAwakeable[string](name)"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"resolved without an id":           {ingress.Resolve(ctx, client, gateOpened, "", "x"), "ingress: resolve awakeable gate: the id is empty"},
		"rejected without an id":           {ingress.Reject(ctx, client, gateOpened, "", errors.New("x")), "ingress: reject awakeable gate: the id is empty"},
		"rejected without a reason":        {ingress.Reject(ctx, client, gateOpened, "x", nil), "ingress: reject awakeable gate: there is no reason; use Resolve if it succeeded"},
		"resolved with what has no JSON":   {ingress.Resolve(ctx, client, durable.NewAwakeable[func()]("gate"), "x", func() {}), "ingress: resolve awakeable gate: encode the value: json: unsupported type: func()"},
		"resolved without a client":        {ingress.Resolve(ctx, nil, gateOpened, "x", "x"), "ingress: resolve awakeable gate: " + noClient},
		"rejected without a client":        {ingress.Reject(ctx, nil, gateOpened, "x", errors.New("x")), "ingress: reject awakeable gate: " + noClient},
		"resolved without its declaration": {ingress.Resolve(ctx, client, undeclared, "x", "x"), "ingress: resolve: " + without},
		"rejected without its declaration": {ingress.Reject(ctx, client, undeclared, "x", errors.New("x")), "ingress: reject: " + without},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, tt.err, tt.want)
		})
	}
}

// Opening is a value that comes from all parts of a request.
type Opening struct {
	Text string `json:"text"`
	By   string `json:"by" query:"by"`
}

func TestAnAwakeableIsResolvedByARoute(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	r := chi.NewRouter()
	r.Post("/gates/{id}", ingress.AwakeableHandler(client, gateOpened, &ingress.Route{MaxBody: 20}))
	r.Post("/openings/{id}", ingress.AwakeableHandler(client, durable.NewAwakeable[Opening]("opening"), nil))
	r.Post("/raw/{id}", ingress.AwakeableHandler(client, gateOpenedRaw, nil))
	r.Post("/keyed", ingress.AwakeableHandler(client, gateOpened, &ingress.Route{Key: func(r *http.Request) (string, error) {
		if id := r.Header.Get("X-Gate"); id != "" {
			return id, nil
		}
		return "", errors.New("which gate?")
	}}))

	for name, tt := range map[string]struct {
		path, body string
		header     []string
		want       string
	}{
		"by the id in the path":          {"/gates/{id}", `"go on"`, nil, "go on"},
		"by an id from elsewhere":        {"/keyed", `"go on"`, []string{"X-Gate", "{id}"}, "go on"},
		"with bytes as they are":         {"/raw/{id}", `"go on"`, []string{"Content-Type", "application/octet-stream"}, "go on"},
		"by an id that is written apart": {"/gates/%73{rest}", `"go on"`, nil, "go on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := testkit.Context(t) // whose time begins when it is this test's turn
			sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Wait, testkit.NameOf(t))
			require.NoError(t, err)
			id := gateID(t, client, testkit.NameOf(t))
			fill := strings.NewReplacer("{id}", id, "{rest}", strings.TrimPrefix(id, "s"))
			for i := range tt.header {
				tt.header[i] = fill.Replace(tt.header[i])
			}
			w := request(t, r, http.MethodPost, fill.Replace(tt.path), tt.body, tt.header...)
			require.Equal(t, http.StatusNoContent, w.Code, w.Body)
			require.Empty(t, w.Body.String())
			text, err := sent.Attach(ctx)
			require.NoError(t, err)
			require.Equal(t, tt.want, text)
		})
	}

	const known = "sign_1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, tt := range map[string]struct {
		path, body string
		header     []string
		status     int
		detail     string
	}{
		"a body of another type":       {"/gates/" + known, `1`, nil, 400, "the body is a number, which does not fit"},
		"a member of another type":     {"/openings/" + known, `{"text":1}`, nil, 400, "the body has a number in text, which does not fit"},
		"no JSON":                      {"/gates/" + known, `"`, nil, 400, "the body is not valid JSON, at byte 1"},
		"no body":                      {"/gates/" + known, ``, nil, 400, "the request has no body"},
		"another content type":         {"/gates/" + known, `"x"`, []string{"Content-Type", "text/plain"}, 415, "the Content-Type of the body is not application/json"},
		"too much":                     {"/gates/" + known, `"` + strings.Repeat("x", 20) + `"`, nil, 413, "the body is larger than 20 bytes"},
		"an id that is none":           {"/gates/nonsense", `"x"`, nil, 404, "no such awakeable"},
		"an id of something else":      {"/gates/inv_1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", `"x"`, nil, 404, "no such awakeable"},
		"an id that is another path":   {"/gates/..%2F..%2Fhealth", `"x"`, nil, 404, "no such awakeable"},
		"a request that tells no gate": {"/keyed", `"x"`, nil, 400, "which gate?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := problemOf(t, request(t, r, http.MethodPost, tt.path, tt.body, tt.header...))
			require.Equal(t, tt.status, p.Status)
			require.Equal(t, tt.detail, p.Detail)
		})
	}
}

// openings is a service whose awakeable has a value of several fields.
type Openings struct{ ids chan string }

func (o *Openings) Wait(ctx restate.Context) (Opening, error) {
	id, opening, err := durable.NewAwakeable[Opening]("opening").New(ctx)
	if err != nil {
		return Opening{}, err
	}
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		o.ids <- id
		return nil
	}); err != nil {
		return Opening{}, err
	}
	return opening.Await(ctx)
}

func TestTheValueOfAnAwakeableComesFromAllPartsOfARequest(t *testing.T) {
	t.Parallel()
	ctx, client, o := testkit.Context(t), newClient(t, ingress.Config{}), &Openings{make(chan string, 1)}
	stop, err := serveAll(testkit.Server(), restate.Reflect(o))
	require.NoError(t, err)
	t.Cleanup(stop)
	sent, err := ingress.Send0(ctx, ingress.NewService[*Openings](client), (*Openings).Wait)
	require.NoError(t, err)

	r := http.NewServeMux()
	r.Handle("POST /openings/{id}", ingress.AwakeableHandler(client, durable.NewAwakeable[Opening]("opening"), nil))
	w := request(t, r, http.MethodPost, "/openings/"+<-o.ids+"?by=Ada", `{"text":"go on","by":"somebody else"}`)
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
	got, err := sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, Opening{"go on", "Ada"}, got)
}

func TestARouteOfAnAwakeableThatCannotWork(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	for name, h := range map[string]http.Handler{
		"without a client":           ingress.AwakeableHandler(nil, gateOpened, nil),
		"without a declaration":      ingress.AwakeableHandler(client, durable.Awakeable[string]{}, nil),
		"with the options of a send": ingress.AwakeableHandler(client, gateOpened, &ingress.Route{Send: true}),
		"with a field of no text": ingress.AwakeableHandler(client, durable.NewAwakeable[struct {
			C chan int `query:"c"`
		}]("x"), nil),
		"with an idempotency key":      ingress.AwakeableHandler(client, gateOpened, &ingress.Route{IdempotencyKey: eventID}),
		"with failures of a handler":   ingress.AwakeableHandler(client, gateOpened, &ingress.Route{Forget: conflicts}),
		"with headers for a handler":   ingress.AwakeableHandler(client, gateOpened, &ingress.Route{Headers: []string{"X-Tenant"}}),
		"with the status of something": ingress.AwakeableHandler(client, gateOpened, &ingress.Route{StatusPath: "/x/{id}"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := problemOf(t, request(t, h, http.MethodPost, "/", `"x"`))
			require.Equal(t, ingress.Problem{Status: 500, Title: "Internal Server Error"}, p)
		})
	}
}
