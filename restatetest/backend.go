package restatetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
)

// backend plays Restate for the applications of a test: a server, or something else that
// runs handlers. Its methods may be called from several goroutines.
type backend interface {
	// configure points an application to the backend. It is called for each application,
	// before this is made. port is the one that its endpoint is to have.
	configure(cfg *fxrestate.Config, port int)
	// serve takes the endpoint of a new application that does not listen, before it starts.
	serve(endpoint http.Handler)
	// started is called when the application has started.
	started(ctx context.Context) error
	// cut takes it away, as a crash of the application does.
	cut()

	// await calls check until it returns nil or ctx ends. Then the error is the last one of
	// check.
	await(ctx context.Context, check func() error) error
	// advance moves the clock, and now returns its time.
	advance(ctx context.Context, d time.Duration) error
	now() time.Time

	// ingressURL and adminURL are the addresses of the HTTP APIs, or empty.
	ingressURL() string
	adminURL() string

	// state returns the state of a virtual object or a workflow, as it is encoded.
	state(ctx context.Context, service, key string) (map[string]json.RawMessage, error)
	// setState replaces it, and returns when state shows the new one.
	setState(ctx context.Context, service, key string, state map[string]json.RawMessage) error

	// invocations returns what a filter selects.
	invocations(ctx context.Context, filter admin.InvocationFilter) ([]admin.Invocation, error)
	// journal returns the entries in the order of their indexes.
	journal(ctx context.Context, id string) ([]Entry, error)
	// change does to an invocation what the verb says.
	change(ctx context.Context, id string, verb verb) error

	// killNode and startNode act on a server of the backend, from 0 on.
	killNode(i int) error
	startNode(ctx context.Context, i int) error
	// startAll starts what is down, together.
	startAll(ctx context.Context) error
	nodes() int

	// logs are for a test that has failed.
	logs() string
	// release gives the backend back at the end of the test. Nobody uses it afterwards.
	release(ctx context.Context) error
}

// verb is what can be done to an invocation.
type verb string

const (
	verbCancel verb = "cancel"
	verbKill   verb = "kill"
	verbPause  verb = "pause"
	verbResume verb = "resume"
	verbPurge  verb = "purge"
)

// errNoSuchNode is returned for a node that the backend does not have.
var errNoSuchNode = errors.New("there is no such node; say how many there are with restatetest.Cluster")
