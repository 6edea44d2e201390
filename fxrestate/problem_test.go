package fxrestate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/fxrestate"
)

// crowded has two handlers with two inputs.
type crowded struct{}

func (crowded) One(restate.Context, int, int) error { return nil }

func (crowded) Two(restate.Context, int, int) error { return nil }

type (
	left  struct{}
	right struct{}
)

// wrong are applications with mistakes, and their problems.
var wrong = map[string]struct {
	options fx.Option
	want    []string // expressions
}{
	"handlers with two inputs, and a bad configuration": {
		fx.Options(fxrestate.Service[crowded](func() crowded { return crowded{} }), fx.Supply(fxrestate.Config{Defaults: []restate.ServiceDefinitionOption{fxrestate.Name("x")}})),
		[]string{
			`^handler: fxrestate_test\.crowded\.One \(problem_test\.go:\d+\): takes 2 inputs \(int, int\), and a handler takes one; put them into a struct$`,
			`^handler: fxrestate_test\.crowded\.Two \(problem_test\.go:\d+\): takes 2 inputs \(int, int\), and a handler takes one; put them into a struct$`,
			`^fxrestate: Config\.Defaults has an option of package fxrestate \(problem_test\.go:\d+\), which does nothing there; give it to Service, Object or Workflow$`,
		},
	},
	"a type that nothing provides": {
		fx.Options(fx.Supply(local()), fxrestate.Service[membered](func(*left) membered { return membered{} })),
		[]string{`^missing dependencies for function .*\(problem_test\.go:\d+\): missing type: \*fxrestate_test\.left; provide it$`},
	},
	"a constructor that fails": {
		fx.Options(fx.Supply(local()), fxrestate.Service[membered](func() (membered, error) { return membered{}, errors.New("no disk") })),
		[]string{`^no disk \(problem_test\.go:\d+\)$`},
	},
	"a constructor that fails twice over": {
		fx.Options(fx.Supply(local()), fxrestate.Service[membered](func() (membered, error) {
			return membered{}, fmt.Errorf("two: %w", errors.Join(errors.New("no disk"), errors.New("no net")))
		})),
		[]string{`^two: no disk no net \(problem_test\.go:\d+\)$`},
	},
	"an annotated constructor that fails": {
		fx.Options(fx.Supply(local()), fx.Provide(fx.Annotate(func() (*left, error) { return nil, errors.New("no disk") }, fx.OnStop(func(*left) {}))),
			fxrestate.Service[membered](func(*left) membered { return membered{} })),
		[]string{`^no disk$`},
	},
	"a type that is provided twice": {
		fx.Options(fx.Provide(newMembered), fx.Provide(newMembered)),
		[]string{`^fxrestate_test\.membered is provided twice, here and by .*newMembered \(\w+_test\.go:\d+\); provide it once \(problem_test\.go:\d+\)$`},
	},
	"the module": {
		fx.Options(fx.Supply(local()), fxrestate.Module),
		[]string{`^fxrestate\.Module is listed twice, perhaps in the module of an application too; list it once \(module\.go:\d+\)$`},
	},
	"a value that is supplied twice": {
		fx.Options(fx.Supply(local()), fx.Supply(local())),
		[]string{`^fxrestate\.Config is provided twice, here and elsewhere; provide it once \(problem_test\.go:\d+\)$`},
	},
	"a hook that fails": {
		fx.Options(fx.Supply(local()), fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() error { return errors.New("db: down") })) })),
		[]string{`^db: down$`},
	},
}

// hidden are those of which fx cannot make the logger of an application.
var hidden = map[string]struct {
	options fx.Option
	want    []string
}{
	"a cycle": {
		fx.Options(fx.Provide(func(right) left { return left{} }, func(left) right { return right{} }), fx.Invoke(func(left) {})),
		[]string{`^a cycle among constructors: func\(fxrestate_test\.right\) fxrestate_test\.left provided by .* \(problem_test\.go:\d+\) depends on .*$`},
	},
	"a logger that cannot be made": {
		fx.Provide(func() (*zap.Logger, error) { return nil, errors.New("no log file") }), []string{`^no log file \(problem_test\.go:\d+\)$`},
	},
}

func requireProblems(t *testing.T, want, got []string) {
	t.Helper()
	require.Len(t, got, len(want), "%q", got)
	for i, w := range want {
		require.Regexp(t, w, got[i])
	}
}

