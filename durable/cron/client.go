package cron

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// Client sets jobs and looks after them inside handlers. fxrestate.Cron makes it injectable.
// [Ingress] is the same outside.
type Client struct {
	jobs     rpc.Object[*Job]
	registry *handler.Registry
}

// NewClient returns a client. The registry knows the names of services.
func NewClient(registry *handler.Registry) Client {
	return Client{rpc.NewObject[*Job](registry), registry}
}

// Set creates a job or changes it: see [Job.Set]. Any handler may be the target. Without [Name], the job gets a random name,
// which is Info.Name. The error of a bad expression or of any other mistake is terminal, with
// code 400.
func (c Client) Set(ctx restate.Context, schedule string, task Task, opts ...Option) (Info, error) {
	d := Declare(schedule, task, opts...)
	if d.name == "" {
		d.name = restate.UUID(ctx).String()
	}
	name, def, err := d.Resolve(c.registry)
	if err != nil {
		return Info{}, badRequest(err)
	}
	return rpc.Call(ctx, c.jobs.Key(name), (*Job).Put, def)
}

// Get returns what is known of a job: see [Job.Get].
func (c Client) Get(ctx restate.Context, name string) (Info, error) {
	return rpc.Call0(ctx, c.jobs.Key(name), (*Job).Get)
}

// Cancel removes a job: see [Job.Cancel].
func (c Client) Cancel(ctx restate.Context, name string) error {
	return rpc.Call0Void(ctx, c.jobs.Key(name), (*Job).Cancel)
}

// Pause keeps a job from running: see [Job.Pause].
func (c Client) Pause(ctx restate.Context, name string) (Info, error) {
	return rpc.Call0(ctx, c.jobs.Key(name), (*Job).Pause)
}

// Resume lets a paused job run again: see [Job.Resume].
func (c Client) Resume(ctx restate.Context, name string) (Info, error) {
	return rpc.Call0(ctx, c.jobs.Key(name), (*Job).Resume)
}

// Trigger runs a job now: see [Job.Trigger].
func (c Client) Trigger(ctx restate.Context, name string) (Info, error) {
	return rpc.Call0(ctx, c.jobs.Key(name), (*Job).Trigger)
}
