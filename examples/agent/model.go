package main

import (
	"context"
	"encoding/json"
)

// Model is a language model. It reads a conversation and says what comes next. The client
// of a real one implements it: provide that in place of [NewScript], and nothing else
// changes.
type Model interface {
	// Complete returns an answer, or the tools that the model wants to use before it
	// answers. It is called in a step: an error is retried, and a terminal error ends the
	// run.
	Complete(ctx context.Context, in Input) (Message, error)
}

// Input is what a model gets.
type Input struct {
	Instructions string    `json:"instructions"`
	Talk         []Message `json:"talk"`
	Tools        []Spec    `json:"tools"`
}

// The roles of messages.
const (
	RoleUser  = "user"
	RoleModel = "model"
	RoleTool  = "tool"
)

// Message is a part of a conversation.
type Message struct {
	Role string `json:"role"`
	Text string `json:"text,omitempty"`
	// Calls are what the model wants to use, all at the same time.
	Calls []Call `json:"calls,omitempty"`
	// CallID tells which call a tool's message is the result of, and Failed that it is an
	// error.
	CallID string `json:"call_id,omitempty"`
	Failed bool   `json:"failed,omitempty"`
}

// Call is a use of a tool.
type Call struct {
	ID        string          `json:"id"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// Spec is what a model knows of a tool.
type Spec struct {
	Name   string `json:"name"`
	Does   string `json:"does"`
	Schema any    `json:"schema"` // the JSON schema of the arguments
}
