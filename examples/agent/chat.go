package main

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Assistant is a service that answers a question, and knows of no other.
type Assistant struct{ agent *Agent }

// NewAssistant is the constructor of Assistant.
func NewAssistant(agent *Agent) *Assistant { return &Assistant{agent} }

// Ask answers a question.
func (a *Assistant) Ask(ctx restate.Context, question string) (string, error) {
	talk, err := a.agent.Answer(ctx, []Message{{Role: RoleUser, Text: question}})
	if err != nil {
		return "", err
	}
	return talk[len(talk)-1].Text, nil
}

// memory is the conversation so far: the state of a chat.
var memory = durable.NewStateKey[[]Message]("memory")

// Chat is a virtual object: the conversation of one session. It answers one message at a
// time, in the order in which they come. Sessions do not wait for each other.
type Chat struct{ agent *Agent }

// NewChat is the constructor of Chat.
func NewChat(agent *Agent) *Chat { return &Chat{agent} }

// Say answers a message, and knows those before it. A message whose run fails is
// forgotten.
func (c *Chat) Say(ctx restate.ObjectContext, text string) (string, error) {
	talk, err := memory.Get(ctx)
	if err != nil {
		return "", err
	}
	talk, err = c.agent.Answer(ctx, append(talk, Message{Role: RoleUser, Text: text}))
	if err != nil {
		return "", err
	}
	return talk[len(talk)-1].Text, memory.Set(ctx, talk)
}

// History returns the conversation. It does not wait for the message that is answered.
func (*Chat) History(ctx restate.ObjectSharedContext) ([]Message, error) {
	return memory.GetOr(ctx, []Message{})
}

// Forget ends the conversation.
func (*Chat) Forget(ctx restate.ObjectContext) error { return memory.Clear(ctx) }
