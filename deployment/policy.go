package deployment

import (
	"fmt"
	"strings"
)

// Mode says when an application is registered.
type Mode string

// The modes of a registration.
const (
	// Development registers at every start, and replaces what the server knows about the
	// URL. It is the default.
	Development Mode = "development"
	// Production registers only what has changed: the server keeps a hash of the
	// interface with the deployment ([InterfaceHashKey]), and a start with the same one
	// makes a single GET request. What would endanger invocations in flight is refused
	// unless a policy allows it.
	Production Mode = "production"
	// DryRun logs the plan and registers nothing. The server still asks the endpoint
	// what it serves, and the application goes on. With Config.Required a plan that
	// would be refused fails the start. For a pipeline there is [Registrar.Plan].
	DryRun Mode = "dry-run"
	// Manual does not call the admin API: something else registers the endpoint, such as
	// a pipeline or the Kubernetes operator.
	Manual Mode = "manual"
)

// InPlace says what happens to a deployment that has invocations in flight when its URL
// gets another interface. Their journals were written by the handlers that were there
// before, and may not fit the new ones.
type InPlace string

// The policies for invocations in flight.
const (
	// Proceed replaces the deployment at once and logs how many invocations are in
	// flight. It is the default in [Development].
	Proceed InPlace = "proceed"
	// WaitDrained waits until the invocations have completed that were in flight when
	// the wait began, for at most Config.DrainLimit, and then replaces the deployment.
	// Until then the server knows only the handlers that were there before. They complete
	// on processes of the version before that still run, or else on this one.
	WaitDrained InPlace = "wait-drained"
	// Refuse fails with an [*InFlightError], which lists the invocations and the ways
	// out. It is the default in [Production]. An application that does not end with that
	// (Config.Required) answers all invocations 503, new ones too, which counts as no
	// attempt, and asks every 30 seconds: it registers once none is in flight. That
	// takes processes of the version before, or somebody who kills the invocations.
	Refuse InPlace = "refuse"
	// PauseAndList pauses the invocations that run or back off, logs each that is in
	// flight with its status, and replaces the deployment. Paused invocations stay until
	// somebody resumes or cancels them. The server cannot pause those that are suspended:
	// they go on with the new handlers.
	PauseAndList InPlace = "pause-and-list"
)

// Holds reports whether the policy keeps invocations in flight from the new handlers, so
// that the endpoint should not run any before the registration.
func (c Config) Holds() bool {
	switch c.WithDefaults().InPlace {
	case Refuse, PauseAndList:
		return c.Mode != DryRun && c.Mode != Manual
	default:
		return false
	}
}

// Superseded says what happens if the server knows the URL with this very interface, but
// sends new invocations of its services to another deployment: a rollback, or an old
// process that was started again.
type Superseded string

// The policies for a superseded deployment.
const (
	// TakeOver registers again, so that new invocations come here. It is the default in
	// [Development]. An old process that crashes and starts again while it drains takes
	// over, too.
	TakeOver Superseded = "take-over"
	// RefuseSuperseded fails with a [*SupersededError]. It is the default in
	// [Production].
	RefuseSuperseded Superseded = "refuse"
	// ServePinned leaves it so with a line in the log: the application serves the
	// invocations that began here. It is for processes that stay until they have
	// drained.
	ServePinned Superseded = "serve-pinned"
)

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if value == "" {
		return nil
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		if value == a {
			return nil
		}
		words[i] = fmt.Sprintf("%q", string(a))
	}
	return fmt.Errorf("deployment: %s is %q, want one of %s", field, string(value), strings.Join(words, ", "))
}
