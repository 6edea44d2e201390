package endpoint

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"google.golang.org/protobuf/encoding/protowire"
)

// warmUpInvocations is how many invocations are played, each in about 0.2 ms.
const warmUpInvocations = 8

// warmUp makes the SDK compile its core, which it does once per process at the
// first invocation: about 0.4 s that no user's first request should pay for. It
// plays invocations with a step to a service that exists nowhere else, so that the
// code on the way of an invocation has run before, some times over.
func warmUp(ctx context.Context) error {
	def := restate.NewService("warm").Handler("up", restate.NewServiceHandler(
		func(ctx restate.Context, in string) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return in, nil })
		}))
	h, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	if err != nil {
		return err
	}
	const path = "/invoke/warm/up"
	for range warmUpInvocations {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(warmUpInvocation()))
		if err != nil {
			return err
		}
		r.RequestURI = path
		r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
		var answer status
		if h(&answer, r); answer == 0 {
			return errors.New("the SDK's core does not start") // it then answers nothing at all
		}
	}
	return nil
}

// warmUpInvocation is what a server sends to begin an invocation: a start message
// and the input. Should a later protocol want other messages, the SDK refuses
// these, which warms up most of it all the same.
func warmUpInvocation() []byte {
	const startMessage, inputMessage = 0x0000, 0x0400
	var start, value, input []byte
	start = protowire.AppendTag(start, 1, protowire.BytesType) // id
	start = protowire.AppendBytes(start, make([]byte, 24))
	start = protowire.AppendTag(start, 2, protowire.BytesType) // id for people
	start = protowire.AppendString(start, "inv_warmup")
	start = protowire.AppendTag(start, 3, protowire.VarintType) // known entries
	start = protowire.AppendVarint(start, 1)
	value = protowire.AppendTag(value, 1, protowire.BytesType) // content
	value = protowire.AppendString(value, `"warm"`)
	input = protowire.AppendTag(input, 14, protowire.BytesType) // value
	input = protowire.AppendBytes(input, value)
	return append(frame(startMessage, start), frame(inputMessage, input)...)
}

// frame puts a message into a frame of the service protocol.
func frame(kind uint16, message []byte) []byte {
	f := make([]byte, 8, 8+len(message))
	binary.BigEndian.PutUint16(f, kind)
	binary.BigEndian.PutUint32(f[4:], uint32(len(message)))
	return append(f, message...)
}
