package deployment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
	"github.com/fxrestate/go/internal/tally"
)

// OnMetadataChange is told how the metadata of services has changed, before the server
// learns of it. It can cancel or pause invocations through the client, tell somebody, or
// return an error to abort the registration. It is called once for the same changes, also
// where the registration is tried again. It must end with ctx, which ends with the start
// of the application, and after a minute at the latest.
type OnMetadataChange func(ctx context.Context, changes []MetadataChange, client *admin.Client) error

// MetadataChange is a service whose metadata differs from that of the deployment that is
// registered.
type MetadataChange struct {
	Service string `json:"service"`
	// Kind of the service; KindUnknown if this application does not have it any more.
	Kind Kind `json:"kind"`
	// Old is nil if the deployment that is registered has no metadata of the service.
	Old map[string]string `json:"old"`
	// New is nil if the service has no metadata any more.
	New map[string]string `json:"new"`
}

// Kind is the kind of a service in a [MetadataChange].
type Kind string

// The kinds of services.
const (
	KindService       Kind = "service"
	KindVirtualObject Kind = "virtualObject"
	KindWorkflow      Kind = "workflow"
	KindUnknown       Kind = "unknown"
)

func kindOf(discovered string) Kind {
	switch discovered {
	case "SERVICE":
		return KindService
	case "VIRTUAL_OBJECT":
		return KindVirtualObject
	case "WORKFLOW":
		return KindWorkflow
	default:
		return KindUnknown
	}
}

// metadataChanges compares the metadata of services, sorted by name.
func metadataChanges(old map[string]map[string]string, m *manifest.Manifest) []MetadataChange {
	current := serviceMetadata(m)
	kinds := map[string]Kind{}
	for _, s := range m.Services {
		kinds[s.Name] = kindOf(s.Type)
	}
	names := map[string]bool{}
	for name := range old {
		names[name] = true
	}
	for name := range current {
		names[name] = true
	}
	var changes []MetadataChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if maps.Equal(old[name], current[name]) {
			continue
		}
		changes = append(changes, MetadataChange{
			Service: name, Kind: cmp.Or(kinds[name], KindUnknown), Old: old[name], New: current[name],
		})
	}
	return changes
}

// AbortedError reports that Config.OnDeploymentMetadataChange returned an error, panicked
// or did not end in time. Nothing was registered.
type AbortedError struct {
	Changes []MetadataChange
	// Err is the error of the hook, or says how it failed.
	Err error
}

// Error names the services that have changed.
func (e *AbortedError) Error() string {
	names := make([]string, len(e.Changes))
	for i, change := range e.Changes {
		names[i] = change.Service
	}
	return fmt.Sprintf("OnDeploymentMetadataChange aborted the registration, and the deployment from before stays; changed metadata of %s: %v",
		quoted(names), e.Err)
}

// Unwrap returns the hook's error.
func (e *AbortedError) Unwrap() error { return e.Err }

// cloned returns changes that share nothing with the others: a hook may change its
// arguments, even after it was given up.
func cloned(changes []MetadataChange) []MetadataChange {
	out := slices.Clone(changes)
	for i := range out {
		out[i].Old, out[i].New = maps.Clone(out[i].Old), maps.Clone(out[i].New)
	}
	return out
}

// hookTimeout bounds a call of the hook.
const hookTimeout = time.Minute

var errHookTimeout = fmt.Errorf("%s have passed", hookTimeout)

// tell calls the hook for changes that it has not been told of in this process. The
// hook runs in a goroutine of its own, since it might never return.
func (r *run) tell(ctx context.Context, changes []MetadataChange) error {
	hook := r.config.OnDeploymentMetadataChange
	if hook == nil || len(changes) == 0 || reflect.DeepEqual(changes, r.told) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, hookTimeout, errHookTimeout)
	defer cancel()
	done, forHook := make(chan error, 1), cloned(changes)
	go func() {
		err := errors.New("it ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				r.log.ErrorContext(ctx, "OnDeploymentMetadataChange panicked", "panic", v, "stack", string(debug.Stack()))
				err = fmt.Errorf("it panicked: %v", v)
			}
			done <- err
		}()
		err = hook(ctx, forHook, r.client)
	}()
	began, reminder, look := time.Now(), tally.Reminder{}, time.NewTicker(time.Second)
	defer look.Stop()
	reminder.Due() // the first line comes after an interval
	for {
		select {
		case err := <-done:
			if err != nil {
				return &AbortedError{Changes: changes, Err: err}
			}
			r.told = changes
			return nil
		case <-ctx.Done():
			return &AbortedError{Changes: changes, Err: fmt.Errorf("it has not returned: %w", context.Cause(ctx))}
		case <-look.C:
			if reminder.Due() {
				r.log.WarnContext(ctx, "waiting for OnDeploymentMetadataChange to return", "url", r.url, "elapsed", time.Since(began))
			}
		}
	}
}
