package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/internal/awakeableid"
	"github.com/fxrestate/go/internal/httpclient"
)

// Resolve completes the awakeable with the given id, which a handler made with a.New. The
// handler continues with value.
//
//	err := ingress.Resolve(ctx, client, approval, id, Decision{Approved: true})
//
// For a handler in another program, declare an awakeable with the same type and codec. Its
// name is for errors.
//
// The first completion counts. The server accepts later ones, those that come after a
// timeout in the handler, and those for an invocation that is gone, without an error. See
// durable.Awakeable for how to tell the sender. A malformed id is an [*Error] with
// status 400. See
// https://docs.restate.dev/develop/go/external-events.
func Resolve[T any](ctx context.Context, c *Client, a durable.Awakeable[T], id string, value T) error {
	if err := a.Check(); err != nil {
		return fmt.Errorf("ingress: resolve: %w", err)
	}
	body, err := encoding.Marshal(a.Codec(), value)
	if err != nil {
		return fmt.Errorf("ingress: resolve awakeable %s: encode the value: %w", a.Name(), err)
	}
	in := payload{body: body, contentType: sentContentType(contentType(a.Codec(), value))}
	return c.completeAwakeable(ctx, a.Name(), id, "resolve", in)
}

// Reject completes the awakeable with the given id with a failure. The handler gets a
// terminal error with the text of reason and code 500. See [Resolve].
func Reject[T any](ctx context.Context, c *Client, a durable.Awakeable[T], id string, reason error) error {
	if err := a.Check(); err != nil {
		return fmt.Errorf("ingress: reject: %w", err)
	}
	if reason == nil {
		return fmt.Errorf("ingress: reject awakeable %s: there is no reason; use Resolve if it succeeded", a.Name())
	}
	return c.completeAwakeable(ctx, a.Name(), id, "reject", payload{body: []byte(reason.Error()), contentType: "text/plain; charset=utf-8"})
}

func (c *Client) completeAwakeable(ctx context.Context, name, id, verb string, in payload) error {
	subject := verb + " awakeable " + name
	switch {
	case c == nil:
		return fmt.Errorf("ingress: %s: %w", subject, errNoClientPassed)
	case id == "":
		return fmt.Errorf("ingress: %s: the id is empty", subject)
	}
	_, err := c.do(ctx, request{
		name:        subject + " " + httpclient.OneLine(id, maxExcerpt),
		subject:     subject,
		path:        newPath("restate", "awakeables", id, verb),
		body:        in.body,
		contentType: in.contentType,
		encoding:    in.encoding,
	})
	return err
}

// AwakeableHandler is a route that resolves an awakeable. The path has the awakeable's id,
// and the body has its value:
//
//	r.Post("/approvals/{id}", ingress.AwakeableHandler(client, approval, nil))
//
// The body is checked and passed on as in [Handler], with the fields that come from the
// URL. The response is 204, also if the awakeable was completed before or the handler has
// stopped waiting, and 404 if the id is malformed. Key of the route returns the awakeable's
// id; its default is the [PathValue] "id". CurlData, MaxBody and Error are as for a
// handler. The other fields of the route
// must not be set. Mistakes are logged when the route is made, and the route responds with
// 500.
//
// Everybody who knows the id can resolve the awakeable. Mount the route behind the checks
// that the decision needs.
func AwakeableHandler[T any](c *Client, a durable.Awakeable[T], route *Route) http.HandlerFunc {
	m := awakeableRoute{Route: route.withDefaults(), client: c, name: a.Name()}
	err := a.Check()
	switch {
	case err != nil:
		err = fmt.Errorf("ingress: a route: %w", err)
	case c == nil:
		err = fmt.Errorf("ingress: awakeable %s: %w", a.Name(), errNoClientPassed)
	case m.IdempotencyKey != nil || m.Forget != nil || m.Headers != nil || m.Send || m.StatusPath != "":
		err = fmt.Errorf("ingress: awakeable %s: IdempotencyKey, Forget, Headers, Send and StatusPath of a route are for handlers; leave them out", a.Name())
	default:
		m.input, err = newBinder(reflect.TypeFor[T](), a.Codec())
		m.input.curl = m.CurlData
	}
	if err != nil {
		if c != nil {
			c.log.Error("ingress: a route cannot work", "error", err)
		}
		return func(w http.ResponseWriter, r *http.Request) { m.Error(w, r, err) }
	}
	return m.ServeHTTP
}

// awakeableRoute is a route of [AwakeableHandler].
type awakeableRoute struct {
	Route
	client *Client
	name   string
	input  binder
}

func (m awakeableRoute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := m.resolve(w, r); err != nil {
		m.client.logFailure(r, "awakeable "+m.name, err)
		m.Error(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m awakeableRoute) resolve(w http.ResponseWriter, r *http.Request) error {
	id, err := m.id(r)
	if err != nil {
		return err
	}
	if !awakeableid.Valid(id) {
		return errUnknownAwakeable
	}
	body, err := readRequestBody(w, r, m.MaxBody)
	if err != nil {
		return err
	}
	in, err := m.input.bind(r, body)
	if err != nil {
		return err
	}
	return m.client.completeAwakeable(r.Context(), m.name, id, "resolve", in)
}

// id returns the awakeable's id of a request.
func (m awakeableRoute) id(r *http.Request) (string, error) {
	if m.Key == nil {
		return pathValue(r, "id")
	}
	id, err := m.Key(r)
	if err != nil {
		return "", clientError(err)
	}
	return id, nil
}

var errNoClientPassed = errors.New("there is no client; pass the *ingress.Client that is injected")

var errUnknownAwakeable = &RequestError{Status: http.StatusNotFound, Detail: "no such awakeable"}
