package rpc_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/rpc"
)

// BenchCallee is what BenchCaller calls.
type BenchCallee struct{}

// BenchMessage is its input and output.
type BenchMessage struct {
	Text string `json:"text"`
}

func (*BenchCallee) Echo(_ restate.Context, in BenchMessage) (BenchMessage, error) { return in, nil }

// BenchCaller runs a benchmark inside an invocation.
type BenchCaller struct {
	callee rpc.Service[*BenchCallee]
	run    func(restate.Context)
}

func (c *BenchCaller) Run(ctx restate.Context) error {
	c.run(ctx)
	return nil
}

// BenchmarkTypedCall compares calls by the SDK's strings with calls by method
// expressions. The result is not waited for: that is the server's time.
func BenchmarkTypedCall(b *testing.B) {
	caller := &BenchCaller{}
	var e *endpoint.Endpoint
	app := fxtest.New(b,
		fxrestate.Module,
		fx.Supply(zap.NewNop(), fxrestate.Config{Endpoint: endpoint.Config{RequestResponse: true}}),
		fxrestate.Service[*BenchCallee](func() *BenchCallee { return &BenchCallee{} }),
		fxrestate.Service[*BenchCaller](func(callee rpc.Service[*BenchCallee]) *BenchCaller {
			caller.callee = callee
			return caller
		}),
		fx.Populate(&e),
	)
	require.NoError(b, app.Err())
	in := BenchMessage{Text: "hello"}
	for _, bench := range []struct {
		name string
		call func(restate.Context) error
	}{
		{"sdk", func(ctx restate.Context) error {
			restate.Service[BenchMessage](ctx, "BenchCallee", "Echo").RequestFuture(in)
			return nil
		}},
		{"typed", func(ctx restate.Context) error {
			_, err := rpc.Start(ctx, caller.callee, (*BenchCallee).Echo, in)
			return err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			ran := false
			caller.run = func(ctx restate.Context) {
				for b.Loop() {
					if err := bench.call(ctx); err != nil {
						b.Error(err)
						return
					}
				}
				ran = true
			}
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/invoke/BenchCaller/Run", bytes.NewReader(protocol.FirstAttempt(string(make([]byte, 24)), "inv_bench", nil)))
			r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
			e.ServeHTTP(httptest.NewRecorder(), r)
			require.True(b, ran)
		})
	}
}
