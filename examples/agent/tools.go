package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/durable"
)

// NewTools returns the tools of the agent. Each is a call of a handler: it has retries,
// waits and steps of its own, and may run in another process.
func NewTools(weather WeatherClient, claims ClaimsClient) []Tool {
	return []Tool{
		newTool("weather", "tells the weather of a city at the moment",
			func(ctx restate.Context, _ *durable.Compensations, in City) (durable.Future[Report], error) {
				return weather.Start().Now(ctx, in)
			}),
		newTool("settle_claim", "pays a claim; a person decides on a large one",
			func(ctx restate.Context, undo *durable.Compensations, in Claim) (durable.Future[Payment], error) {
				// The id is ours and not the model's: the same id is the same payment.
				id := restate.UUID(ctx).String()
				undo.Call("take-back", func(ctx restate.Context) error { return claims.TakeBack(ctx, id) })
				return claims.Start().Settle(ctx, Filed{id, in})
			}),
	}
}

// Tool is something that a model can use.
type Tool struct {
	Spec

	begin func(ctx restate.Context, undo *durable.Compensations, arguments json.RawMessage) durable.Future[string]
}

// newTool makes a tool of a function that begins a call. The schema of its arguments is
// that of the input.
func newTool[I, O any](
	name, does string, start func(ctx restate.Context, undo *durable.Compensations, in I) (durable.Future[O], error),
) Tool {
	var none I
	schema := encoding.InputPayloadFor(encoding.JSONCodec, none).JsonSchema
	return Tool{Spec{name, does, schema}, func(ctx restate.Context, undo *durable.Compensations, arguments json.RawMessage) durable.Future[string] {
		var in I
		if err := json.Unmarshal(arguments, &in); err != nil {
			return durable.Ready("", refuse(http.StatusBadRequest, fmt.Sprintf("these are not the arguments of %s: %v", name, err)))
		}
		begun, err := start(ctx, undo, in)
		if err != nil {
			return durable.Ready("", err)
		}
		return durable.Map(begun, text[O])
	}}
}

// text is a result as the model reads it.
func text[O any](out O, err error) (string, error) {
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(out)
	return string(b), err
}
