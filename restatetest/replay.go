package restatetest

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/journal"
	"github.com/fxrestate/go/internal/override"
	"github.com/fxrestate/go/logging"
)

// RecordJournal writes the journal of an invocation into a file, as the command fxrestate
// record does, for [Replay]. redact are the names of what is to be replaced: fields and
// headers in whatever value, and steps, states and handlers ("service/handler") whose values
// are replaced as a whole. The headers authorization, proxy-authorization and cookie always
// are.
//
// A replaced text keeps its length and shape, and gets the same replacement wherever it
// occurs, so that a replay makes of it what was recorded. True, false and null are left.
func RecordJournal(ctx context.Context, server *admin.Client, id, path string, redact ...string) error {
	j, err := journal.Record(ctx, server, id)
	if err != nil {
		return err
	}
	j.Redact(redact...)
	return j.Write(path)
}

// Record writes the journal of the invocation, as it is now, into a file: see
// [RecordJournal]. It needs a server, and not [InProcess].
func (i *Invocation) Record(path string, redact ...string) {
	i.env.t.Helper()
	ctx, cancel := i.env.context()
	defer cancel()
	if i.env.set.inProcess {
		i.env.t.Fatalf("restatetest: Record: a journal to replay is that of a server; leave InProcess out of the test, or compare Journal")
	}
	if err := RecordJournal(ctx, i.env.Admin(), i.id, path, redact...); err != nil {
		i.env.t.Fatalf("restatetest: record %s: %v", i.id, err)
	}
}

// Replay replays the recorded journal of an invocation against the handlers of an
// application, in process and without a server. The test fails, with both entries, if the
// handler does not do what it did when the journal was recorded: deployed in place of the
// version that runs, it could not continue such an invocation.
//
//	func TestInvocationsInFlightSurviveTheDeploy(t *testing.T) {
//		restatetest.Replay(t, "testdata/place.journal.json", app.Module)
//	}
//
// The options are those of fx.New in the application. Its graph is built and not started: no
// hook runs. Steps do not run either, since their results are in the journal. If the journal
// ends before the invocation did, what the handler would do next is cut off.
//
// A value that was redacted is not compared.
func Replay(t testing.TB, path string, opts ...fx.Option) {
	t.Helper()
	kit := &override.App[fxrestate.Config]{
		Config: func(cfg fxrestate.Config) fxrestate.Config {
			pointTo(&cfg, "http://127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1", 1) // nobody is asked
			return cfg
		},
		Log: logging.NewConsole(t.Output(), logging.ConsoleOptions{}),
	}
	var of parts
	app := fx.New(append(slices.Clone(opts), fx.Supply(kit), fx.Invoke(func(p parts) error {
		if p.Endpoint == nil {
			return errNoModule
		}
		of = p
		return nil
	}))...)
	if err := explained(app.Err()); err != nil {
		t.Fatalf("restatetest: Replay: %v", err)
	}
	ReplayHandler(t, path, of.Endpoint)
}

// ReplayHandler is [Replay] for handlers that are served without fx, as an
// [endpoint.Endpoint] or the SDK's own server does.
func ReplayHandler(t testing.TB, path string, handler http.Handler) {
	t.Helper()
	j, err := journal.Read(path)
	if err != nil {
		t.Fatalf("restatetest: Replay: %v", err)
	}
	if err := j.Replay(handler); err != nil {
		t.Fatalf("restatetest: %s: %v", path, err)
	}
}
