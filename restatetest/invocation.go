package restatetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/fxrestate/go/admin"
)

// statuses are all that an invocation can have.
var statuses = []admin.InvocationStatus{
	admin.StatusScheduled, admin.StatusPending, admin.StatusReady, admin.StatusRunning,
	admin.StatusSuspended, admin.StatusBackingOff, admin.StatusPaused, admin.StatusCompleted,
}

// most is how many invocations [Env.Invocations] returns.
const most = 10_000

// Invocation is an invocation of a test's application. Each method asks the server anew, and
// fails the test if the server does not know the invocation. One that was just sent is
// waited for.
type Invocation struct {
	env *Env
	id  string
}

// Invocation returns the invocation with an id.
func (e *Env) Invocation(id string) *Invocation { return &Invocation{e, id} }

// InvocationOf returns the invocation of a handle, as ingress.Send returns it.
func (e *Env) InvocationOf(handle interface {
	ID(ctx context.Context) (string, error)
},
) *Invocation {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	id, err := handle.ID(ctx)
	if err != nil {
		e.t.Fatalf("restatetest: the id of an invocation: %v", err)
	}
	return e.Invocation(id)
}

// Invocations returns what the server knows of the invocations of services, by their names,
// or of all services without any. Completed ones are among them, as long as the server
// retains them. Those come first that have not changed for longest.
func (e *Env) Invocations(services ...string) []admin.Invocation {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	found, err := e.backend.invocations(ctx, admin.InvocationFilter{Services: services, Statuses: statuses, Limit: most})
	if err != nil {
		e.t.Fatalf("restatetest: Invocations: %v", err)
	}
	return found
}

// ID returns the invocation's id.
func (i *Invocation) ID() string { return i.id }

// Info returns what the server knows of the invocation now.
func (i *Invocation) Info() admin.Invocation {
	i.env.t.Helper()
	var now admin.Invocation
	i.await("is not known to the server", func() (err error) {
		now, err = i.look()
		return err
	})
	return now
}

// look returns what the server knows now.
func (i *Invocation) look() (admin.Invocation, error) {
	ctx, cancel := i.env.context()
	defer cancel()
	found, err := i.env.backend.invocations(ctx, admin.InvocationFilter{IDs: []string{i.id}, Statuses: statuses})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("the server has %d such invocations; one that has ended is gone when its retention is over", len(found))
	}
	if err != nil {
		return admin.Invocation{}, err
	}
	return found[0], nil
}

func (i *Invocation) await(what string, check func() error) {
	i.env.t.Helper()
	i.env.eventually("restatetest: the invocation "+i.id+" "+what, check)
}

// Status returns what the invocation does or waits for.
func (i *Invocation) Status() admin.InvocationStatus {
	i.env.t.Helper()
	return i.Info().Status
}

// Retries returns how many attempts have failed since the invocation last suspended. The
// server forgets them when it ends.
func (i *Invocation) Retries() int {
	i.env.t.Helper()
	now := i.Info()
	if now.Status == admin.StatusBackingOff {
		return now.RetryCount // its last attempt has failed
	}
	return max(now.RetryCount-1, 0)
}

// LastFailure returns the error of the last attempt that failed, or the one that the
// invocation has ended with. Empty if there is none, or the server no longer knows.
func (i *Invocation) LastFailure() string {
	i.env.t.Helper()
	now := i.Info()
	if now.Failure != "" {
		return now.Failure
	}
	return now.LastFailure
}

// AwaitStatus waits until the invocation has one of the statuses, and returns what the
// server knows of it then.
func (i *Invocation) AwaitStatus(wanted ...admin.InvocationStatus) admin.Invocation {
	i.env.t.Helper()
	return i.Await(fmt.Sprintf("has the status %v", wanted), func(now admin.Invocation) bool {
		return slices.Contains(wanted, now.Status)
	})
}

// AwaitRetries waits until at least so many attempts have failed since the invocation last
// suspended, and returns what the server knows of it then.
func (i *Invocation) AwaitRetries(least int) admin.Invocation {
	i.env.t.Helper()
	return i.Await(fmt.Sprintf("has failed %d times", least), func(now admin.Invocation) bool {
		return now.RetryCount > least || now.RetryCount == least && now.Status == admin.StatusBackingOff
	})
}

// Await waits until what the server knows of the invocation satisfies a condition, which
// what describes, and returns it.
func (i *Invocation) Await(what string, condition func(admin.Invocation) bool) (now admin.Invocation) {
	i.env.t.Helper()
	i.await("does not come to what is awaited: "+what, func() (err error) {
		if now, err = i.look(); err != nil {
			return err
		}
		if !condition(now) {
			return fmt.Errorf("%s/%s is %s after %d attempts %s", now.Service, now.Handler, now.Status, now.RetryCount, now.LastFailure)
		}
		return nil
	})
	return now
}

// Cancel asks the invocation to stop and to compensate: see admin.Client.CancelInvocation.
func (i *Invocation) Cancel() {
	i.env.t.Helper()
	i.change(verbCancel)
}

// Kill ends the invocation at once, without compensation: see admin.Client.KillInvocation.
func (i *Invocation) Kill() {
	i.env.t.Helper()
	i.change(verbKill)
}

// Pause stops the invocation until it is resumed: see admin.Client.PauseInvocation for when
// that is.
func (i *Invocation) Pause() {
	i.env.t.Helper()
	i.change(verbPause)
}

// Resume continues a paused or suspended invocation, and retries one at once that is backing
// off: see admin.Client.ResumeInvocation.
func (i *Invocation) Resume() {
	i.env.t.Helper()
	i.change(verbResume)
}

// Purge removes the invocation after its end, with its idempotency key: see
// admin.Client.PurgeInvocation.
func (i *Invocation) Purge() {
	i.env.t.Helper()
	i.change(verbPurge)
}

func (i *Invocation) change(v verb) {
	i.env.t.Helper()
	ctx, cancel := i.env.context()
	defer cancel()
	if err := i.env.backend.change(ctx, i.id, v); err != nil {
		i.env.t.Fatalf("restatetest: %s the invocation %s: %v", v, i.id, err)
	}
}
