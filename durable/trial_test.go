package durable_test

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Trial runs the code of a test as a handler. attempt counts from one.
type Trial struct {
	attempts atomic.Int32
	code     func(ctx restate.Context, attempt int32) (string, error)
}

func (t *Trial) Do(ctx restate.Context) (string, error) { return t.code(ctx, t.attempts.Add(1)) }

// trialAttempts is how often a trial is tried before it is killed.
const trialAttempts = 3

// outcome is what became of a trial.
type outcome struct {
	Status   int
	Body     string
	Attempts int32
}

// try runs code in an application with the settings of cfg.
func try(t *testing.T, cfg fxrestate.Config, code func(ctx restate.Context, attempt int32) (string, error), opts ...fx.Option) outcome {
	t.Helper()
	trial, name := &Trial{code: code}, testkit.Unique("trial")
	base := testkit.Config()
	cfg.Ingress, cfg.Admin, cfg.Register = base.Ingress, base.Admin, base.Register
	cfg.Endpoint.Addr = base.Endpoint.Addr
	testkit.StartWith(t, cfg, append(opts,
		fxrestate.Service[*Trial](func() *Trial { return trial }, fxrestate.Name(name), testkit.RetryAtOnce(trialAttempts)))...)
	a := testkit.Post(t, testkit.Path(name, "Do"), nil)
	return outcome{a.Status, string(a.Body), trial.attempts.Load()}
}

// returns requires the result of a trial.
func (o outcome) returns(t *testing.T, want string) {
	t.Helper()
	require.Equal(t, http.StatusOK, o.Status, o.Body)
	var got string
	require.NoError(t, json.Unmarshal([]byte(o.Body), &got))
	require.Equal(t, want, got)
}

// fails requires the failure of a trial.
func (o outcome) fails(t *testing.T, code int, message string) {
	t.Helper()
	require.Equal(t, code, o.Status, o.Body)
	var got struct{ Message string }
	require.NoError(t, json.Unmarshal([]byte(o.Body), &got))
	require.Equal(t, message, got.Message)
}
