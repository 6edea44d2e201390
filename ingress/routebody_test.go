package ingress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Opt is absent, null or a value, as in a PATCH.
type Opt struct {
	Set, Null bool
	Value     string
}

func (o *Opt) UnmarshalJSON(b []byte) error {
	o.Set, o.Null = true, bytes.Equal(b, []byte("null"))
	if o.Null {
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

func (o Opt) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

func (o *Opt) UnmarshalText(text []byte) error {
	*o = Opt{Set: true, Value: string(text)}
	return nil
}

func (o Opt) String() string {
	switch {
	case o.Null:
		return "null"
	case o.Set:
		return "value " + o.Value
	default:
		return "absent"
	}
}

// Day reads 2006-01-02. Its MarshalJSON is that of time.Time.
type Day struct{ time.Time }

func (d *Day) UnmarshalJSON(b []byte) (err error) {
	d.Time, err = time.Parse(`"2006-01-02"`, string(b))
	return err
}

func (d *Day) UnmarshalText(b []byte) (err error) {
	d.Time, err = time.Parse("2006-01-02", string(b))
	return err
}

// Unix reads seconds, and has no MarshalJSON.
type Unix time.Time

func (u *Unix) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	*u = Unix(time.Unix(n, 0).UTC())
	return err
}

// Secret keeps itself out of logs.
type Secret string

func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"<secret>"`), nil }

type (
	Patch struct {
		Name Opt             `json:"name"`
		Note json.RawMessage `json:"note"`
	}
	PatchByURL struct {
		ID    string          `path:"id" json:"id"`
		Trace *string         `query:"trace" json:"trace"`
		Day   Day             `query:"day" json:"day"`
		Pass  Secret          `query:"pass" json:"pass"`
		Limit int             `query:"limit" json:"limit,string"`
		Only  Opt             `query:"only" json:"only"`
		Tags  []Secret        `query:"tag" json:"tags"`
		Exact json.Number     `query:"exact" json:"exact"`
		Name  Opt             `json:"name"`
		Note  json.RawMessage `json:"note"`
	}
	Booking struct {
		Day Day `json:"day"`
	}
	Stamp struct {
		At Unix `json:"at"`
	}
	Login struct {
		User     string `json:"user"`
		Password Secret `json:"password"`
	}
	Event struct {
		ID      json.Number     `json:"id"`
		Payload json.RawMessage `json:"payload"`
	}
	// Order validates itself, by a type without its methods.
	Order struct {
		ID     string `path:"id" json:"id"`
		Amount int    `json:"amount"`
		Card   Secret `json:"card"`
	}
	// Refunding is a parameter object.
	Refunding struct {
		handler.In

		Account string `key:""`
		Tenant  string `header:"x-tenant"`
		ID      string `input:"id" path:"id"`
		Limit   *int   `input:"limit" query:"limit"`
		Card    Secret `input:"card"`
		Note    Opt    `input:"note,omitempty"`
	}
)

func (o *Order) UnmarshalJSON(b []byte) error {
	type plain Order
	if err := json.Unmarshal(b, (*plain)(o)); err != nil {
		return err
	}
	switch {
	case o.Amount < 0:
		return errors.New("negative")
	case o.Amount > 1000:
		return &handler.InputError{Reason: "the amount\nis over 1000" + strings.Repeat("!", o.Amount)}
	}
	return nil
}

// Desk tells what it saw.
type Desk struct{}

func (*Desk) Patch(_ restate.Context, in Patch) (string, error) {
	return fmt.Sprintf("name %v, note %s", in.Name, in.Note), nil
}

func (*Desk) PatchByURL(_ restate.Context, in PatchByURL) (string, error) {
	trace := "absent"
	if in.Trace != nil {
		trace = *in.Trace
	}
	return fmt.Sprintf("id %s, trace %s, day %s, pass %s, limit %d, only %s, tags %q, exact %s, name %v, note %s",
		in.ID, trace, in.Day.Format(time.DateOnly), string(in.Pass), in.Limit, in.Only, in.Tags, in.Exact, in.Name, in.Note), nil
}

func (d *Desk) PatchByPtr(ctx restate.Context, in *PatchByURL) (string, error) {
	return d.PatchByURL(ctx, *in)
}

func (*Desk) Book(_ restate.Context, in Booking) (string, error) {
	return in.Day.Format(time.DateOnly), nil
}

func (*Desk) Stamp(_ restate.Context, in Stamp) (string, error) {
	return time.Time(in.At).Format(time.RFC3339), nil
}

func (*Desk) Login(_ restate.Context, in Login) (string, error) {
	return in.User + " with " + string(in.Password), nil
}

func (*Desk) Event(_ restate.Context, in Event) (string, error) {
	return fmt.Sprintf("id %s, payload %s", in.ID, in.Payload), nil
}

func (*Desk) Order(_ restate.Context, in Order) (string, error) {
	return fmt.Sprintf("%s %d %s", in.ID, in.Amount, string(in.Card)), nil
}

func (*Desk) Any(_ restate.Context, in any) (string, error)              { return fmt.Sprintf("%T %v", in, in), nil }
func (*Desk) JSON(_ restate.Context, in json.RawMessage) (string, error) { return string(in), nil }
func (*Desk) Text(_ restate.Context, in string) (string, error)          { return in, nil }
func (*Desk) Bytes(_ restate.Context, in []byte) (string, error)         { return string(in), nil }
func (*Desk) Optional(_ restate.Context, in *Login) (string, error)      { return in.User, nil }

func (*Desk) Proto(_ restate.Context, in *wrapperspb.StringValue) (string, error) {
	return in.Value, nil
}

func (*Desk) ProtoJSON(_ restate.Context, in *wrapperspb.StringValue) (string, error) {
	return in.Value, nil
}

// Raw tells with what headers the bytes came.
func (*Desk) Raw(ctx restate.Context, in []byte) (string, error) {
	h := ctx.Request().Headers
	return fmt.Sprintf("%s (%s) as %s", in, h.Get("content-encoding"), h.Get("content-type")), nil
}

// Accounts is an object that takes a parameter object.
type Accounts struct{}

func (*Accounts) Refund(_ restate.ObjectContext, in Refunding) (string, error) {
	limit := "absent"
	if in.Limit != nil {
		limit = fmt.Sprint(*in.Limit)
	}
	return fmt.Sprintf("account %s, id %s, limit %s, card %s, note %v", in.Account, in.ID, limit, string(in.Card), in.Note), nil
}

// deskDescriptors describe Desk and Accounts, which are served as the framework does.
func deskDescriptors() (desk, accounts *handler.Descriptor, err error) {
	raw := func(method any, codec encoding.Codec) handler.HandlerSpec {
		return handler.HandlerSpec{Method: method, Options: []restate.HandlerOption{restate.WithInputCodec(codec)}}
	}
	desk, err = handler.Spec{Type: typeOf[*Desk](), Handlers: []handler.HandlerSpec{
		raw((*Desk).Raw, handler.RawCodec{}),
		raw((*Desk).Text, handler.TextCodec{}),
		raw((*Desk).Bytes, encoding.BinaryCodec),
		raw((*Desk).Proto, encoding.ProtoCodec),
		raw((*Desk).ProtoJSON, encoding.ProtoJSONCodec),
	}}.Describe()
	if err != nil {
		return nil, nil, err
	}
	accounts, err = handler.Spec{Type: typeOf[*Accounts]()}.Describe()
	return desk, accounts, err
}

// newDesk returns routes to Desk and Accounts.
func newDesk(t testing.TB) http.Handler {
	desk, accounts, err := deskDescriptors()
	require.NoError(t, err)
	registry, err := handler.NewRegistry(desk, accounts)
	require.NoError(t, err)
	client, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL()}, registry)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)

	to := ingress.NewService[*Desk](client)
	r := chi.NewRouter()
	r.Post("/Desk/Patch", ingress.Handler(to, (*Desk).Patch, nil))
	r.Post("/PatchByURL/{id}", ingress.Handler(to, (*Desk).PatchByURL, nil))
	r.Post("/PatchByPtr/{id}", ingress.Handler(to, (*Desk).PatchByPtr, nil))
	r.Post("/Desk/Book", ingress.Handler(to, (*Desk).Book, nil))
	r.Post("/Desk/Stamp", ingress.Handler(to, (*Desk).Stamp, nil))
	r.Post("/Desk/Login", ingress.Handler(to, (*Desk).Login, nil))
	r.Post("/Desk/Event", ingress.Handler(to, (*Desk).Event, nil))
	r.Post("/Order/{id}", ingress.Handler(to, (*Desk).Order, nil))
	r.Post("/Desk/Any", ingress.Handler(to, (*Desk).Any, nil))
	r.Post("/Desk/JSON", ingress.Handler(to, (*Desk).JSON, nil))
	r.Post("/Desk/Text", ingress.Handler(to, (*Desk).Text, nil))
	r.Post("/Desk/Bytes", ingress.Handler(to, (*Desk).Bytes, nil))
	r.Post("/Desk/Proto", ingress.Handler(to, (*Desk).Proto, nil))
	r.Post("/Desk/ProtoJSON", ingress.Handler(to, (*Desk).ProtoJSON, nil))
	r.Post("/Desk/Raw", ingress.Handler(to, (*Desk).Raw, nil))
	r.Post("/Desk/Optional", ingress.Handler(to, (*Desk).Optional, nil))
	r.Post("/Sent/{id}", ingress.Handler(to, (*Desk).PatchByURL, &ingress.Route{Send: true}))
	r.Post("/Accounts/{key}/Refund/{id}", ingress.Handler(ingress.NewObject[*Accounts](client), (*Accounts).Refund, nil))
	r.Get("/invocations/{id}", ingress.StatusHandler(client))
	return r
}

// direct posts to the server's ingress, past the route.
func direct(t testing.TB, path, body, contentType string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, testkit.Server().IngressURL()+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(answer)
}

func TestAHandlerSeesTheSameBodyThroughARoute(t *testing.T) {
	t.Parallel()
	api := newDesk(t)
	const asJSON = "application/json"
	message, err := proto.Marshal(wrapperspb.String("grün"))
	require.NoError(t, err)
	for name, test := range map[string]struct{ handler, body, contentType string }{
		"nothing of a patch":             {"Patch", `{}`, asJSON},
		"null in a patch":                {"Patch", `{"name":null}`, asJSON},
		"a value in a patch":             {"Patch", `{"name":"a"}`, asJSON},
		"null for what stays raw":        {"Patch", `{"note":null}`, asJSON},
		"a date, read and not written":   {"Book", `{"day":"2026-11-26"}`, asJSON},
		"a time, read and not written":   {"Stamp", `{"at":1764115200}`, asJSON},
		"a secret":                       {"Login", `{"user":"ada","password":"pw"}`, asJSON},
		"members that nobody knows":      {"Login", `{"x":1,"user":"ada","PASSWORD":"pw"}`, asJSON},
		"a member twice":                 {"Login", `{"user":"eve","user":"ada"}`, asJSON},
		"a number beyond a float":        {"Event", `{"id":9007199254740993}`, asJSON},
		"what was signed":                {"Event", `{"id":1,"payload":{"a": 1,  "b":"<x> & y"}}`, asJSON},
		"what was signed, as the input":  {"JSON", ` {"a": 1,  "b":"<x> & y", "n": 9007199254740993} `, asJSON},
		"a number beyond a float in any": {"Any", `9007199254740993`, asJSON},
		"null for any":                   {"Any", `null`, asJSON},
		"a text":                         {"Text", `<x> & "y"`, "text/plain"},
		"no text":                        {"Text", ``, "text/plain"},
		"bytes":                          {"Bytes", "\xff\x00", "application/octet-stream"},
		"a message":                      {"Proto", string(message) + "\x12\x01x", "application/proto"},
		"a message as JSON":              {"ProtoJSON", ` "grün" `, asJSON},
		"a form":                         {"Raw", "--x\r\n\r\n--x--", `multipart/form-data; boundary="x"`},
		"a text for a raw handler":       {"Raw", "a;b", "text/csv; charset=utf-8"},
		"JSON for a raw handler":         {"Raw", `{"a": 1}`, "application/vnd.x+json"},
		"nothing for a raw handler":      {"Raw", ``, "text/csv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, want := direct(t, "/Desk/"+test.handler, test.body, test.contentType)
			w := request(t, api, http.MethodPost, "/Desk/"+test.handler, test.body, "Content-Type", test.contentType)
			require.Equal(t, http.StatusOK, status, want)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			require.Equal(t, want, w.Body.String())
		})
	}
}

func TestARawHandlerGetsWhatSaysHowToReadTheBytes(t *testing.T) {
	t.Parallel()
	api := newDesk(t)
	for name, test := range map[string]struct {
		header []string
		want   string
	}{
		"its content type":         {[]string{"Content-Type", "text/csv"}, "x () as text/csv"},
		"its parameters":           {[]string{"Content-Type", "multipart/mixed; boundary=b"}, "x () as multipart/mixed; boundary=b"},
		"none":                     {[]string{"Content-Type", ""}, "x () as application/octet-stream"},
		"how they are compressed":  {[]string{"Content-Type", "text/csv", "Content-Encoding", "br"}, "x (br) as text/csv"},
		"several of them":          {[]string{"Content-Type", "text/csv", "Content-Encoding", "br, gzip"}, "x (br, gzip) as text/csv"},
		"a type of its own making": {[]string{"Content-Type", "x-private/y.z+w; v=1"}, "x () as x-private/y.z+w; v=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := request(t, api, http.MethodPost, "/Desk/Raw", "x", test.header...)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			var got string
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			require.Equal(t, test.want, got)
		})
	}
	t.Run("not one that is none, with no bytes", func(t *testing.T) {
		t.Parallel()
		w := request(t, api, http.MethodPost, "/Desk/Raw", "", "Content-Type", "text")
		require.Equal(t, `" () as application/octet-stream"`, w.Body.String())
	})
	for _, bad := range []string{"text", "text/", ";", "text/csv; charset", `text/x; a="é"`, strings.Repeat("x", 300) + "/y"} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			w := request(t, api, http.MethodPost, "/Desk/Raw", "x", "Content-Type", bad)
			require.Equal(t, http.StatusUnsupportedMediaType, w.Code, w.Body)
		})
	}
}

func TestWhatIsBoundToTheURLIsSetInTheClientsOwnObject(t *testing.T) {
	t.Parallel()
	api := newDesk(t)
	nothing := "trace absent, day 0001-01-01, pass , limit 0, only absent, tags [], exact , name absent, note "
	for name, test := range map[string]struct{ target, body, want string }{
		"nothing else":             {"/7", ``, "id 7, " + nothing},
		"an empty object":          {"/7", `{}`, "id 7, " + nothing},
		"null":                     {"/7", ` null `, "id 7, " + nothing},
		"what the client wrote":    {"/7", `{"note":{"a": 1,  "b":"<x> & y"},"name":null}`, "id 7, trace absent, day 0001-01-01, pass , limit 0, only absent, tags [], exact , name null, note " + `{"a": 1,  "b":"<x> & y"}`},
		"what it pretended":        {"/7", `{"id":"1","ID":"2","Id":"3","i\u0064":"4","trace":"t","day":"2026-01-02","pass":"x","limit":"9","only":null,"tags":["x"],"exact":1}`, "id 7, " + nothing},
		"nonsense that it put":     {"/7", `{"id":{},"trace":[],"day":1,"pass":1,"limit":{},"only":[],"tags":1,"exact":"x"}`, "id 7, " + nothing},
		"all of the URL":           {`/a%2F%22%5C?trace=t&day=2026-01-02&pass=p%3C&limit=9&only=o&tag=x&tag=y&exact=1.0`, `{"name":"n"}`, `id a/"\, trace t, day 2026-01-02, pass p<, limit 9, only value o, tags ["x" "y"], exact 1.0, name value n, note `},
		"all of the URL, pretends": {`/7?trace=t&day=2026-01-02&pass=p&limit=9&only=o&tag=x&tag=y&exact=1`, `{"ID":1,"Trace":1,"DAY":1,"Pass":1,"Limit":1,"ONLY":1,"Tags":1,"EXACT":1,"name":"n"}`, `id 7, trace t, day 2026-01-02, pass p, limit 9, only value o, tags ["x" "y"], exact 1, name value n, note `},
		"an empty value":           {`/7?trace=&pass=&only=&tag=`, ``, `id 7, trace , day 0001-01-01, pass , limit 0, only value , tags [""], exact , name absent, note `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, route := range []string{"/PatchByURL", "/PatchByPtr"} {
				t.Run(route, func(t *testing.T) {
					w := request(t, api, http.MethodPost, route+test.target, test.body)
					require.Equal(t, http.StatusOK, w.Code, w.Body)
					var got string
					require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
					require.Equal(t, test.want, got)
				})
			}
		})
	}
	t.Run("and of an input that validates itself", func(t *testing.T) {
		t.Parallel()
		w := request(t, api, http.MethodPost, "/Order/7", `{"card":"4111","ID":"8","amount":3}`)
		require.Equal(t, `"7 3 4111"`, w.Body.String())
		w = request(t, api, http.MethodPost, "/Order/7", `{"amount":-3}`)
		require.Equal(t, "the body cannot be decoded", problemOf(t, w).Detail)
		w = request(t, api, http.MethodPost, "/Order/7", `{"amount":1001}`)
		require.Equal(t, "the amount is over 1000"+strings.Repeat("!", 477)+"…", problemOf(t, w).Detail)
	})
	t.Run("and of a parameter object", func(t *testing.T) {
		t.Parallel()
		for body, want := range map[string]string{
			`{"card":"4111"}`:                         "account a/1, id 7, limit 3, card 4111, note absent",
			`{"card":"4111","note":null,"LIMIT":"x"}`: "account a/1, id 7, limit 3, card 4111, note null",
			`{"Tenant":"x","Account":"y","card":"c"}`: "account a/1, id 7, limit 3, card c, note absent",
		} {
			t.Run(body, func(t *testing.T) {
				w := request(t, api, http.MethodPost, "/Accounts/a%2F1/Refund/7?limit=3", body)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				require.Equal(t, strconv.Quote(want), w.Body.String())
			})
		}
	})
	t.Run("and of a send", func(t *testing.T) {
		t.Parallel()
		w := request(t, api, http.MethodPost, "/Sent/7?pass=p", `{"pass":"x","note":[1,  2]}`)
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
		location := "/invocations/" + w.Header().Get("X-Restate-Id")
		testkit.Until(t, func() bool {
			w = request(t, api, http.MethodGet, location, "")
			return w.Code != http.StatusAccepted
		}, "it has no result")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Contains(t, w.Body.String(), "pass p,")
		require.Contains(t, w.Body.String(), "note [1,  2]")
	})
}

