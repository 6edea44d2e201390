package main

import (
	"context"
	"os"

	"github.com/fxrestate/go/devserver"
)

// withServer runs measure on a new server without deployments.
func withServer(ctx context.Context, measure func(*devserver.Server) error) error {
	server, err := devserver.Start(ctx, devserver.Config{
		Progress: os.Stderr,
		Env:      map[string]string{"RESTATE_LOG_FILTER": "warn"},
	})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop(context.WithoutCancel(ctx)) }()
	return measure(server)
}

// onOneServer wraps a figure whose rounds share a server.
func onOneServer(measure func(context.Context, *devserver.Server, scale) (result, error)) func(context.Context, scale) (result, error) {
	return func(ctx context.Context, by scale) (out result, err error) {
		err = withServer(ctx, func(server *devserver.Server) error {
			out, err = measure(ctx, server, by)
			return err
		})
		return out, err
	}
}
