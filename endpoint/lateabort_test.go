package endpoint_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/protocol"
)

// Forgetful returns while another goroutine sleeps with its ctx.
type Forgetful struct {
	attempts chan (<-chan struct{}) // closed when the attempt is over
}

func (f Forgetful) Return(ctx restate.Context) (string, error) {
	f.attempts <- ctx.Done()
	go func() {
		for met(ctx) {
		}
	}()
	for !sleeping(ctx) {
		time.Sleep(10 * time.Microsecond)
	}
	return "returned", nil
}

// met sleeps, and reports whether it met the handler in an operation of ctx instead.
func met(ctx restate.Context) (met bool) {
	defer func() {
		if p, ok := recover().(error); ok {
			met = errors.Is(p, durable.ErrConcurrentUse)
		}
	}()
	return errors.Is(restate.Sleep(ctx, 24*time.Hour), durable.ErrConcurrentUse)
}

// sleeping reports whether another goroutine is inside an operation of ctx.
func sleeping(ctx restate.Context) (inside bool) {
	defer func() { inside = recover() != nil }()
	restate.Rand(ctx)
	return false
}

// chatter is the body of a request in which messages come in until the attempt is over:
// signals that nobody waits for.
type chatter struct {
	first   []byte
	attempt <-chan (<-chan struct{})
	over    <-chan struct{}
	after   int // messages since then
}

func (c *chatter) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	if c.over == nil {
		c.over = <-c.attempt
	}
	select {
	case <-c.over:
		if c.after++; c.after > 3 {
			return 0, io.EOF
		}
	default:
	}
	return copy(p, protocol.AppendMessage(nil, &protocol.SignalNotification{Signal: protocol.Signal{Index: new(uint32(99))}, Result: protocol.Void()})), nil
}

// The abort of what another goroutine is inside of ends the SDK's input, too. Whether
// the goroutine sees that first is chance, so that there are many attempts.
func TestAHandlerThatReturnedIsNeverSuspended(t *testing.T) {
	t.Parallel()
	f := Forgetful{attempts: make(chan (<-chan struct{}), 1)}
	e, _ := start(t, endpoint.Config{}, define(t, "forgetful", f))
	returned := 0
	for range 200 {
		body := &chatter{first: invocationOf("1", ""), attempt: f.attempts}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invoke/forgetful/Return", io.NopCloser(body))
		r.ProtoMajor, r.ProtoMinor = 2, 0
		r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		for _, m := range messagesOf(t, w.Body.Bytes()) {
			require.NotEqual(t, protocol.TypeSuspension, m.Type(), "the invocation would wait for ever")
			if m.Type() == protocol.TypeOutput {
				returned++
			}
		}
	}
	require.Positive(t, returned)
}
