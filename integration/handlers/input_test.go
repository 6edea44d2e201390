package handlers_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline/validate"
	"github.com/fxrestate/go/rpc"
)

// Refund is a parameter object.
type Refund struct {
	handler.In

	Transaction string `input:"transactionId" validate:"required"`
	Tenant      string `header:"x-tenant" validate:"max=5"`
	Account     string `key:""`
	ID          string `invocation-id:""`
}

// Refunds shows what it was given.
type Refunds struct{}

func (Refunds) ByValue(_ restate.ObjectContext, in Refund) ([]string, error) {
	return []string{in.Transaction, in.Tenant, in.Account, in.ID}, nil
}

func (Refunds) ByPointer(_ restate.ObjectContext, in *Refund) ([]string, error) {
	return Refunds{}.ByValue(nil, *in)
}

func startRefunds(t *testing.T, opts ...fx.Option) string {
	name := testkit.Unique("refunds")
	testkit.Start(t, append(opts, fxrestate.Object[Refunds](testkit.Made(Refunds{}), fxrestate.Name(name)))...)
	return name
}

func TestABodyCannotForgeWhatAParameterObjectTakesFromElsewhere(t *testing.T) {
	t.Parallel()
	name := startRefunds(t)
	forged := map[string]string{
		"transactionId": "t-1", "Tenant": "forged", "x-tenant": "forged", "tenant": "forged", "header x-tenant": "forged",
		"Account": "forged", "key": "forged", "ID": "forged", "invocation-id": "forged",
	}
	for _, handler := range []string{"ByValue", "ByPointer"} {
		t.Run(handler, func(t *testing.T) {
			bare := testkit.Post(t, testkit.Path(name, "acc-1", handler), forged)
			require.Equal(t, []string{"t-1", "", "acc-1", bare.Header.Get("X-Restate-Id")}, testkit.Decode[[]string](t, bare), handler)
			tenant := testkit.Post(t, testkit.Path(name, "acc-1", handler), forged, "X-Tenant", "acme")
			require.Equal(t, "acme", testkit.Decode[[]string](t, tenant)[1], handler)
			require.NotContains(t, string(testkit.HandlerOf(t, name, handler).InputSchema), "enant")
		})
	}
}

func TestWhatIsWrongWithAParameterObjectIsCalledByItsNameOnTheWire(t *testing.T) {
	t.Parallel()
	name := startRefunds(t, fxrestate.Use(fxrestate.Pipes(validate.New(nil))))
	for _, handler := range []string{"ByValue", "ByPointer"} {
		t.Run(handler, func(t *testing.T) {
			f := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "acc-1", handler), map[string]string{"transactionId": ""}, "X-Tenant", "too long"))
			require.Equal(t, http.StatusBadRequest, f.Code, handler)
			require.Equal(t, "invalid input: transactionId: required, x-tenant: max=5", f.Message)
		})
	}
}

func TestAPropertyThatIsRequiredAndMissingIsA400ThatNamesIt(t *testing.T) {
	t.Parallel()
	name := startRefunds(t)
	for what, tt := range map[string]struct {
		body any
		want string
	}{
		"missing": {map[string]any{}, `the property "transactionId" is missing`},
		"another": {map[string]any{"transaction": "t-1"}, `the property "transactionId" is missing`},
		"null":    {map[string]any{"transactionId": nil}, `the property "transactionId" is null`},
		"nothing": {json.RawMessage("null"), `the property "transactionId" is missing`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for _, handler := range []string{"ByValue", "ByPointer"} {
				t.Run(handler, func(t *testing.T) {
					f := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "acc-1", handler), tt.body))
					require.Equal(t, http.StatusBadRequest, f.Code, handler)
					require.Contains(t, f.Message, tt.want)
				})
			}
		})
	}
	require.Equal(t, "", testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(name, "acc-1", "ByValue"), map[string]string{"transactionId": ""}))[0], "a value")
}

// Imports takes anything, and has what it cannot decode buried.
type Imports struct {
	graves rpc.Service[ImportGraves]
}

func NewImports(graves rpc.Service[ImportGraves]) *Imports { return &Imports{graves} }

func (i *Imports) Import(ctx restate.Context, body []byte) (string, error) {
	var in Pair
	if err := json.Unmarshal(body, &in); err != nil {
		return "buried", sendBad(ctx, i.graves, body, err)
	}
	return in.B, nil
}

func sendBad(ctx restate.Context, graves rpc.Service[ImportGraves], body []byte, err error) error {
	_, sendErr := rpc.SendVoid(ctx, graves, ImportGraves.Bury, Corpse{body, err.Error()})
	return sendErr
}

// Corpse is a body that nobody understands.
type Corpse struct {
	Body   []byte
	Reason string
}

type ImportGraves struct{ buried chan Corpse }

func (g ImportGraves) Bury(_ restate.Context, c Corpse) error {
	g.buried <- c
	return nil
}

