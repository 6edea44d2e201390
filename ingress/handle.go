package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/sdk"
)

// Status says what the server made of a send.
type Status string

// What the server answers to a send.
const (
	// Accepted: this is a new invocation.
	Accepted Status = "Accepted"
	// PreviouslyAccepted: an invocation with this idempotency key, or the
	// workflow with this id, was there already. A send that was repeated
	// because its answer got lost has this status too.
	PreviouslyAccepted Status = "PreviouslyAccepted"
)

// Handle is of an invocation whose result is an O. [Send] and its
// kin, [Lookup] and its kin, [HandleOf] and [NamedHandler] make them.
type Handle[O any] struct {
	client *Client
	name   string
	ref    reference
	codec  encoding.Codec
	status Status
	err    error
}

// ID of the invocation, for [HandleOf] in another place or at another time.
// It is empty for a handle made by [Lookup], whose id [Handle.FindID] asks the
// server for.
func (i Handle[O]) ID() string { return i.ref.InvocationID }

// FindID is ID, also for a handle made by [Lookup], which makes a request then.
// The server computes the id from what the handle was made of: that there is one
// does not say that there is, or was, such an invocation.
func (i Handle[O]) FindID(ctx context.Context) (string, error) {
	switch {
	case i.err != nil:
		return "", i.err
	case i.client == nil:
		return "", errNoClient
	case i.ref.InvocationID != "":
		return i.ref.InvocationID, nil
	}
	a, err := i.client.ask(ctx, verbLookup, i.name, i.ref)
	if err != nil {
		return "", err
	}
	var found struct {
		InvocationID string `json:"invocationId"`
	}
	if json.Unmarshal(a.body, &found) != nil || !invocationID.MatchString(found.InvocationID) {
		return "", fmt.Errorf("ingress: %s %s: the answer names no invocation (is %s an ingress?)", verbLookup, i.name, i.client.URL())
	}
	return found.InvocationID, nil
}

// Status is what the server made of the send. It is empty for other handles.
func (i Handle[O]) Status() Status { return i.status }

// Attach waits for the result. The error of a handler that failed is an [*Error]
// with its code; the error of an invocation that the server does not know, or no
// longer, is [ErrNotFound]. When ctx ends it returns, and the invocation goes on.
func (i Handle[O]) Attach(ctx context.Context) (O, error) { return i.fetch(ctx, verbAttach) }

// Output returns the result if there is one yet, and tells whether there is. Its
// errors are those of [Handle.Attach].
func (i Handle[O]) Output(ctx context.Context) (out O, ready bool, err error) {
	out, err = i.fetch(ctx, verbOutput)
	if errors.Is(err, ErrNotReady) {
		return out, false, nil
	}
	return out, err == nil, err
}

func (i Handle[O]) fetch(ctx context.Context, verb string) (O, error) {
	var none O
	if i.err != nil {
		return none, i.err
	}
	if i.client == nil {
		return none, errNoClient
	}
	a, err := i.client.fetch(ctx, verb, i.name, i.ref)
	if err != nil {
		return none, err
	}
	return decode[O](verb+" "+i.name, i.codec, a)
}

// reference says which invocation is meant, as the server reads it. A body
// rather than a path, since in paths the server does not decode idempotency keys.
type reference struct {
	Target         string  `json:"target"`
	InvocationID   string  `json:"invocationId,omitempty"`
	Scope          string  `json:"scope,omitempty"`
	WorkflowName   string  `json:"workflowName,omitempty"`
	WorkflowKey    string  `json:"workflowKey,omitempty"`
	Service        string  `json:"service,omitempty"`
	Key            *string `json:"key,omitempty"`
	Handler        string  `json:"handler,omitempty"`
	IdempotencyKey string  `json:"idempotencyKey,omitempty"`
}

func byID(id string) reference { return reference{Target: "invocation", InvocationID: id} }

// reference of an earlier request to c with an idempotency key, or of a workflow
// when there is none.
func (c callee) reference(idempotencyKey string) reference {
	if idempotencyKey == "" {
		return reference{Target: "workflow", Scope: c.scope, WorkflowName: c.service, WorkflowKey: c.key}
	}
	r := reference{
		Target:         "idempotentInvocation",
		Scope:          c.scope,
		Service:        c.service,
		Handler:        c.handler,
		IdempotencyKey: idempotencyKey,
	}
	if c.keyed {
		r.Key = &c.key
	}
	return r
}

