package durable_test

import (
	"bytes"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// TwoSteps counts its attempts.
type TwoSteps struct{ attempts atomic.Int32 }

func (s *TwoSteps) Take(ctx restate.Context) (int, error) {
	s.attempts.Add(1)
	step := func(restate.RunContext) (int, error) { return 1, nil }
	one, err := restate.Run(ctx, step)
	if err != nil {
		return 0, err
	}
	two, err := restate.Run(ctx, step)
	return one + two, err
}

// Each test holds in both runs, so all would hold if the server took no notice of
// its setting.
func TestTheServerSuspendsAttemptsInTheSecondRunAlone(t *testing.T) {
	t.Parallel()
	s, name := &TwoSteps{}, testkit.Unique("twosteps")
	a := testkit.Start(t, fxrestate.Service[*TwoSteps](testkit.Made(s), fxrestate.Name(name)))
	require.Equal(t, 2, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Take"), nil)))
	suspensions := len(a.Lines("Suspending invocation"))
	if testkit.AlwaysReplay() {
		require.Greater(t, s.attempts.Load(), int32(1))
		require.NotZero(t, suspensions)
	} else {
		require.EqualValues(t, 1, s.attempts.Load())
		require.Zero(t, suspensions)
	}
}

func TestTheSecondRunEndsWhenTheFirstHasGone(t *testing.T) {
	t.Parallel()
	again := exec.Command(os.Args[0], "-test.run=^TestTheServerSuspendsAttemptsInTheSecondRunAlone$")
	again.Env = append(os.Environ(), testkit.AlwaysReplayEnv+"=1")
	var stderr bytes.Buffer
	again.Stderr = &stderr // and no standard input
	var exit *exec.ExitError
	require.ErrorAs(t, again.Run(), &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, stderr.String(), "the first run of the tests has gone")
}
