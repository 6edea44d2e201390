package handler_test

import (
	"encoding/json"
	"errors"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The valid handler structs of the tests. Those with mistakes are in mistakes_test.go.

type Item struct {
	SKU    string  `json:"sku"`
	Amount int     `json:"amount,omitempty"`
	Price  float64 `json:"price"`
}

type Order struct {
	ID      string            `json:"id" jsonschema:"title=Order number"`
	Items   []Item            `json:"items"`
	Labels  map[string]string `json:"labels,omitempty"`
	Created time.Time         `json:"created"`
	Parent  *Order            `json:"parent,omitempty"`
}

type Receipt struct {
	Total float64 `json:"total"`
}

// Shapes has a handler of each of the eight shapes.
type Shapes struct{ calls []string }

var errDeclined = errors.New("declined")

func (s *Shapes) InOutErr(_ restate.Context, o Order) (Receipt, error) {
	if o.ID == "" {
		return Receipt{Total: -1}, errDeclined
	}
	return Receipt{Total: float64(len(o.Items))}, nil
}

func (s *Shapes) InOut(_ restate.Context, o Order) Receipt {
	return Receipt{Total: float64(len(o.Items))}
}

func (s *Shapes) InErr(_ restate.Context, o Order) error {
	s.calls = append(s.calls, "InErr "+o.ID)
	if o.ID == "" {
		return errDeclined
	}
	return nil
}

func (s *Shapes) In(_ restate.Context, o Order) { s.calls = append(s.calls, "In "+o.ID) }

func (s *Shapes) OutErr(restate.Context) (Receipt, error) { return Receipt{Total: 1}, nil }

func (s *Shapes) Out(restate.Context) Receipt { return Receipt{Total: 2} }

func (s *Shapes) Err(restate.Context) error { return errDeclined }

func (s *Shapes) None(restate.Context) { s.calls = append(s.calls, "None") }

// These are not handlers: their first parameter is not a context of the SDK.
func (s *Shapes) Helper(string) error                   { return nil }
func (s *Shapes) InRun(restate.RunContext) error        { return nil }
func (s *Shapes) Calls() []string                       { return s.calls }
func (s *Shapes) Late(_ string, _ restate.Context) bool { return false }

// Payloads has inputs and outputs of all kinds.
type Payloads struct{}

type Own struct{ secret string }

func (o Own) RestateMarshal(encoding.Codec) ([]byte, error) { return []byte(o.secret), nil }

func (Own) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	text := "text/plain"
	return &encoding.OutputPayload{ContentType: &text, SetContentTypeIfEmpty: true}
}

func (o *Own) RestateUnmarshal(_ encoding.Codec, data []byte) error {
	o.secret = string(data)
	return nil
}

func (*Own) InputPayload(encoding.Codec) *encoding.InputPayload {
	return &encoding.InputPayload{Required: true}
}

func (Payloads) Void(_ restate.Context, v restate.Void) (restate.Void, error) { return v, nil }

func (Payloads) Pointer(_ restate.Context, o *Order) (*Receipt, error) { return nil, nil }

func (Payloads) Text(_ restate.Context, s string) (int, error) { return len(s), nil }

func (Payloads) Slice(_ restate.Context, o []Item) (map[string]Item, error) { return nil, nil }

func (Payloads) Raw(_ restate.Context, m json.RawMessage) (json.RawMessage, error) { return m, nil }

func (Payloads) Bytes(_ restate.Context, b []byte) ([]byte, error) { return b, nil }

func (Payloads) Time(_ restate.Context, t time.Time) (time.Duration, error) { return 0, nil }

func (Payloads) Own(_ restate.Context, o Own) (Own, error) { return o, nil }

func (Payloads) OwnPointer(_ restate.Context, o *Own) error { return nil }

func (Payloads) Generic(_ restate.Context, p Page[Item]) (Page[string], error) {
	return Page[string]{}, nil
}

func (Payloads) Anonymous(_ restate.Context, _ struct{ A int }) (struct{}, error) {
	return struct{}{}, nil
}

type Page[T any] struct {
	Rows []T `json:"rows"`
	Next *T  `json:"next"`
}

// Blobs takes bytes as they are.
type Blobs struct{}

func (Blobs) Upper(_ restate.Context, b []byte) ([]byte, error) { return b, nil }
func (Blobs) Put(_ restate.Context, b []byte) error             { return nil }
func (Blobs) Get(restate.Context) ([]byte, error)               { return []byte("blob"), nil }

