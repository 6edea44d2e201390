package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
)

// tour has the requests, one after another.
var tour = []requests.Request{
	{Title: "a trial begins: its invocation waits, and the function does not", Path: "/trial/ada/Run/send", Body: `"ada@mail.com"`},
	{Title: "the customer decides for a plan", Path: "/trial/ada/Upgrade", Body: `"the large one"`},
	{Title: "so it ended", Method: "GET", Path: "/restate/workflow/trial/ada/attach"},
	{Title: "a trial that nobody decides about, to its end", Path: "/trial/bob/Run", Body: `"bob@mail.com"`},
	{Title: "now it is too late", Path: "/trial/bob/Upgrade", Body: `"the small one"`},
}

// Running is the function on this machine.
type Running struct {
	Platform             *Platform
	IngressURL, AdminURL string
	// Services are those that the server has discovered.
	Services []admin.RegisteredService
}

// withFunction calls use while the function runs and is registered with a restate-server.
func withFunction(ctx context.Context, length time.Duration, saw func(Event), use func(*Running) error) (err error) {
	platform, err := NewPlatform(os.Stderr, saw, trialVariable+"="+length.String())
	if err != nil {
		return err
	}
	defer platform.Close()
	if err := platform.Start(); err != nil {
		return err
	}
	server, err := devserver.Start(ctx, devserver.Config{Env: platform.ServerEnv(), Progress: os.Stderr, StartTimeout: 2 * time.Minute})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	registered, err := client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{ARN: arn})
	if err != nil {
		return fmt.Errorf("register the function: %w", err)
	}
	return use(&Running{platform, server.IngressURL(), server.AdminURL(), registered.Services})
}

// tryOut prints the requests and waits for Ctrl-C, or sends them itself.
func tryOut(ctx context.Context, r *Running, runDemo bool) error {
	if !runDemo {
		requests.Print(os.Stdout, r.IngressURL, tour)
		<-ctx.Done()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	return requests.Send(ctx, os.Stdout, r.IngressURL, tour)
}
