package cron

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

// Ingress sets jobs and looks after them outside handlers: in controllers and commands.
// fxrestate.Cron makes it injectable, and it starts after the registration, as
// *ingress.Client does. [Client] is the same inside handlers.
type Ingress struct {
	jobs     ingress.Object[*Job]
	client   *ingress.Client
	admin    *admin.Client
	registry *handler.Registry
}

// NewIngress returns a client. The registry knows the names of services. The admin client is
// for [Ingress.List] alone, and may be nil.
func NewIngress(client *ingress.Client, registry *handler.Registry, admins *admin.Client) Ingress {
	return Ingress{ingress.NewObject[*Job](client), client, admins, registry}
}

// Set creates a job or changes it: see [Job.Set], also for which handlers can be the target.
// Without [Name], the job gets a random name, which is Info.Name: give one to repeat a call
// that has failed. The error of a bad expression or of any other mistake is a terminal one with
// code 400.
func (c Ingress) Set(ctx context.Context, schedule string, task Task, opts ...Option) (Info, error) {
	d := Declare(schedule, task, opts...)
	if d.name == "" {
		d.name = rand.Text()
	}
	name, def, err := d.Resolve(c.registry)
	if err != nil {
		return Info{}, badRequest(err)
	}
	return ingress.Call(ctx, c.jobs.Key(name), (*Job).Set, def)
}

// Get returns what is known of a job: see [Job.Get].
func (c Ingress) Get(ctx context.Context, name string) (Info, error) {
	return ingress.Call0(ctx, c.jobs.Key(name), (*Job).Get)
}

// Cancel removes a job: see [Job.Cancel].
func (c Ingress) Cancel(ctx context.Context, name string) error {
	return ingress.Call0Void(ctx, c.jobs.Key(name), (*Job).Cancel)
}

// Pause keeps a job from running: see [Job.Pause].
func (c Ingress) Pause(ctx context.Context, name string) (Info, error) {
	return ingress.Call0(ctx, c.jobs.Key(name), (*Job).Pause)
}

// Resume lets a paused job run again: see [Job.Resume].
func (c Ingress) Resume(ctx context.Context, name string) (Info, error) {
	return ingress.Call0(ctx, c.jobs.Key(name), (*Job).Resume)
}

// Trigger runs a job now: see [Job.Trigger].
func (c Ingress) Trigger(ctx context.Context, name string) (Info, error) {
	return ingress.Call0(ctx, c.jobs.Key(name), (*Job).Trigger)
}

// Declare sets the jobs that an application declares: see [Job.Declare]. fxrestate.Every does
// it at the start.
func (c Ingress) Declare(ctx context.Context, jobs map[string]Definition) (withdrawn []string, err error) {
	return ingress.Call(ctx, c.jobs.Key(DeclaredKey), (*Job).Declare, jobs)
}

// List returns all jobs, by their names. It asks the admin API, whose answer may be a moment
// old.
func (c Ingress) List(ctx context.Context) ([]Info, error) {
	service, err := ingress.ObjectNameOf[*Job](c.client)
	if err != nil {
		return nil, fmt.Errorf("cron: %w", err)
	}
	if c.admin == nil {
		return nil, errors.New("cron: to list jobs, give an *admin.Client to cron.NewIngress")
	}
	rows, err := admin.Query[struct {
		Value string `json:"value"`
	}](ctx, c.admin, "SELECT value FROM state WHERE service_name = "+admin.Quote(service)+
		" AND key = "+admin.Quote(record.Name())+" ORDER BY service_key")
	if err != nil {
		return nil, err
	}
	all := make([]Info, len(rows))
	for i, row := range rows {
		value, err := hex.DecodeString(row.Value)
		if err == nil {
			err = json.Unmarshal(value, &all[i])
		}
		if err != nil {
			return nil, fmt.Errorf("cron: what is stored of a job: %w", err)
		}
	}
	return all, nil
}
