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
	// Accepted: the send made a new invocation.
	Accepted Status = "Accepted"
	// PreviouslyAccepted: there was an invocation with this idempotency key, or a
	// workflow with this id. A send that was retried because its response got lost
	// has this status too.
	PreviouslyAccepted Status = "PreviouslyAccepted"
)

// Handle is a handle of an invocation whose result is an O. [Send] returns one, [Lookup]
// and [HandleOf] make one of an earlier invocation.
type Handle[O any] struct {
	client *Client
	name   string
	ref    reference
	codec  encoding.Codec
	status Status
	err    error
	result func(context.Context) (O, error) // of an invocation that was not made
}

// readyID is the id of what a ReadyHandle is of.
const readyID = "inv_2ready"

// ReadyHandle returns a handle of an invocation that has its result already, and was never
// made. The fake of a generated client returns it in a test. Its id is always the same, and
// to cancel it does nothing.
func ReadyHandle[O any](value O, err error) Handle[O] {
	h := HandleFunc(func(context.Context) (O, error) { return value, err })
	h.status = Accepted
	return h
}

// HandleFunc is [ReadyHandle] with a function that Attach and Output ask for the result.
func HandleFunc[O any](result func(ctx context.Context) (O, error)) Handle[O] {
	return Handle[O]{result: result}
}

// ID returns the invocation's id, for [HandleOf] at another time. A handle of [Lookup]
// asks the server for it. The server computes that id from the target and the key: it
// does not check that there is such an invocation.
func (h Handle[O]) ID(ctx context.Context) (string, error) {
	switch {
	case h.err != nil:
		return "", h.err
	case h.result != nil:
		return readyID, nil
	case h.client == nil:
		return "", errZeroHandle
	case h.ref.InvocationID != "":
		return h.ref.InvocationID, nil
	}
	a, err := h.client.ask(ctx, verbLookup, h.name, h.ref)
	if err != nil {
		return "", err
	}
	var found struct {
		InvocationID string `json:"invocationId"`
	}
	if json.Unmarshal(a.body, &found) != nil || !invocationID.MatchString(found.InvocationID) {
		return "", fmt.Errorf("ingress: %s %s: the answer names no invocation (is %s an ingress?)", verbLookup, h.name, h.client.URL())
	}
	return found.InvocationID, nil
}

// Status is the server's response to the send. It is empty for other handles.
func (h Handle[O]) Status() Status { return h.status }

// Attach waits for the result. The failure of the handler is an [*Error] that wraps a
// [*CallError]. For an invocation that the server does not know, or no longer, the
// error is [ErrNotFound]. When ctx ends Attach returns, and the invocation goes on.
func (h Handle[O]) Attach(ctx context.Context) (O, error) { return h.fetch(ctx, verbAttach) }

// Output returns the result if there is one yet, and tells whether there is. It does
// not wait. Its errors are those of [Handle.Attach].
func (h Handle[O]) Output(ctx context.Context) (out O, ready bool, err error) {
	out, err = h.fetch(ctx, verbOutput)
	if errors.Is(err, ErrNotReady) {
		return out, false, nil
	}
	return out, err == nil, err
}

// Cancel asks the invocation to stop. It continues until it next waits for something,
// which then fails with an error for which durable.IsCancelled holds
// (https://docs.restate.dev/services/invocation/managing-invocations). Cancel does not
// wait for that. Nothing happens to an invocation that has ended. One that the server
// does not know, or no longer, is [ErrNotFound].
//
// The server has this in its admin API, not in its ingress: see [Config.Canceller].
func (h Handle[O]) Cancel(ctx context.Context) error {
	id, err := h.ID(ctx)
	if err != nil || h.result != nil {
		return err
	}
	return h.client.cancel(ctx, h.name, id)
}

func (h Handle[O]) fetch(ctx context.Context, verb string) (O, error) {
	var none O
	if h.err != nil {
		return none, h.err
	}
	if h.result != nil {
		return h.result(ctx)
	}
	if h.client == nil {
		return none, errZeroHandle
	}
	a, err := h.client.fetch(ctx, verb, h.name, h.ref)
	if err != nil {
		return none, err
	}
	return decode[O](verb+" "+h.name, h.codec, a)
}

var errZeroHandle = errors.New("ingress: the handle has no client; get one from Send, Lookup or HandleOf")

// reference names an invocation in the body of a request. In a path the server would
// not decode idempotency keys.
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

// fetch asks for the result of an invocation. The verb says whether to wait.
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

// looksUnknown reports whether an error is attach's response for an invocation that the
// server does not know. A handler may fail with the same.
func looksUnknown(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Source == SourceInvocation &&
		failed.Code == http.StatusNotFound && failed.Message == "not found" && len(failed.Metadata) == 0
}

// HandleOf returns a handle of the invocation with the given id, which comes from
// [Handle.ID], [Response] or the header X-Restate-Id. It makes no request. The result is
// decoded as JSON unless restate.WithCodec says otherwise. Nothing checks that O is the
// result of the handler.
func HandleOf[O any](c *Client, id string, opts ...restate.AttachOption) Handle[O] {
	o := sdk.Options(restate.AttachOption.BeforeAttach, opts)
	h := Handle[O]{client: c, name: httpclient.OneLine(id, maxExcerpt), ref: byID(id), codec: codecOr(o.Codec, encoding.JSONCodec)}
	if id == "" {
		h.err = errors.New("ingress: the invocation's id is empty")
	}
	return h
}

// Lookup returns a handle of an earlier invocation, perhaps of another process, with the
// same target, method and idempotency key:
//
//	receipt, err := ingress.Lookup(payments, (*Payments).Charge,
//		restate.WithIdempotencyKey(orderID)).Attach(ctx)
//
// A workflow needs no key, since its id identifies it:
//
//	result, err := ingress.Lookup(signups.ID(user), (*Signup).Run).Attach(ctx)
//
// It makes no request. The handle's methods return the error of a mistake in the
// arguments. Options about a call are a mistake, since no call is made:
// restate.WithHeaders, WithLimitKey and [WithResponse].
//
// Other shapes: [LookupVoid], [Lookup0], [Lookup0Void]. [Call] explains what the compiler
// says.
func Lookup[T any, C restate.Context, I, O any](to Target[T], method func(T, C, I) (O, error), opts ...RequestOption) Handle[O] {
	return lookup[O](to, method, opts)
}

// LookupVoid is [Lookup] for methods without a result. Other shapes: [Lookup], [Lookup0],
// [Lookup0Void].
func LookupVoid[T any, C restate.Context, I any](to Target[T], method func(T, C, I) error, opts ...RequestOption) Handle[restate.Void] {
	return lookup[restate.Void](to, method, opts)
}

// Lookup0 is [Lookup] for methods without input. Other shapes: [Lookup], [LookupVoid],
// [Lookup0Void].
func Lookup0[T any, C restate.Context, O any](to Target[T], method func(T, C) (O, error), opts ...RequestOption) Handle[O] {
	return lookup[O](to, method, opts)
}

// Lookup0Void is [Lookup] for methods without input and result. Other shapes: [Lookup], [LookupVoid],
// [Lookup0].
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
		err = errors.New("a lookup makes no call that WithHeaders, WithLimitKey or WithResponse could be about; leave them out, and use Handle.ID for the id")
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
