package restatetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/fxrestate/go/admin"
)

// atOnce is how many requests empty a server at the same time.
const atOnce = 8

// empty removes all that a test has left on the server: invocations, state, deployments.
// The test's application is gone, so nothing new comes in.
func (s *server) empty(ctx context.Context) error {
	err := poll(ctx, func() error {
		return s.removeRows(ctx, "SELECT id, status AS what FROM sys_invocation", func(id, status string) error {
			if status == string(admin.StatusCompleted) {
				return s.admin.PurgeInvocation(ctx, id)
			}
			return s.admin.KillInvocation(ctx, id)
		})
	})
	if err != nil {
		return err
	}
	// The server knows the kinds of services only while they are deployed.
	err = poll(ctx, func() error {
		return s.removeRows(ctx, "SELECT DISTINCT service_name AS id, service_key AS what FROM state", func(service, key string) error {
			return s.admin.ModifyState(ctx, service, key, admin.ModifyStateRequest{})
		})
	})
	if err != nil {
		return err
	}
	deployments, err := s.admin.Deployments(ctx)
	if err != nil {
		return err
	}
	for _, d := range deployments {
		if err := s.admin.DeleteDeployment(ctx, d.ID, true); gone(err) != nil {
			return err
		}
	}
	return nil
}

// removeRows calls remove for each row, and returns an error if there was one: it is to be
// called until there is none, since the server does later what it accepts.
func (s *server) removeRows(ctx context.Context, sql string, remove func(id, what string) error) error {
	rows, err := admin.Query[struct{ ID, What string }](ctx, s.admin, sql)
	if err != nil || len(rows) == 0 {
		return err
	}
	errs := make([]error, len(rows))
	var running sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i, row := range rows {
		places <- struct{}{}
		running.Go(func() {
			errs[i] = gone(remove(row.ID, row.What))
			<-places
		})
	}
	running.Wait()
	return errors.Join(append(errs, fmt.Errorf("%d rows are left of %s", len(rows), sql))...)
}

// gone returns nil for the errors of what has ended or was removed meanwhile.
func gone(err error) error {
	var answer *admin.Error
	if errors.As(err, &answer) && (answer.Status == http.StatusNotFound || answer.Status == http.StatusConflict) {
		return nil
	}
	return err
}