func TestWhatIsNoInputIsStillRefused(t *testing.T) {
	t.Parallel()
	api := newDesk(t)
	for name, test := range map[string]struct{ target, body, detail string }{
		"half an object":                   {"/PatchByURL/7", `{"name":"a"`, "the body is not valid JSON, at byte 11"},
		"more than an object":              {"/PatchByURL/7", `{} {}`, "the body is not valid JSON, at byte 4"},
		"an array":                         {"/PatchByURL/7", `[]`, "the body is a array, which does not fit"},
		"a text":                           {"/PatchByPtr/7", `"x"`, "the body is a string, which does not fit"},
		"blanks":                           {"/PatchByURL/7", ` `, "the body is not valid JSON, at byte 1"},
		"a member of another type":         {"/Order/7", `{"amount":"x"}`, "the body has a string in amount, which does not fit"},
		"a query value that is no number":  {"/PatchByURL/7?exact=x", `{}`, `query parameter "exact": is not valid`},
		"null where a value is wanted":     {"/Desk/Optional", `null`, "the body is null"},
		"a text that is none":              {"/Desk/Text", "\xff", "the body cannot be decoded"},
		"a message that is none":           {"/Desk/ProtoJSON", "{", "the body cannot be decoded"},
		"a member that a parameter object": {"/Accounts/a/Refund/7", `{"card":1}`, "the body has a number in card, which does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contentType := "application/json"
			if strings.HasSuffix(test.target, "Text") {
				contentType = "text/plain"
			}
			p := problemOf(t, request(t, api, http.MethodPost, test.target, test.body, "Content-Type", contentType))
			require.Equal(t, http.StatusBadRequest, p.Status)
			require.Equal(t, test.detail, p.Detail)
		})
	}
}

// The key of a call comes from what the client wrote, and not from what is sent on.
func TestTheIdempotencyKeyIsMadeOfTheClientsBytes(t *testing.T) {
	t.Parallel()
	var seen string
	client := newClient(t, ingress.Config{URL: "http://127.0.0.1:1", Logger: newLogger(new(logged)), Retry: ingress.Retry{MaxAttempts: 1}})
	r := chi.NewRouter()
	r.Post("/{id}", ingress.Handler(ingress.NewService[*Desk](client), (*Desk).PatchByURL, &ingress.Route{
		IdempotencyKey: func(_ *http.Request, body []byte) (string, error) {
			seen = string(body)
			return "k", nil
		},
	}))
	const body = ` {"id": "x",  "note": 1} `
	require.Equal(t, http.StatusServiceUnavailable, request(t, r, http.MethodPost, "/7", body).Code)
	require.Equal(t, body, seen)
}
