package endpoint_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// Stubborn fails twice, and then computes until it is released.
type Stubborn struct {
	attempts atomic.Int64
	begun    chan string
	release  chan struct{}
}

// Go fails twice.
func (s *Stubborn) Go(ctx restate.Context) error {
	if s.attempts.Add(1) <= 2 {
		return errors.New("not yet")
	}
	return s.Wait(ctx)
}

// Wait computes until it is released.
func (s *Stubborn) Wait(ctx restate.Context) error {
	s.begun <- ctx.Request().ID
	<-s.release
	return nil
}

func TestAttemptsInFlightAreListed(t *testing.T) {
	t.Parallel()
	s := &Stubborn{begun: make(chan string, 100), release: make(chan struct{})}
	e, _ := start(t, endpoint.Config{}, define(t, name(t), s, testkit.RetrySoon()))
	register(t, url(e))
	require.Empty(t, e.Attempts(10))
	began := time.Now()
	tried := testkit.Submit(t, "/"+name(t)+"/Go", nil)
	require.Equal(t, tried, testkit.Receive(t, s.begun))
	younger := testkit.Submit(t, "/"+name(t)+"/Wait", nil)
	require.Equal(t, younger, testkit.Receive(t, s.begun))

	list := e.Attempts(10)
	require.Len(t, list, 2)
	require.Equal(t, []string{name(t) + "/Go", name(t) + "/Wait"}, []string{list[0].Target, list[1].Target}, "those that run longest are first")
	require.Equal(t, []string{tried, younger}, []string{list[0].InvocationID, list[1].InvocationID})
	require.GreaterOrEqual(t, list[0].Number, 3)
	require.Equal(t, 1, list[1].Number)
	require.False(t, list[0].Since.Before(began) || list[1].Since.Before(list[0].Since) || list[1].Since.After(time.Now()))
	require.Equal(t, list[:1], e.Attempts(1))
	require.Empty(t, e.Attempts(0))
	require.Empty(t, e.Attempts(-1))
	close(s.release)
	testkit.Attach(t, tried)
	testkit.Attach(t, younger)
	testkit.Until(t, func() bool { return len(e.Attempts(10)) == 0 }, "they have ended")
}
