package handlers_test

import (
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Addressee tells what came with its invocation.
type Addressee struct{}

// Envelope has headers as the caller sent them, and as Restate sends them with an
// attempt.
type Envelope struct {
	Request map[string]string
	Attempt http.Header
}

// Envelopes looks before and after it has waited.
func (Addressee) Envelopes(ctx restate.Context) ([]Envelope, error) {
	look := func() Envelope { return Envelope{ctx.Request().Headers.ToMap(), ctx.Request().AttemptHeaders} }
	// What differs between attempts has to be journaled.
	first, err := restate.Run(ctx, func(restate.RunContext) (Envelope, error) { return look(), nil })
	if err != nil {
		return nil, err
	}
	if err := restate.Sleep(ctx, 10*time.Millisecond); err != nil {
		return nil, err
	}
	return []Envelope{first, look()}, nil
}

func startAddressee(t *testing.T) string {
	name := testkit.Unique("addressee")
	testkit.Start(t, fxrestate.Service[Addressee](testkit.Made(Addressee{}), fxrestate.Name(name)))
	return name
}

func TestHeadersOfTheCallerAreToldFromThoseOfAnAttempt(t *testing.T) {
	t.Parallel()
	name := startAddressee(t)
	const sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := testkit.Decode[[]Envelope](t, testkit.Post(t, testkit.Path(name, "Envelopes"), nil, "Traceparent", sent, "X-Own", "own"))
	require.Len(t, got, 2)
	for _, e := range got {
		require.Equal(t, sent, e.Request["traceparent"])
		require.Equal(t, "own", e.Request["x-own"])
		require.NotContains(t, e.Request, "content-type", "there was no body")
		require.Empty(t, e.Attempt.Values("X-Own"))
		require.NotEqual(t, sent, e.Attempt.Get("Traceparent"))
		require.NotEmpty(t, e.Attempt.Get("X-Restate-Invocation-Id"))
		require.Regexp(t, `^application/vnd\.restate\.invocation\.v\d+$`, e.Attempt.Get("Content-Type"))
	}
	require.Equal(t, got[0].Request, got[1].Request, "all attempts see the same")
}
