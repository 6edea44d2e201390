package rpc

import (
	"errors"
	"fmt"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Handle stands for an invocation that was sent: [Send] returns it, and
// [HandleOf] at another time. O is its result.
type Handle[O any] struct {
	sent  restate.Invocation
	id    string
	of    handlerName // for errors
	codec encoding.Codec
}

// HandleOf returns the handle of the invocation with an id that [Handle.ID] told, in
// another handler or at another time. Its result is read by the codec of the
// options (restate.WithCodec and the like), by default as JSON; O must fit the
// handler, which nothing checks before.
func HandleOf[O any](id string, opts ...restate.AttachOption) Handle[O] {
	codec := sdk.Options(restate.AttachOption.BeforeAttach, opts).Codec
	if codec == nil {
		codec = encoding.JSONCodec
	}
	return Handle[O]{id: id, of: handlerName{service: "invocation " + id}, codec: codec}
}

// ID returns the invocation's id. After a [Send] it waits until the server has
// told it, in the way in which durable operations wait: the attempt may be
// suspended. The error is that of a zero Handle, and of an id that is none.
func (i Handle[O]) ID() (id string, err error) {
	defer sdk.Rescue(&err)
	return i.checkedID()
}

// Attach waits for the invocation's result. A failure of its handler is a
// restate.TerminalError with its code, and so is an id that is none, with code 400.
// A result that does not decode into O is an error that names the handler, or the
// id; it is not terminal.
func (i Handle[O]) Attach(ctx restate.Context) (result O, err error) {
	defer sdk.Rescue(&err)
	id, err := i.checkedID()
	if err != nil {
		var none O
		return none, err
	}
	value, failure := restate.AttachInvocation[payload.Payload[O]](ctx, id, restate.WithCodec(i.codec)).Response()
	if failure != nil {
		return result, i.of.failed(failure, func() string { return id })
	}
	return decode(scope.Of(ctx), i.of, value)
}

// Cancel asks the invocation to stop. It goes on until it next waits for
// something, which then fails as [durable.IsCancelled] tells
// (https://docs.restate.dev/services/invocation/managing-invocations). The error is
// that of an id that is none.
func (i Handle[O]) Cancel(ctx restate.Context) (err error) {
	defer sdk.Rescue(&err)
	id, err := i.checkedID()
	if err != nil {
		return err
	}
	restate.CancelInvocation(ctx, id)
	return nil
}

var errZeroHandle = errors.New("rpc: a zero Handle stands for nothing; get one from Send or HandleOf")

// checkedID returns the id. The server would have the invocation retried for ever
// because of a text that is no id.
func (i Handle[O]) checkedID() (string, error) {
	switch {
	case i.codec == nil:
		return "", errZeroHandle
	case i.sent != nil:
		return i.sent.GetInvocationId(), nil
	case i.id == "":
		return "", badRequest(errors.New("rpc: the invocation's id is empty"))
	case !looksLikeID(i.id):
		return "", badRequest(fmt.Errorf("rpc: %q is no id of an invocation", i.id))
	default:
		return i.id, nil
	}
}

// looksLikeID reports whether a text has the form of an id: a prefix, the version
// of the form, and letters and digits, of which version 1 has a fixed number.
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
