package rpc

import (
	"errors"
	"fmt"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Handle is a handle of an invocation whose result is an O. [Send] returns one, and
// [HandleOf] makes one of an earlier invocation.
//
// Package ingress has the same handle outside handlers. There it also has Output, which
// returns the result without waiting. Version 1.2 of the SDK does not offer that
// operation inside handlers, although the service protocol has it. A handler can get the
// output in a step (restate.Run), with a client that ingress.New made.
type Handle[O any] struct {
	sent  restate.Invocation
	id    string
	of    *handler.Target // for errors
	codec encoding.Codec
	ready *result[O] // nil: it is of a real invocation
}

// result is the result of an invocation that was not made.
type result[O any] struct {
	value O
	err   error
}

// readyID is the id of what a ReadyHandle is of.
const readyID = "inv_2ready"

// ReadyHandle returns a handle of an invocation that has its result already, and was never
// made. The fake of a generated client returns it in a test. Its id is always the same, and
// to cancel it does nothing.
func ReadyHandle[O any](value O, err error) Handle[O] {
	return Handle[O]{ready: &result[O]{value, err}}
}

// HandleOf returns a handle of the invocation with the given id, which comes from
// [Handle.ID] in another handler or at another time. The result is decoded as JSON unless
// restate.WithCodec says otherwise. Nothing checks that O is the result of the handler.
func HandleOf[O any](id string, opts ...restate.AttachOption) Handle[O] {
	codec := sdk.Options(restate.AttachOption.BeforeAttach, opts).Codec
	if codec == nil {
		codec = encoding.JSONCodec
	}
	return Handle[O]{id: id, of: &handler.Target{Service: "invocation " + id}, codec: codec}
}

// ID returns the invocation's id, for [HandleOf] at another time. After a [Send] it waits
// until the server has assigned the id. Like all durable waiting that may suspend the
// attempt. If this invocation is cancelled meanwhile, [durable.IsSelfCancelled] holds for
// the error, and the id stays unknown to it; the same holds for Attach and Cancel, which
// need the id. It returns an error for a zero Handle, and for a text that is not an id.
func (i Handle[O]) ID(_ restate.Context) (id string, err error) {
	defer sdk.Rescue(&err)
	return i.checkedID()
}

// Attach waits for the result. The failure of the handler is a [*CallError]. A text that
// is not an id is a terminal error with code 400. A result that does not decode into O is
// an error that names the handler, or the id. It is not terminal.
func (i Handle[O]) Attach(ctx restate.Context) (result O, err error) {
	if i.ready != nil {
		return i.ready.value, i.ready.err
	}
	defer sdk.Rescue(&err)
	id, err := i.checkedID()
	if err != nil {
		var none O
		return none, err
	}
	f := restate.AttachInvocation[payload.Payload[O]](ctx, id, restate.WithCodec(i.codec))
	if cancelled := sdk.Await(f); cancelled != nil {
		return result, interrupted(i.of, cancelled, func() string { return id })
	}
	value, failure := f.Response()
	if failure != nil {
		return result, failed(i.of, failure, func() string { return id })
	}
	return decode(scope.Of(ctx), i.of, value)
}

// Cancel asks the invocation to stop. It continues until it next waits for something,
// which then fails with an error for which [durable.IsCancelled] holds
// (https://docs.restate.dev/services/invocation/managing-invocations). Cancel does not
// wait for that. Nothing happens to an invocation that has ended. A text that is not an
// id is a terminal error with code 400.
func (i Handle[O]) Cancel(ctx restate.Context) (err error) {
	defer sdk.Rescue(&err)
	id, err := i.checkedID()
	if err != nil || i.ready != nil {
		return err
	}
	restate.CancelInvocation(ctx, id)
	return nil
}

var errZeroHandle = errors.New("rpc: a zero Handle has no invocation; get one from Send or HandleOf")

// checkedID returns the id. With a text that is not an id, the server would have the
// calling invocation retried for ever.
func (i Handle[O]) checkedID() (string, error) {
	switch {
	case i.ready != nil:
		return readyID, nil
	case i.codec == nil:
		return "", errZeroHandle
	case i.sent != nil:
		return i.sent.GetInvocationId(), nil
	case i.id == "":
		return "", badRequest(errors.New("rpc: the invocation's id is empty"))
	case !looksLikeID(i.id):
		return "", badRequest(fmt.Errorf("rpc: %q is not the id of an invocation", i.id))
	default:
		return i.id, nil
	}
}

// looksLikeID reports whether a text has the form of an id: a prefix, the version of the
// form, and letters and digits. Version 1 has a fixed number of them.
func looksLikeID(id string) bool {
	rest, ok := strings.CutPrefix(id, "inv_")
	if !ok || rest == "" || rest[0] == '1' && len(rest) != 34 {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
