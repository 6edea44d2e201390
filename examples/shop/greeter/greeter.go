// Package greeter has a service that logs.
package greeter

import (
	"context"
	"log/slog"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Service greets.
type Service struct{ log *slog.Logger }

// New is the constructor of Service.
func New(log *slog.Logger) *Service { return &Service{log} }

// Guest is who comes in.
type Guest struct {
	Name string `json:"name" path:"name"`
}

// greeting is the step of Greet.
var greeting = durable.NewStep[string]("greeting")

// Greet logs with the ctx, so that each line stands in the log once, however often the
// handler is replayed.
func (s *Service) Greet(ctx restate.Context, in Guest) (string, error) {
	s.log.InfoContext(ctx, "greeting", "name", in.Name)
	text, err := greeting.Run(ctx, func(context.Context) (string, error) { return "Hello, " + in.Name + "!", nil })
	if err != nil {
		return "", err
	}
	s.log.InfoContext(ctx, "greeting ready", "text", text)
	return text, nil
}