func TestEachProblemOfAnApplicationIsLoggedOnceAndAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range wrong {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for sink, options := range map[string]func() (fx.Option, func() []string){
				"zap":       toZap,
				"a handler": toHandler,
			} {
				t.Run("to "+sink, func(t *testing.T) {
					option, errorLines := options()
					app := fx.New(option, fxrestate.Module, tt.options)
					require.Error(t, app.Start(context.Background()))
					requireProblems(t, tt.want, errorLines())
				})
			}
		})
	}
}

func toZap() (option fx.Option, errorLines func() []string) {
	core, logs := observer.New(zapcore.InfoLevel)
	return fx.Supply(zap.New(core)), func() (lines []string) {
		for _, l := range logs.FilterLevelExact(zapcore.ErrorLevel).All() {
			lines = append(lines, l.Message)
		}
		return lines
	}
}

func toHandler() (option fx.Option, errorLines func() []string) {
	out := new(output)
	h := slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelError, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.MessageKey {
			return a
		}
		return slog.Attr{}
	}})
	message := regexp.MustCompile(`(?m)^msg="?(.*?)"?$`)
	return fx.Provide(func() slog.Handler { return h }), func() (lines []string) {
		for _, found := range message.FindAllStringSubmatch(out.text(), -1) {
			lines = append(lines, strings.ReplaceAll(found[1], `\"`, `"`))
		}
		return lines
	}
}

func TestTheWholeTextOfDigIsThereForDebugging(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	require.Error(t, fx.New(fxrestate.Module, wrong["a constructor that fails"].options, fx.Supply(zap.New(core))).Start(context.Background()))
	started := logs.FilterMessage("start failed").All()
	require.Len(t, started, 1)
	require.Equal(t, zapcore.DebugLevel, started[0].Level)
	require.Contains(t, started[0].ContextMap()["error"], "could not build arguments for function")
}

func TestEventsOfFxAreQuiet(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	app := fx.New(fxrestate.Module, fx.Supply(zap.New(core), local()), fx.Invoke(func(lc fx.Lifecycle) {
		lc.Append(fx.StopHook(func() error { return errors.New("db: does not close") }))
	}))
	require.NoError(t, app.Start(context.Background()))
	require.Error(t, app.Stop(context.Background()))
	var lines []string
	for _, l := range logs.Filter(func(e observer.LoggedEntry) bool { return e.LoggerName == "fx" }).All() {
		lines = append(lines, l.Level.String()+" "+l.Message)
	}
	require.Equal(t, []string{"info started", "error db: does not close"}, lines)
}

func TestProblemsOfNoErrorAreNone(t *testing.T) {
	t.Parallel()
	require.Empty(t, fxrestate.Problems(nil))
	require.Equal(t, []string{"plain"}, fxrestate.Problems(errors.Join(errors.New("plain"), errors.New("plain"))))
}

// listed has a list of errors as multierr's have, and a text of its own.
type listed []error

func (l listed) Error() string   { return fmt.Sprintf("order: %d fields are wrong", len(l)) }
func (l listed) Errors() []error { return l }

func TestAnErrorWithATextOfItsOwnIsAProblemOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want []string
	}{
		"with a list of errors": {listed{errors.New("a"), errors.New("b")}, []string{"order: 2 fields are wrong"}},
		"with an empty list":    {listed{}, []string{"order: 0 fields are wrong"}},
		"beside another":        {errors.Join(listed{errors.New("a")}, errors.New("b")), []string{"order: 1 fields are wrong", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, fxrestate.Problems(tt.err))
		})
	}
}

// program is set for a process that runs an application with mistakes.
const program = "FXRESTATE_TEST_PROGRAM"