func TestARawHandlerDecodesForItselfAndHasWhatIsBadBuried(t *testing.T) {
	t.Parallel()
	name, graves := testkit.Unique("imports"), ImportGraves{make(chan Corpse, 100)}
	var client *ingress.Client
	testkit.Start(t,
		fxrestate.Service[*Imports](NewImports, fxrestate.Name(name), fxrestate.Handler((*Imports).Import, fxrestate.Raw())),
		fxrestate.Service[ImportGraves](testkit.Made(graves), fxrestate.Name(testkit.Unique("graves"))),
		fx.Populate(&client))

	for what, contentType := range map[string]string{
		"JSON": "application/json", "text": "text/plain; charset=utf-8", "bytes": "application/octet-stream", "a record": "application/x-record",
	} {
		t.Run(what, func(t *testing.T) {
			require.Equal(t, "b", testkit.Decode[string](t, testkit.PostBytes(t, testkit.Path(name, "Import"), []byte(`{"b":"b"}`), "Content-Type", contentType)), what)
			body := "not JSON but " + what
			require.Equal(t, "buried", testkit.Decode[string](t, testkit.PostBytes(t, testkit.Path(name, "Import"), []byte(body), "Content-Type", contentType)), what)
			buried := testkit.Receive(t, graves.buried, what)
			require.Equal(t, body, string(buried.Body))
			require.Contains(t, buried.Reason, "invalid character")
		})
	}
	require.Equal(t, "buried", testkit.Decode[string](t, testkit.PostBytes(t, testkit.Path(name, "Import"), nil)), "no bytes at all")
	require.Empty(t, testkit.Receive(t, graves.buried, "nothing").Body)

	require.Equal(t, "ingress", testkit.Failed(t, testkit.PostBytes(t, testkit.Path(name, "Import"), []byte("x"))).Source, "the server wants a content type with a body")

	got, err := ingress.Call(t.Context(), ingress.NewService[*Imports](client), (*Imports).Import, []byte(`{"b":"typed"}`))
	require.NoError(t, err)
	require.Equal(t, "typed", got)
}

func TestARouteToARawHandlerTakesAnyContentType(t *testing.T) {
	t.Parallel()
	name, graves := testkit.Unique("imports"), ImportGraves{make(chan Corpse, 100)}
	var client *ingress.Client
	testkit.Start(t,
		fxrestate.Service[*Imports](NewImports, fxrestate.Name(name), fxrestate.Handler((*Imports).Import, fxrestate.Raw())),
		fxrestate.Service[ImportGraves](testkit.Made(graves), fxrestate.Name(testkit.Unique("graves"))),
		fx.Populate(&client))
	route := httptest.NewServer(ingress.Handler(ingress.NewService[*Imports](client), (*Imports).Import, nil))
	t.Cleanup(route.Close)
	for _, contentType := range []string{"text/csv", "application/json"} {
		t.Run(contentType, func(t *testing.T) {
			got := testkit.Request(t, http.MethodPost, route.URL, []byte("a;b"), "Content-Type", contentType)
			require.Equal(t, http.StatusOK, got.Status, "%s: %s", contentType, got.Body)
			require.Equal(t, "a;b", string(testkit.Receive(t, graves.buried, contentType).Body))
		})
	}
}

// Notes keeps plain text.
type Notes struct {
	other rpc.Object[*Notes]
}

func NewNotes(other rpc.Object[*Notes]) *Notes { return &Notes{other} }

func (n *Notes) Append(ctx restate.ObjectContext, line string) (string, error) {
	text := restate.WithCodec(handler.TextCodec{})
	notes, err := restate.Get[string](ctx, "notes", text)
	if err != nil {
		return "", err
	}
	notes += line + "\n"
	restate.Set(ctx, "notes", notes, text)
	return notes, nil
}

func (n *Notes) Copy(ctx restate.ObjectContext, to string) (string, error) {
	return rpc.Call(ctx, n.other.Key(to), (*Notes).Append, "copied")
}

func (n *Notes) Refuse(restate.ObjectContext, string) (string, error) {
	return "", restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(http.StatusTeapot))
}

func TestTextCodecIsPlainText(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("notes")
	testkit.Start(t, fxrestate.Object[*Notes](NewNotes, fxrestate.Name(name), restate.WithCodec(handler.TextCodec{})))
	const plain = "text/plain"

	got := testkit.PostBytes(t, testkit.Path(name, "k", "Append"), []byte(`grün, "quoted"`), "Content-Type", plain)
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(t, "grün, \"quoted\"\n", string(got.Body))
	require.Equal(t, plain, got.Header.Get("Content-Type"))
	require.NoError(t, testkit.StateIs(t, name, "k", "notes", "grün, \"quoted\"\n"))

	require.Equal(t, "copied\n", string(testkit.PostBytes(t, testkit.Path(name, "k", "Copy"), []byte("other"), "Content-Type", plain+"; charset=utf-8").Body))
	require.Equal(t, "\n", string(testkit.PostBytes(t, testkit.Path(name, "empty", "Append"), nil, "Content-Type", plain).Body))
	require.Equal(t, http.StatusTeapot, testkit.PostBytes(t, testkit.Path(name, "k", "Refuse"), nil, "Content-Type", plain).Status)

	require.Equal(t, "ingress", testkit.Failed(t, testkit.Post(t, testkit.Path(name, "k", "Append"), "JSON")).Source)
	f := testkit.Failed(t, testkit.PostBytes(t, testkit.Path(name, "k", "Append"), []byte("\xff"), "Content-Type", plain))
	require.Equal(t, http.StatusBadRequest, f.Code)
	require.Contains(t, f.Message, "the text is not UTF-8")
}

func TestTextCodecStandsBesideOthers(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("blobs")
	testkit.Start(t, fxrestate.Service[Lengths](testkit.Made(Lengths{}), fxrestate.Name(name),
		fxrestate.Handler(Lengths.Of, restate.WithInputCodec(handler.TextCodec{}), restate.WithOutputCodec(encoding.JSONCodec))))
	require.Equal(t, 5, testkit.Decode[int](t, testkit.PostBytes(t, testkit.Path(name, "Of"), []byte(strings.Repeat("x", 5)), "Content-Type", "text/plain")))
}

// Lengths takes text.
type Lengths struct{}

func (Lengths) Of(_ restate.Context, s string) (int, error) { return len(s), nil }
