package restatetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/tail"
)

// inProcess is a runner as the backend of a test.
type inProcess struct {
	runner  *runner.Runner
	log     tail.Writer
	ingress *http.Server
	url     string
	done    chan struct{} // closed when the ingress serves no more

	mu      sync.Mutex
	pending http.Handler // the endpoint of an application that starts
}

func newInProcess(set settings) (*inProcess, error) {
	b := &inProcess{done: make(chan struct{})}
	cfg := runner.Config{AlwaysReplay: set.replay, ManualClock: set.manualClock, OneAttempt: set.noRetries, Stubs: set.stubs, Log: b.logf}
	if set.noRetries {
		retry := runner.DefaultRetryPolicy()
		retry.Kill = true
		cfg.Retry = &retry
	}
	var err error
	if b.runner, err = runner.New(nil, cfg); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.runner.Close()
		return nil, fmt.Errorf("restatetest: the ingress of the runner: %w", err)
	}
	b.url = "http://" + l.Addr().String()
	b.ingress = &http.Server{Handler: b.routes(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(&b.log, "", 0)}
	go func() {
		defer close(b.done)
		_ = b.ingress.Serve(l) // a failure of the listener shows in each request
	}()
	return b, nil
}

// adminPath is below the ingress, where no service is: its name begins with a dot.
const adminPath = "/.admin"

func (b *inProcess) routes() http.Handler {
	noAdmin := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotImplemented)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"message": "restatetest.InProcess has no admin API; use the methods of Env, or leave InProcess out of the test",
		})
	}
	ingress := b.runner.Ingress()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, adminPath+"/") {
			noAdmin(w, r)
			return
		}
		// What starts after the endpoint may call handlers while the application starts.
		if err := b.started(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		ingress.ServeHTTP(w, r)
	})
}

func (b *inProcess) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(&b.log, format+"\n", args...)
}

// configure leaves nothing to register and no port: the runner is given the endpoint itself.
func (b *inProcess) configure(cfg *fxrestate.Config, port int) {
	pointTo(cfg, b.url, b.url+adminPath, "127.0.0.1", port)
	cfg.Register = nil
	cfg.Endpoint.Version = endpoint.Version{}
	cfg.Endpoint.Mode, cfg.Endpoint.Addr = endpoint.Mounted, "" // which does not listen
}

func (b *inProcess) serve(h http.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Handlers have the clock of the runner, which durable.Now asks.
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), scope.ClockKey{}, b.runner.Now)))
	})
}

// started gives the runner the application that was built last.
func (b *inProcess) started(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending == nil {
		return nil
	}
	if err := b.runner.SwapHandler(b.pending); err != nil {
		return err
	}
	b.pending = nil
	return nil
}

func (b *inProcess) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = nil
	_ = b.runner.SwapHandler(nil) // without a handler there is nothing to discover
}

func (b *inProcess) ingressURL() string { return b.url }
func (b *inProcess) adminURL() string   { return b.url + adminPath }

func (b *inProcess) state(_ context.Context, service, key string) (map[string]json.RawMessage, error) {
	state := map[string]json.RawMessage{}
	for name, value := range b.runner.State(service, key) {
		state[name] = value
	}
	return state, nil
}

func (b *inProcess) setState(ctx context.Context, service, key string, state map[string]json.RawMessage) error {
	to := make(map[string][]byte, len(state))
	for name, value := range state {
		to[name] = value
	}
	b.runner.SetState(service, key, to)
	return b.await(ctx, func() error {
		now, _ := b.state(ctx, service, key)
		return sameState(service, key, now, state)
	})
}

func (b *inProcess) invocations(_ context.Context, f admin.InvocationFilter) ([]admin.Invocation, error) {
	var found []admin.Invocation
	for _, v := range b.runner.Invocations() {
		if len(f.IDs) > 0 && !slices.Contains(f.IDs, v.ID) || len(f.Services) > 0 && !slices.Contains(f.Services, v.Request.Service) {
			continue
		}
		found = append(found, invocationOf(v))
	}
	return found, nil
}