func TestRunPrintsProblemsAloneAndExitsWithOne(t *testing.T) {
	if way, name, ok := strings.Cut(os.Getenv(program), " "); ok {
		options := wrong[name].options
		if options == nil {
			options = hidden[name].options
		}
		if way == "Run" {
			fxrestate.Run(fxrestate.Module, options)
		} else {
			fx.New(fxrestate.Module, options).Run()
		}
		return
	}
	t.Parallel()
	start := func(t *testing.T, way, name string) (stderr string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunPrintsProblemsAloneAndExitsWithOne$")
		cmd.Env = append(os.Environ(), program+"="+way+" "+name)
		var out bytes.Buffer
		cmd.Stderr = &out
		err := cmd.Run()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 1, exit.ExitCode(), out.String())
		return strings.TrimSpace(out.String())
	}
	for name, tt := range wrong {
		if name == "a hook that fails" { // the log of Module says so: see TestRunPrintsWhatNoLogHas
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblems(t, tt.want, strings.Split(start(t, "Run", name), "\n"))
		})
	}
	for name, tt := range hidden {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblems(t, tt.want, strings.Split(start(t, "Run", name), "\n"))
		})
	}
	t.Run("and fx.New(…).Run() has them as JSON where nobody looks", func(t *testing.T) {
		t.Parallel()
		lines := strings.Split(start(t, "fx", "a constructor that fails"), "\n")
		require.Len(t, lines, 1)
		require.Regexp(t, `^\{"level":"error","ts":[\d.]+,"logger":"fx","msg":"no disk \(problem_test\.go:\d+\)"\}$`, lines[0])
	})
}

func TestRunPrintsWhatNoLogHas(t *testing.T) {
	t.Parallel()
	start := fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() error { return errors.New("db: down") })) })
	colored := fx.Invoke(func(lc fx.Lifecycle) {
		lc.Append(fx.StartHook(func() error { return errors.New("db: \x1b[31mdown\x07\u009b0m\nall is well") }))
	})
	stop := fx.Invoke(func(lc fx.Lifecycle, s fx.Shutdowner) {
		lc.Append(fx.StartStopHook(func() error { return s.Shutdown() }, func() error { return errors.New("db: does not close") }))
	})
	shutdown := fx.Invoke(func(lc fx.Lifecycle, s fx.Shutdowner) {
		lc.Append(fx.StartHook(func() error { return s.Shutdown(fx.ExitCode(7)) }))
	})
	var logged []string
	quiet, errorLines := toZap()
	for name, tt := range map[string]struct {
		options fx.Option
		want    string
		code    int
	}{
		"a start, without Module":           {start, "db: down\n", 1},
		"a start, with a text that colours": {colored, "db: \\x1b[31mdown\\a\\u009b0m all is well\n", 1},
		"a start, without a log":            {fx.Options(fxrestate.Module, fx.Supply(local()), fx.NopLogger, start), "db: down\n", 1},
		"a start, with a log of its own":    {fx.Options(fx.WithLogger(func() fxevent.Logger { return &fxevent.SlogLogger{Logger: slog.New(slog.DiscardHandler)} }), start), "db: down\n", 1},
		"a start, with the log of Module":   {fx.Options(fxrestate.Module, fx.Supply(local()), quiet, start), "", 1},
		"a stop":                            {stop, "db: does not close\n", 1},
		"nothing of a shutdown with a code": {fx.Options(fx.WithLogger(func() fxevent.Logger { return kinds{&logged} }), shutdown), "", 7},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, tt.code, fxrestate.RunTo(&stderr, tt.options))
			require.Equal(t, tt.want, stderr.String())
		})
	}
	require.Equal(t, []string{"db: down"}, errorLines())
	require.Contains(t, logged, "*fxevent.Stopping")
}

// kinds keeps the types of events.
type kinds struct{ to *[]string }

func (k kinds) LogEvent(event fxevent.Event) { *k.to = append(*k.to, fmt.Sprintf("%T", event)) }

// lines is a service with loggers that take no ctx.
type lines struct {
	Zap   *zap.Logger
	sugar *zap.SugaredLogger
	std   *log.Logger
	good  *slog.Logger
}

func (l *lines) Do(restate.Context) error {
	_, _, _ = l.sugar, l.std, l.good
	return nil
}

func TestLoggersWithoutCtxInAServiceAreNamedAtStart(t *testing.T) {
	t.Parallel()
	found := startLocal(t, fxrestate.Service[*lines](func() *lines { return &lines{} })).FilterMessage("this may be a mistake").All()
	require.Len(t, found, 3)
	for i, want := range []string{`Zap is a \*zap\.Logger`, `sugar is a \*zap\.SugaredLogger`, `std is a \*log\.Logger`} {
		require.Regexp(t, `^fxrestate: fxrestate_test\.lines \(problem_test\.go:\d+\): the field `+want+`, which takes no ctx, .*use logging\.From\(ctx\), or a \*slog\.Logger with the ctx$`, found[i].ContextMap()["what"])
	}
}
