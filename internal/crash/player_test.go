package crash

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// serving returns what serves a handler struct to Restate.
func serving[T any](t testing.TB, name string, receiver T, opts ...restate.ServiceDefinitionOption) http.Handler {
	t.Helper()
	d, err := handler.Spec{Type: reflect.TypeFor[T](), Name: name, Options: opts}.Describe()
	require.NoError(t, err)
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, endpoint.Definition(d, receiver))
	require.NoError(t, err)
	return e
}

// player plays Restate to one invocation. It completes commands at once: sleeps, and
// calls with null.
type player struct {
	t       testing.TB
	in      *Injector
	process func() http.Handler // of a new process

	service, handler, key, input string
	id                           string // of 24 bytes
	stored                       []protocol.Frame
	state                        map[string][]byte
	attempts                     int
	halves                       int         // attempts whose last frame came in part
	stop                         func() bool // it never ends; nil: it does
	output                       *protocol.Output
	failures                     []*protocol.Error
}

// play invokes a handler, as often as it takes, and returns what it came to.
func (p *player) play() string {
	p.t.Helper()
	if p.id == "" {
		p.id = "0123456789abcdefghijklmn"
	}
	h := p.in.Process(p.process())
	p.stored = []protocol.Frame{protocol.Encode(&protocol.Input{Value: &protocol.Value{Content: []byte(p.input)}})}
	for ended := false; !ended && (p.stop == nil || !p.stop()); {
		require.Less(p.t, p.attempts, 50, "it does not come to an end: %v", p.failures)
		p.attempts++
		var died bool
		if ended, died = p.attempt(h); died {
			h = p.in.Process(p.process())
		}
	}
	if p.stop != nil {
		return ""
	}
	require.NotNil(p.t, p.output)
	return result(p.output.Result)
}

// attempt reports whether the invocation has ended, and whether the process has died.
func (p *player) attempt(h http.Handler) (ended, died bool) {
	start := &protocol.Start{ID: []byte(p.id), DebugID: "inv_1" + p.id, Key: p.key, RandomSeed: 7}
	for k, v := range p.state {
		start.State = append(start.State, protocol.StateEntry{Key: []byte(k), Value: v})
	}
	var written *tap
	a := runtime.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		written = &tap{ResponseWriter: w}
		h.ServeHTTP(written, r)
	}), runtime.Request{
		Service: p.service, Handler: p.handler, Start: start, Journal: p.stored, OnMessage: p.store,
	})
	select {
	case <-a.Done():
	case <-p.in.Died():
		died = true
		a.Cut()
	}
	e := a.Wait()
	if _, err := protocol.Split(written.bytes); err != nil {
		p.halves++
	}
	if e.Kind == runtime.Failed {
		p.failures = append(p.failures, e.Error)
	}
	p.output = e.Output
	return e.Kind == runtime.Completed, died
}

// tap keeps what is written.
type tap struct {
	http.ResponseWriter
	bytes []byte
}

func (t *tap) Write(b []byte) (int, error) {
	t.bytes = append(t.bytes, b...)
	return t.ResponseWriter.Write(b)
}

func (t *tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// store takes an entry.
func (p *player) store(a *runtime.Attempt, f protocol.Frame) {
	asks := f.Flags&protocol.FlagRequestedAck != 0
	f.Flags = 0
	m, err := protocol.Decode(f)
	require.NoError(p.t, err)
	if proposal, ok := m.(*protocol.ProposeRunCompletion); ok {
		p.notify(a, protocol.TypeRunCompletion, proposal.CompletionID, proposal.Result)
		return
	}
	p.stored = append(p.stored, f)
	if asks {
		a.Push(protocol.Encode(&protocol.CommandAck{CommandIndex: 1}))
	}
	switch m := m.(type) {
	case *protocol.Sleep:
		p.notify(a, protocol.TypeSleepCompletion, m.CompletionID, protocol.Void())
	case *protocol.Call:
		p.notify(a, protocol.TypeCallInvocationIDCompletion, m.InvocationIDCompletionID, protocol.InvocationID(fmt.Sprintf("inv_1child%d", p.attempts)))
		p.notify(a, protocol.TypeCallCompletion, m.CompletionID, protocol.Succeeded([]byte("null")))
	case *protocol.SetState:
		p.state[string(m.Key)] = m.Value.Content
	}
}

func (p *player) notify(a *runtime.Attempt, of protocol.Type, id uint32, r protocol.Result) {
	f := protocol.Encode(&protocol.Notification{Of: of, CompletionID: id, Result: r})
	p.stored = append(p.stored, f)
	a.Push(f)
}
