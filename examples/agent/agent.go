package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// maxTurns is how often a run asks the model. A model can go round in circles, and each
// turn costs money.
const maxTurns = 6

// instructions are the same for all conversations.
const instructions = "You work for an insurance company. Use the tools, and be brief."

// askModel is a turn of the model. The journal keeps what it said: a run that continues
// after a crash does not ask, and pay for, the same turn again.
var askModel = durable.NewStep[Message]("ask-model", durable.Retry{MaxAttempts: 5})

// Agent answers questions with a model and tools. It is no service: [Assistant] and [Chat]
// use it.
type Agent struct {
	model Model
	tools []Tool
}

// NewAgent is the constructor of Agent.
func NewAgent(model Model, tools []Tool) *Agent { return &Agent{model, tools} }

// Answer continues a conversation up to the model's answer. If the run fails or is
// cancelled, what the tools did is undone.
func (a *Agent) Answer(ctx restate.Context, talk []Message) ([]Message, error) {
	in := Input{Instructions: instructions, Talk: talk}
	for _, tool := range a.tools {
		in.Tools = append(in.Tools, tool.Spec)
	}
	return durable.Saga(ctx, func(undo *durable.Compensations) ([]Message, error) {
		for range maxTurns {
			said, err := a.ask(ctx, in)
			if err != nil {
				return nil, err
			}
			in.Talk = append(in.Talk, said)
			if len(said.Calls) == 0 {
				return in.Talk, nil
			}
			results, err := a.use(ctx, undo, said.Calls)
			if err != nil {
				return nil, err
			}
			in.Talk = append(in.Talk, results...)
		}
		return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("there is no answer after %d turns", maxTurns))
	})
}

// ask takes a turn of the model. It has an input of its own, which does not grow while the
// model reads it.
func (a *Agent) ask(ctx restate.Context, in Input) (Message, error) {
	return askModel.Run(ctx, func(ctx context.Context) (Message, error) { return a.model.Complete(ctx, in) })
}

// use begins all calls, waits for all of them, and returns their results in the order of
// the calls. The failure of a tool is a result too: the model decides what to do about it.
func (a *Agent) use(ctx restate.Context, undo *durable.Compensations, calls []Call) ([]Message, error) {
	var begun []durable.Future[string]
	for _, call := range calls {
		begun = append(begun, a.begin(ctx, undo, call))
	}
	// It fails only if this run is cancelled. The server cancels the calls then.
	ended, err := durable.AllSettled(begun...).Await(ctx)
	if err != nil {
		return nil, err
	}
	var results []Message
	for i, end := range ended {
		text, failure := end.Value, restate.AsTerminalError(end.Err)
		switch {
		case failure != nil:
			text = failure.Message()
		case end.Err != nil: // a mistake of this program: it is not for the model
			return nil, end.Err
		}
		results = append(results, Message{Role: RoleTool, CallID: calls[i].ID, Text: text, Failed: failure != nil})
	}
	return results, nil
}

func (a *Agent) begin(ctx restate.Context, undo *durable.Compensations, call Call) durable.Future[string] {
	for _, tool := range a.tools {
		if tool.Name == call.Tool {
			return tool.begin(ctx, undo, call.Arguments)
		}
	}
	return durable.Ready("", refuse(http.StatusNotFound, fmt.Sprintf("there is no tool %q", call.Tool)))
}

// refuse makes a terminal error: it is not retried.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}
