package integration_test

import (
	"errors"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

// Crowd uses its context from two goroutines at a time.
type Crowd struct{}

func (Crowd) Do(ctx restate.Context) error {
	ended, begin := make(chan error, 2), make(chan struct{})
	for range 2 {
		go func() {
			defer func() {
				err, _ := recover().(error)
				ended <- err
			}()
			<-begin
			for n := 0; n < 300 && len(ended) == 0; n++ {
				restate.After(ctx, never)
			}
		}()
	}
	close(begin)
	return restate.ToTerminalError(errors.Join(errors.New("over"), <-ended, <-ended))
}

func TestContextThatGoroutinesShareIsAMistakeThatTheSDKReports(t *testing.T) {
	t.Parallel()
	name := unique("crowd")
	start(t, fxrestate.Service[Crowd](made(Crowd{}), fxrestate.Name(name)))
	eventually(t, func() error { // they have to meet
		if got := failed(t, call(t, path(name, "Do"), nil)).Message; !strings.Contains(got, "Concurrent context use detected") {
			return errors.New(got)
		}
		return nil
	})
}