// invocationOf returns what the admin client returns of such an invocation.
func invocationOf(v runner.Invocation) admin.Invocation {
	i := admin.Invocation{
		ID: v.ID, Service: v.Request.Service, Handler: v.Request.Handler, Key: v.Request.Key,
		Status: admin.InvocationStatus(v.Status), CreatedAt: v.Created, ModifiedAt: v.Modified,
		RetryCount: v.Retries, NextRetryAt: v.NextAttempt,
	}
	if v.Err != nil {
		i.Failure = httpclient.OneLine(fmt.Sprintf("[%d] %s", v.Err.Code, v.Err.Message), maxFailure)
	}
	if v.LastFailure != nil && v.Status != runner.Completed {
		i.LastFailure = v.LastFailure.Message
		if v.Status != runner.Paused {
			i.LastFailure = fmt.Sprintf("[%s] %s", codeName(v.LastFailure.Code), i.LastFailure)
		}
		i.LastFailure = httpclient.OneLine(i.LastFailure, maxFailure)
		i.LastFailureCode = "RT0007"
		if v.LastFailure.Code == protocol.CodeJournalMismatch {
			i.LastFailureCode = "RT0016"
		}
	}
	return i
}

// codeNames are those of the server.
var codeNames = map[uint32]string{
	400: "Bad request", 404: "Not found", 409: "Aborted", 410: "Gone", 415: "Unsupported media type", 470: "Not ready",
	500: "Internal", 570: "Journal mismatch", 571: "Protocol violation", 572: "Awaiting two async results", 573: "Unsupported feature",
}

func codeName(code uint32) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, codeNames[code]))
}

// maxFailure is how long a failure may be, as in package admin.
const maxFailure = 1000

func (b *inProcess) journal(_ context.Context, id string) ([]Entry, error) {
	v, err := b.runner.Invocation(id)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(v.Journal))
	for i, e := range v.Journal {
		if entries[i], err = entryOf(e); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// entryOf returns what a server's journal has of such an entry.
func entryOf(e runner.Entry) (Entry, error) {
	out := Entry{Index: e.Index, Type: e.Type, Name: e.Name, Key: e.Key, Target: e.Target, Raw: e.Frame.Body}
	m, err := protocol.Decode(e.Frame)
	if err != nil {
		return out, fmt.Errorf("entry %d: %w", e.Index, err)
	}
	out.Content, err = json.Marshal(m)
	return out, err
}

func (b *inProcess) change(_ context.Context, id string, v verb) error {
	switch v {
	case verbCancel:
		return b.runner.Cancel(id)
	case verbKill:
		return b.runner.Kill(id)
	case verbPause:
		return b.runner.Pause(id)
	case verbResume:
		return b.runner.Resume(id)
	case verbPurge:
		return b.runner.Purge(id)
	default:
		return fmt.Errorf("unknown verb %q", v)
	}
}

// await calls check until it returns nil or ctx ends: at once, when nothing runs, and after
// each jump of the clock.
func (b *inProcess) await(ctx context.Context, check func() error) error {
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		err := check()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if b.settle(ctx, pause) {
			if err = check(); err == nil {
				return nil
			}
			if b.runner.Jump() {
				pause = firstPoll
				continue
			}
			sleep(ctx, pause) // for what happens outside
		}
	}
}

// settle reports whether nothing runs before a time has passed.
func (b *inProcess) settle(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return b.runner.Settle(ctx) == nil
}

func (b *inProcess) advance(ctx context.Context, d time.Duration) error {
	return b.runner.Advance(ctx, d)
}
func (b *inProcess) now() time.Time { return b.runner.Now() }

// errNoServer is returned for what only a server can do.
var errNoServer = errors.New("the test has no server; leave restatetest.InProcess out of it")

func (b *inProcess) nodes() int                           { return 1 }
func (b *inProcess) killNode(int) error                   { return errNoServer }
func (b *inProcess) startNode(context.Context, int) error { return errNoServer }
func (b *inProcess) startAll(context.Context) error       { return errNoServer }
func (b *inProcess) logs() string                         { return b.log.String() }

// release ends the runner, which cuts what runs.
func (b *inProcess) release(context.Context) error {
	err := b.ingress.Close()
	<-b.done
	b.runner.Close()
	return err
}
