package fxrestate_test

import (
	"bytes"
	"errors"
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
	failing := fx.Provide(func() (*slog.Logger, error) { return nil, errors.New("no disk") })
	for name, options := range map[string][]fx.Option{
		"before Module":                     {own, fxrestate.Module},
		"after Module":                      {fxrestate.Module, own},
		"supplied":                          {fxrestate.Module, fx.Supply(slog.Default())},
		"in a module before Module":         {fx.Module("m", own), fxrestate.Module},
		"in a module after Module":          {fxrestate.Module, fx.Module("m", own)},
		"in a module in a module":           {fxrestate.Module, fx.Module("m", fx.Module("n", own))},
		"supplied in a module after Module": {fxrestate.Module, fx.Module("m", fx.Supply(slog.Default()))},
		"in a group":                        {fxrestate.Module, fxrestate.Group(own, fxrestate.Service[membered](newMembered))},
		"with another type":                 {fxrestate.Module, fx.Module("m", fx.Provide(func() (*slog.Logger, int) { return slog.Default(), 1 }))},
		"that fails":                        {fxrestate.Module, failing},
		"before Module, without events":     {own, fxrestate.Module, fx.NopLogger},
		"that fails, without events":        {failing, fxrestate.Module, fx.NopLogger},
		"beside a service":                  {fxrestate.Service[membered](newMembered), fxrestate.Module, fx.Module("m", own)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for with, logger := range map[string]fx.Option{"zap": fx.Supply(zap.NewNop()), "a handler": fx.Provide(func() slog.Handler { return slog.DiscardHandler }), "nothing": fx.Options()} {
				t.Run("beside "+with, func(t *testing.T) {
					app := fx.New(append(options, logger)...)
					require.ErrorContains(t, app.Err(), "cannot provide *slog.Logger from [0]: already provided")
					require.ErrorContains(t, app.Err(), "provide the slog.Handler instead")
				})
			}
		})
	}
	t.Run("in a module after Module, without events", func(t *testing.T) {
		t.Parallel()
		app := fx.New(fxrestate.Module, fx.Module("m", own), fx.NopLogger)
		require.ErrorContains(t, app.Err(), `already provided by "github.com/fxrestate/go/fxrestate".provideASlogHandlerInstead`)
	})
}

func TestTwoTypesAreNoMistakeOfTheLogger(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.Supply(local()), fx.Module("m", fx.Supply(local())))
	require.ErrorContains(t, app.Err(), "cannot provide fxrestate.Config from [0]: already provided")
	require.NotContains(t, app.Err().Error(), "slog.Handler")
}
