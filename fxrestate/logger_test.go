package fxrestate_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// output is what a handler of the application's own wrote.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// talker logs around a suspension.
type talker struct{ log *slog.Logger }

func (t *talker) Talk(ctx restate.Context) error {
	t.log.InfoContext(ctx, "before")
	ctx.Log().Info("before, by the context")
	if err := restate.Sleep(ctx, 50*time.Millisecond); err != nil {
		return err
	}
	t.log.InfoContext(ctx, "after")
	return nil
}

func TestTheHandlerOfTheApplicationIsWrapped(t *testing.T) {
	t.Parallel()
	require.NoError(t, testkit.CompileCore())
	var out output
	name, cfg := testkit.Unique("talker"), testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithInactivityTimeout(0)}
	app := fxtest.New(t, fxrestate.Module, fx.Supply(cfg), fx.StartTimeout(testkit.Within), fx.StopTimeout(testkit.Within),
		fx.Provide(func() slog.Handler { return slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}) }),
		fxrestate.Service[*talker](func(log *slog.Logger) *talker { return &talker{log.With("mine", true)} }, fxrestate.Name(name)))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	require.Equal(t, 200, testkit.Post(t, "/"+name+"/Talk", nil).Status)
	for message, times := range map[string]int{
		"msg=before mine=true": 1, `msg="before, by the context"`: 1, "msg=after mine=true": 1,
		`msg="registered with Restate"`: 1,
	} {
		require.Equal(t, times, strings.Count(out.text(), message), "%s in\n%s", message, out.text())
	}
	require.Contains(t, out.text(), "level=DEBUG msg=provided logger=fx", "the events of fx")
}

func TestEventsOfFxGoToZapBesideAHandler(t *testing.T) {
	t.Parallel()
	var out output
	core, logs := observer.New(zap.DebugLevel)
	var log *slog.Logger
	app := fx.New(fxrestate.Module, fx.Supply(zap.New(core)), fx.Populate(&log),
		fx.Provide(func() slog.Handler { return slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}) }))
	require.NoError(t, app.Err())
	log.Info("a line")
	require.Contains(t, out.text(), `msg="a line"`)
	require.NotContains(t, out.text(), "msg=provided")
	require.NotEmpty(t, logs.FilterMessage("provided").All())
}

func TestAnApplicationsOwnLoggerIsAnErrorThatNamesTheHandler(t *testing.T) {
	t.Parallel()
	own := fx.Provide(slog.Default)
	for name, options := range map[string][]fx.Option{
		"before Module": {own, fxrestate.Module},
		"after Module":  {fxrestate.Module, own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(append(options, fx.Supply(zap.NewNop()))...)
			require.ErrorContains(t, app.Err(), "cannot provide *slog.Logger from [0]: already provided")
			require.ErrorContains(t, app.Err(), "provide the slog.Handler instead")
		})
	}
}
