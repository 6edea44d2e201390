package fxrestate_test

import (
	"context"
	"errors"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

func TestRunWithEndsWithMainOrTheApplication(t *testing.T) {
	waits := func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	}
	onStart := func(start any) fx.Option {
		return fx.Invoke(func(lc fx.Lifecycle, down fx.Shutdowner) {
			switch start := start.(type) {
			case func() error:
				lc.Append(fx.StartHook(start))
			case fx.ShutdownOption:
				lc.Append(fx.StartHook(func() error { return down.Shutdown(start) }))
			}
		})
	}
	never := func(context.Context) error { return errors.New("main was called") }
	for name, tt := range map[string]struct {
		main    func(context.Context) error
		options fx.Option
		want    string // part of the error; empty: none
	}{
		"main returns":              {func(context.Context) error { return nil }, fx.Options(), ""},
		"main fails":                {func(context.Context) error { return errors.New("no demo") }, fx.Options(), "no demo"},
		"a part fails":              {waits, onStart(fx.ExitCode(3)), "fxrestate: a part of the application failed, with exit code 3: see its log"},
		"a part ends it as planned": {waits, onStart(fx.ExitCode(0)), ""},
		"a start fails":             {never, onStart(func() error { return errors.New("db: down") }), "db: down"},
		"an option is wrong":        {never, fx.Error(errors.New("no disk")), "no disk"},
	} {
		t.Run(name, func(t *testing.T) {
			stopped := false
			stop := fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { stopped = true })) })
			err := fxrestate.RunWith(tt.main, fx.NopLogger, stop, tt.options)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
			require.Equal(t, name != "an option is wrong", stopped)
		})
	}
}

func TestRunWithTellsTheExitCodeOfAShutdownByMain(t *testing.T) {
	for range 50 { // main returns while the shutdown is heard of
		var down fx.Shutdowner
		err := fxrestate.RunWith(func(context.Context) error { return down.Shutdown(fx.ExitCode(3)) }, fx.NopLogger, fx.Populate(&down))
		require.ErrorContains(t, err, "with exit code 3")
	}
}

// doorman greets.
type doorman struct{}

func (doorman) Greet(_ restate.Context, name string) (string, error) { return "hello " + name, nil }

func TestDevServerRunsAServerWithTheApplication(t *testing.T) {
	dir := t.TempDir()
	addr := ""
	for range 2 {
		var client *ingress.Client
		var cfg fxrestate.Config
		err := fxrestate.RunWith(
			func(ctx context.Context) error {
				out, err := ingress.Call(ctx, ingress.NewService[*doorman](client), (*doorman).Greet, "Ada")
				require.Equal(t, "hello Ada", out)
				return err
			},
			fxrestate.Module,
			fxrestate.DevServer(devserver.Config{Dir: dir, Env: map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "4"}}),
			fx.Decorate(func(c fxrestate.Config) fxrestate.Config {
				c.HTTP.Addr = "127.0.0.1:0"
				return c
			}),
			fxrestate.Service[*doorman](func() *doorman { return &doorman{} }),
			fx.Populate(&client, &cfg),
		)
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:0", cfg.HTTP.Addr)
		require.True(t, cfg.Register.Required)
		if addr != "" {
			require.Equal(t, addr, cfg.Endpoint.Addr, "what is in flight is pinned to it")
		}
		addr = cfg.Endpoint.Addr
	}
}

func TestDevServerTakesAServerThatTheEnvironmentNames(t *testing.T) {
	for name, tt := range map[string]struct {
		ingress, admin string
		want           string
	}{
		"that is not there":    {"http://127.0.0.1:1", "http://127.0.0.1:1", "no server at RESTATE_ADMIN_URL"},
		"by half, the ingress": {"http://127.0.0.1:1", "", "set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL"},
		"by half, the admin":   {"", "http://127.0.0.1:1", "set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RESTATE_INGRESS_URL", tt.ingress)
			t.Setenv("RESTATE_ADMIN_URL", tt.admin)
			err := fxrestate.RunWith(func(context.Context) error { return nil },
				fx.NopLogger, fxrestate.Module, fxrestate.DevServer(devserver.Config{}))
			require.ErrorContains(t, err, tt.want)
		})
	}
}
