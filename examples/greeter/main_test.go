package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

func TestMailsAreDeliveredOnceThoughTheyFailAtFirst(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		var mailbox *Mailbox
		env := restatetest.Start(t, backend, greeting(), fx.Populate(&mailbox))
		for _, name := range []string{"Sarah", "Alice"} {
			answer, err := ingress.Call(t.Context(), ingress.NewService[*Greeter](env.Ingress()), (*Greeter).Greet, Greeting{name})
			require.NoError(t, err)
			require.Equal(t, "You said hi to "+name+"!", answer)
		}
		require.Equal(t, map[string]int{"hi Sarah": 1, "remember, Sarah": 1, "hi Alice": 1, "remember, Alice": 1}, mailbox.Texts())
	})
}

func TestEachNameHasACounter(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		env := restatetest.Start(t, backend, greeting())
		greet := func(name, want string) {
			t.Helper()
			got, err := ingress.Call0(t.Context(), ingress.NewObject[*Counter](env.Ingress()).Key(name), (*Counter).Greet)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		greet("Sarah", "hi Sarah, for the 1. time")
		greet("Sarah", "hi Sarah, for the 2. time")
		greet("Alice", "hi Alice, for the 1. time")
		require.NoError(t, ingress.Call0Void(t.Context(), ingress.NewObject[*Counter](env.Ingress()).Key("Sarah"), (*Counter).Forget))
		greet("Sarah", "hi Sarah, for the 1. time")
		greet("Alice", "hi Alice, for the 2. time")
	})
}

// Wherever the process dies, each mail is delivered and each permission given once.
func TestNothingIsDoneTwiceWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	update := RoleUpdate{"sarah", "editor", []string{"read", "write"}}
	refused := RoleUpdate{"sarah", "owner", []string{"delete"}}
	for name, do := range map[string]func(t testing.TB, env *restatetest.Env) any{
		"a greeting": func(t testing.TB, env *restatetest.Env) any {
			answer, err := ingress.Call(t.Context(), ingress.NewService[*Greeter](env.Ingress()), (*Greeter).Greet, Greeting{"Alice"})
			require.NoError(t, err)
			return answer
		},
		"a role": func(t testing.TB, env *restatetest.Env) any {
			allowed, err := ingress.Call(t.Context(), ingress.NewService[*Roles](env.Ingress()), (*Roles).Apply, update)
			require.NoError(t, err)
			require.True(t, allowed)
			return allowed
		},
		"a role that is refused": func(t testing.TB, env *restatetest.Env) any {
			allowed, err := ingress.Call(t.Context(), ingress.NewService[*Roles](env.Ingress()), (*Roles).Apply, refused)
			require.NoError(t, err)
			require.False(t, allowed)
			return allowed
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mailbox *Mailbox // the partners, which do not die
			var access *Access
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					mailbox, access = NewMailbox(quiet), NewAccess(quiet)
					return []fx.Option{restatetest.InProcess, greeting(), fx.Replace(mailbox, access)}
				},
				Do:      do,
				Exactly: func() any { return []any{mailbox.Texts(), access.Given()} },
			})
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true))
}
