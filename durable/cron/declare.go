package cron

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

// Declare sets the jobs that an application declares, and withdraws those that it declared
// when it last did so, and does not any more. It returns the names of the latter. fxrestate.Every calls it when the application
// has started. It has a key of its own, [DeclaredKey], so that one replica declares after the
// other.
//
// A job that was set by hand under a declared name becomes a declared one.
//
// The error is terminal, and names the jobs that could not be set: one of a target that is not
// open, as for [Job.Set], is among them. All others are set.
func (j *Job) Declare(ctx restate.ObjectContext, jobs map[string]Definition) (withdrawn []string, err error) {
	if restate.Key(ctx) != DeclaredKey {
		return nil, badRequest(fmt.Errorf("cron: the key of Declare is %q", DeclaredKey))
	}
	before, err := declared.Get(ctx)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(jobs))
	var errs []error
	set := make([]durable.Future[Info], len(names))
	for i, name := range names {
		if errs = append(errs, checkName(name)); errs[len(errs)-1] != nil {
			continue
		}
		d := jobs[name]
		if !j.isOpen(d.Target) {
			errs = append(errs, fmt.Errorf("cron: job %q: %w", name, errClosed(d.Target)))
			continue
		}
		d.Declared = true
		if set[i], err = rpc.Start(ctx, j.jobs.Key(name), (*Job).Put, d); err != nil {
			return nil, err
		}
	}
	gone := slices.DeleteFunc(before, func(name string) bool {
		_, still := jobs[name]
		return still
	})
	for _, name := range gone {
		if err := rpc.Call0Void(ctx, j.jobs.Key(name), (*Job).Withdraw); err != nil {
			return nil, err
		}
	}
	for i, name := range names {
		if set[i] == (durable.Future[Info]{}) {
			continue
		}
		switch _, err := set[i].Await(ctx); {
		case err == nil:
		case durable.IsSelfCancelled(err) || !restate.IsTerminalError(err):
			return nil, err
		default:
			errs = append(errs, fmt.Errorf("cron: job %q: %w", name, err))
		}
	}
	if err := declared.Set(ctx, names); err != nil {
		return nil, err
	}
	if err := errors.Join(errs...); err != nil {
		return nil, restate.ToTerminalError(err, restate.WithErrorCode(400))
	}
	return gone, nil
}