// Clock uses protobuf.
type Clock struct{}

func (*Clock) At(_ restate.Context, s *wrapperspb.StringValue) (*timestamppb.Timestamp, error) {
	return &timestamppb.Timestamp{Seconds: int64(len(s.GetValue()))}, nil
}

func (*Clock) Now(restate.Context) (*timestamppb.Timestamp, error) { return nil, nil }

func (*Clock) Set(restate.Context, *timestamppb.Timestamp) error { return nil }

// Cart is a virtual object that is named by a method.
type Cart struct{ items []Item }

func (*Cart) ServiceName() string { return "cart" }

func (c *Cart) AddItem(_ restate.ObjectContext, i Item) error {
	c.items = append(c.items, i)
	return nil
}

func (c *Cart) Checkout(restate.ObjectContext) (Receipt, error) { return Receipt{}, nil }

func (c *Cart) Items(restate.ObjectSharedContext) ([]Item, error) { return c.items, nil }

// Audit takes a context. Some tests exclude it.
func (c *Cart) Audit(restate.ObjectContext) error { return nil }

func (c *Cart) Size() int { return len(c.items) }

//go:noinline
func (c *Cart) literal() func(*Cart, restate.ObjectContext) error {
	return func(c *Cart, _ restate.ObjectContext) error { c.items = nil; return nil }
}

func (c *Cart) discard(restate.ObjectContext) error { return nil }

// Signup is a workflow.
type Signup struct{}

func (*Signup) Run(_ restate.WorkflowContext, email string) (bool, error) { return email != "", nil }
func (*Signup) Confirm(restate.WorkflowSharedContext, string) error       { return nil }
func (*Signup) Status(restate.WorkflowSharedContext) (string, error)      { return "", nil }

// Tariff has value receivers only.
type Tariff struct{ rate float64 }

func (t Tariff) Price(_ restate.Context, i Item) (float64, error) { return t.rate * i.Price, nil }
func (t Tariff) Rate(restate.Context) float64                     { return t.rate }

// Health is embedded by others.
type Health struct{ state string }

func (h *Health) Ping(restate.Context) (string, error) { return h.state, nil }
func (h Health) State(restate.Context) string          { return h.state }

type (
	// Node has the handlers of an embedded struct.
	Node struct{ Health }
	// NodeRef has those of an embedded pointer.
	NodeRef struct{ *Health }
	// Cluster has them over two levels, and one of its own.
	Cluster struct{ Node }
	// Shadow hides one with its own.
	Shadow struct{ Health }
)

func (*Cluster) Join(restate.Context, string) error { return nil }

func (*Shadow) Ping(restate.Context, int) (int, error) { return 0, nil }

// Deep and Near have a method of the same name at different depths.
type (
	Deepest struct{}
	Deep    struct{ Deepest }
	Near    struct{}
	// Depths has Level from Near, although Deep stands first.
	Depths struct {
		Deep
		Near
	}
	// Loop embeds a pointer to itself.
	Loop struct {
		*Loop
		Pinger
	}
)

func (Deepest) Level(restate.Context) int { return 3 }
func (Near) Level(restate.Context) int    { return 2 }

// Pinger is the contract of a service as an interface.
type Pinger interface {
	Ping(restate.Context) (string, error)
}

// Repo is generic.
type Repo[T any] struct{ rows []T }

func (r *Repo[T]) Get(_ restate.Context, i int) (T, error)     { return r.rows[i], nil }
func (r *Repo[T]) Put(_ restate.Context, v T) error            { r.rows = append(r.rows, v); return nil }
func (r Repo[T]) Len(restate.Context) (int, error)             { return len(r.rows), nil }
func (r *Repo[T]) private(_ restate.Context, i int) (T, error) { return r.rows[i], nil }

type (
	// Items is a service of a generic type.
	Items struct{ Repo[Item] }
	// Texts is another.
	Texts = Repo[string]
)

// Pair has two type parameters.
type Pair[A, B any] struct{}

func (*Pair[A, B]) Swap(_ restate.Context, a A) (b B, err error) { return b, nil }

// TwoWay has an input that is nearly []byte.
type TwoWay struct{}

func (*TwoWay) Do(restate.Context, json.RawMessage) (Receipt, error) { return Receipt{}, nil }

// custom is a custom codec. Its values cannot be compared.
type custom struct{ _ []func() }

func (custom) Marshal(any) ([]byte, error) { return []byte("custom"), nil }
func (custom) Unmarshal([]byte, any) error { return nil }