// fetch asks for the result of an invocation; the verb tells whether to wait.
func (c *Client) fetch(ctx context.Context, verb, name string, ref reference) (answer, error) {
	a, err := c.ask(ctx, verb, name, ref)
	if verb != verbAttach || !looksUnknown(err) {
		return a, err
	}
	// Attach answers for an invocation that the server does not know as if a
	// handler had failed. Output tells them apart.
	if _, again := c.ask(ctx, verbOutput, name, ref); errors.Is(again, ErrNotFound) {
		return a, again
	}
	return a, err
}

// ask makes a request about an invocation.
func (c *Client) ask(ctx context.Context, verb, name string, ref reference) (answer, error) {
	body, err := json.Marshal(ref)
	if err != nil {
		return answer{}, fmt.Errorf("ingress: %s %s: %w", verb, name, err)
	}
	return c.do(ctx, request{
		name:        verb + " " + name,
		subject:     verb,
		path:        newPath("restate", verb),
		body:        body,
		contentType: "application/json",
		repeatable:  true,
	})
}

// looksUnknown tells whether an error is what attach answers for an invocation
// that the server does not know. A handler may fail with the same.
func looksUnknown(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Source == SourceInvocation &&
		failed.Code == http.StatusNotFound && failed.Message == "not found" && len(failed.Metadata) == 0
}

// HandleOf returns a handle of the invocation with the given id, which
// [Handle.ID], [Response] or the header x-restate-id told earlier. It makes
// no request. The result is decoded as JSON unless restate.WithCodec says
// otherwise; O must fit the handler, which nothing checks.
func HandleOf[O any](c *Client, id string, opts ...HandleOption) Handle[O] {
	o := sdk.Options(HandleOption.BeforeIngressInvocationHandle, opts)
	i := Handle[O]{client: c, name: httpclient.OneLine(id, maxExcerpt), ref: byID(id), codec: codecOr(o.Codec, encoding.JSONCodec)}
	if id == "" {
		i.err = errors.New("ingress: the invocation's id is empty")
	}
	return i
}

// Lookup returns a handle of an invocation that was made earlier, perhaps by
// another process, with the same target, method and idempotency key:
//
//	receipt, err := ingress.Lookup(payments, (*Payments).Charge,
//		restate.WithIdempotencyKey(orderID)).Attach(ctx)
//
// A workflow needs no key; its id says it all:
//
//	result, err := ingress.Lookup(signups.ID(user), (*Signup).Run).Attach(ctx)
//
// It makes no request. A mistake in the arguments is the error of the handle's
// methods; so is an option that says something about a call, since none is made:
// restate.WithHeaders, WithLimitKey and [WithResponse].
func Lookup[T any, C restate.Context, I, O any](to Target[T], method func(T, C, I) (O, error), opts ...RequestOption) Handle[O] {
	return lookup[O](to, method, opts)
}

// LookupVoid is [Lookup] for methods without a result.
func LookupVoid[T any, C restate.Context, I any](to Target[T], method func(T, C, I) error, opts ...RequestOption) Handle[restate.Void] {
	return lookup[restate.Void](to, method, opts)
}

// Lookup0 is [Lookup] for methods without input.
func Lookup0[T any, C restate.Context, O any](to Target[T], method func(T, C) (O, error), opts ...RequestOption) Handle[O] {
	return lookup[O](to, method, opts)
}

// Lookup0Void is [Lookup] for methods without input and result.
func Lookup0Void[T any, C restate.Context](to Target[T], method func(T, C) error, opts ...RequestOption) Handle[restate.Void] {
	return lookup[restate.Void](to, method, opts)
}

func lookup[O, T any](to Target[T], method any, opts []RequestOption) Handle[O] {
	c, err := resolve(to, method)
	if err != nil {
		return Handle[O]{err: err}
	}
	return lookupIn[O](c, opts)
}

func lookupIn[O any](c callee, opts []RequestOption) Handle[O] {
	o, err := collectRequest(opts)
	switch {
	case err != nil:
	case len(o.headers) > 0 || o.limitKey != "" || o.response != nil:
		err = errors.New("a lookup makes no call that WithHeaders, WithLimitKey or WithResponse could be about; leave them out, and use Handle.FindID for the id")
	case c.once && o.idempotencyKey != "":
		err = errors.New("the main handler of a workflow has no idempotency key: the workflow's id is one")
	case !c.once && o.idempotencyKey == "":
		err = errors.New("without an idempotency key only a workflow can be looked up; give restate.WithIdempotencyKey, or use ingress.HandleOf")
	}
	if err != nil {
		return Handle[O]{err: fmt.Errorf("ingress: %s: %w", c.name(), err)}
	}
	return Handle[O]{
		client: c.client,
		name:   c.name(),
		ref:    c.reference(o.idempotencyKey),
		codec:  codecOr(o.output, c.output),
	}
}
