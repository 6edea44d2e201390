package runner_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
)

// Whatever comes in is answered, and nothing panics.
func FuzzIngress(f *testing.F) {
	r, err := runner.New(played(func(_ int, w http.ResponseWriter) {
		write(w, &protocol.Output{Result: protocol.Succeeded(nil)}, &protocol.End{})
	}), runner.Config{})
	require.NoError(f, err)
	f.Cleanup(r.Close)
	ingress := r.Ingress()
	f.Add("POST", "/Played/Play", "", "")
	f.Add("POST", "/restate/send/Played/Play", "delay=PT1S", "x")
	f.Add("GET", "/restate/invocation/Played/Play/key/output", "", "")
	f.Add("POST", "/restate/lookup", "", `{"target":"workflow","workflowName":"a","workflowKey":"b"}`)
	f.Add("POST", "/restate/a/sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ/resolve", "", "x")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		u, err := url.Parse("http://localhost" + path)
		if err != nil {
			return
		}
		u.RawQuery = query
		q, err := http.NewRequestWithContext(ended(t), method, u.String(), strings.NewReader(body))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		ingress.ServeHTTP(w, q)
		require.GreaterOrEqual(t, w.Code, 200)
		require.Less(t, w.Code, 600)
	})
}

// ended is a context that has ended: nobody waits.
func ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// Whatever an application writes fails its attempt at most.
func FuzzAttempt(f *testing.F) {
	f.Add([]byte{})
	for _, m := range []protocol.Message{
		&protocol.Run{CompletionID: 1}, &protocol.Sleep{CompletionID: 1, WakeUpTime: 1 << 63},
		&protocol.Call{Service: "Played", Handler: "Play", CompletionID: 1, InvocationIDCompletionID: 2},
		&protocol.OneWayCall{Service: "Played", Handler: "Play", InvocationIDCompletionID: 2, InvokeTime: 1 << 62},
		&protocol.SetState{Key: []byte("k")}, &protocol.GetPromise{Key: "k", CompletionID: 1},
		&protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Succeeded(nil)},
		&protocol.SendSignal{TargetInvocationID: "inv_1"}, &protocol.CompleteAwakeable{AwakeableID: "sign_1"},
		&protocol.AttachInvocation{CompletionID: 1}, &protocol.GetInvocationOutput{CompletionID: 1},
		&protocol.Suspension{WaitingCompletions: []uint32{1}}, &protocol.Error{Code: 1, Message: "x"}, &protocol.End{},
	} {
		f.Add(protocol.AppendMessage(nil, m))
	}
	f.Fuzz(func(t *testing.T, written []byte) {
		r, err := runner.New(played(func(n int, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/vnd.restate.invocation.v6")
			if n == 1 {
				_, _ = w.Write(written)
			} else {
				write(w, &protocol.Output{Result: protocol.Succeeded(nil)}, &protocol.End{})
			}
		}), runner.Config{ManualClock: true})
		require.NoError(t, err)
		defer r.Close()
		id := send(t, r, runner.Request{Service: "Played", Handler: "Play"})
		require.NoError(t, r.Settle(ctxOf(t)))
		inv, err := r.Invocation(id)
		require.NoError(t, err)
		require.NotEqual(t, runner.Running, inv.Status)
	})
}
