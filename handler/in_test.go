package handler_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// Refund is a parameter object with all sources.
type Refund struct {
	handler.In

	Transaction string    `input:"transactionId" jsonschema:"description=what to refund"`
	Reason      *string   `input:"reason,omitempty"`
	Tenant      string    `header:"x-tenant"`
	Priority    int8      `header:"x-priority"`
	Since       time.Time `header:"x-since"`
	Urgent      bool      `header:"x-urgent"`
	Account     string    `key:""`
	Invocation  string    `invocation-id:""`
	Idempotency string    `idempotency-key:""`
}

// Account is an object whose handlers take parameter objects.
type Account struct{}

func (*Account) Refund(_ restate.ObjectContext, in Refund) (Refund, error) { return in, nil }

func (*Account) Review(_ restate.ObjectContext, in *Refund) (*Refund, error) { return in, nil }

func (*Account) Ping(_ restate.ObjectSharedContext, in struct {
	handler.In

	Account string `key:""`
},
) (string, error) {
	return in.Account, nil
}

// invocation is an invocation.
type invocation struct {
	body    string
	headers map[string]string
}

func (s invocation) Body() []byte              { return []byte(s.body) }
func (s invocation) Header(name string) string { return s.headers[name] }
func (s invocation) Key() string               { return "acc-1" }
func (s invocation) ID() string                { return "inv_1" }
func (s invocation) IdempotencyKey() string    { return "idem" }
func (s invocation) Replaying() bool           { return false }

func TestParameterObjectIsFilledFromWhereItsTagsSay(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Refund")
	in, err := m.Decode(invocation{`{"transactionId":"t-1","Tenant":"forged"}`, map[string]string{
		"x-tenant": "acme", "x-priority": "-3", "x-since": "2026-01-02T03:04:05Z", "x-urgent": "true",
	}})
	require.NoError(t, err)
	require.Equal(t, Refund{
		Transaction: "t-1", Tenant: "acme", Priority: -3, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Urgent: true,
		Account: "acc-1", Invocation: "inv_1", Idempotency: "idem",
	}, in)
}

func TestParameterObjectMayBeAPointer(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Review")
	src := invocation{`{"transactionId":"t-1","Tenant":"forged"}`, map[string]string{"x-tenant": "acme"}}
	in, err := m.Decode(src)
	require.NoError(t, err)
	require.Equal(t, &Refund{Transaction: "t-1", Tenant: "acme", Account: "acc-1", Invocation: "inv_1", Idempotency: "idem"}, in)
	out, err := m.Bind(&Account{}).Call(restate.WithMockContext(nil), in)
	require.NoError(t, err)
	require.Same(t, in, out)

	body, err := encoding.Marshal(m.InputCodec, &Refund{Transaction: "t-1", Tenant: "acme"})
	require.NoError(t, err)
	require.JSONEq(t, `{"transactionId":"t-1"}`, string(body))
	body, err = encoding.Marshal(m.InputCodec, (*Refund)(nil))
	require.NoError(t, err)
	require.JSONEq(t, `{"transactionId":""}`, string(body))

	byValue, _ := describe[*Account](t, handler.Spec{}).Method("Refund")
	require.Equal(t, byValue.InputPayload(), m.InputPayload())
}

// bodyAlone is an invocation that has nothing but a body.
type bodyAlone string

func (b bodyAlone) Body() []byte         { return []byte(b) }
func (bodyAlone) Header(string) string   { return "" }
func (bodyAlone) Key() string            { return "" }
func (bodyAlone) ID() string             { return "" }
func (bodyAlone) IdempotencyKey() string { return "" }
func (bodyAlone) Replaying() bool        { return false }

func TestTheBodyAloneFillsOnlyItsProperties(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]any{"Refund": Refund{Transaction: "t-1"}, "Review": &Refund{Transaction: "t-1"}} {
		t.Run(name, func(t *testing.T) {
			m, _ := describe[*Account](t, handler.Spec{}).Method(name)
			in, err := m.Decode(bodyAlone(`{"transactionId":"t-1","Tenant":"forged","Account":"forged"}`))
			require.NoError(t, err)
			require.Equal(t, want, in, name)
		})
	}
}

func TestParameterObjectWithoutBodyReadsNone(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Ping")
	in, err := m.Decode(invocation{})
	require.NoError(t, err)
	out, err := m.Bind(&Account{}).Call(restate.WithMockContext(nil), in)
	require.NoError(t, err)
	require.Equal(t, "acc-1", out)
	require.Equal(t, restate.Void{}.InputPayload(nil), m.InputPayload())
}

func TestDiscoveryShowsOnlyTheBodyOfAParameterObject(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Refund")
	payload, err := json.Marshal(m.InputPayload())
	require.NoError(t, err)
	var got struct {
		ContentType string
		JSONSchema  struct {
			Properties map[string]any
			Required   []string
		}
	}
	require.NoError(t, json.Unmarshal(payload, &got))
	require.Equal(t, "application/json", got.ContentType)
	require.Len(t, got.JSONSchema.Properties, 2, string(payload))
	require.Equal(t, []string{"transactionId"}, got.JSONSchema.Required)
	require.Contains(t, string(payload), "what to refund")
}

func TestTextThatDoesNotFitAParameterObjectIsAnError(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Refund")
	for header, value := range map[string]string{"x-priority": "300", "x-urgent": "perhaps", "x-since": "yesterday"} {
		t.Run(header, func(t *testing.T) {
			_, err := m.Decode(invocation{`{"transactionId":"t"}`, map[string]string{header: value}})
			require.ErrorContains(t, err, "header "+header, value)
		})
	}
	_, err := m.Decode(invocation{"{", nil})
	require.Error(t, err)
}

func TestCallersSendOnlyTheBodyOfAParameterObject(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Account](t, handler.Spec{}).Method("Refund")
	body, err := encoding.Marshal(m.InputCodec, Refund{Transaction: "t-1", Tenant: "acme", Account: "other"})
	require.NoError(t, err)
	require.JSONEq(t, `{"transactionId":"t-1"}`, string(body))
}

type badInUntagged struct{}

func (badInUntagged) M(restate.Context, struct {
	handler.In

	A string
	B string `json:"b"`
	C string `header:""`
	D []int  `header:"x-d"`
	E string `key:""`
	f string `input:"f"`
	G string `input:""`
},
) error {
	return nil
}

func TestUnknownTagsOfAParameterObjectAreAllReported(t *testing.T) {
	t.Parallel()
	_, err := handler.Spec{Type: reflect.TypeFor[badInUntagged](), Name: "bad"}.Describe()
	require.Error(t, err)
	for _, want := range []string{
		"field A has no tag", "field B has the tag `json:\"b\"`", `field C has no name in its tag; write header:"name"`,
		"field D is a []int", "field E wants the key, and a service has none", "field f is not exported",
		`field G has no name in its tag; write input:"name"`,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}

func FuzzParameterObject(f *testing.F) {
	f.Add(`{"transactionId":"t-1"}`, "7", "2026-01-02T03:04:05Z")
	desc, err := handler.Spec{Type: reflect.TypeFor[*Account]()}.Describe()
	require.NoError(f, err)
	m, _ := desc.Method("Refund")
	f.Fuzz(func(t *testing.T, body, priority, since string) {
		in, err := m.Decode(invocation{body, map[string]string{"x-priority": priority, "x-since": since}})
		if err == nil {
			require.IsType(t, Refund{}, in)
		}
	})
}
