package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func (w *world) say(session, text string) (string, error) {
	return ingress.Call(w.t.Context(), ingress.NewObject[*Chat](w.Ingress()).Key(session), (*Chat).Say, text)
}

func (w *world) requireSaid(session, text, want string) {
	w.t.Helper()
	said, err := w.say(session, text)
	require.NoError(w.t, err)
	require.Equal(w.t, want, said)
}

// roles returns who has said something in a session.
func (w *world) roles(session string) []string {
	w.t.Helper()
	talk, err := ingress.Call0(w.t.Context(), ingress.NewObject[*Chat](w.Ingress()).Key(session), (*Chat).History)
	require.NoError(w.t, err)
	roles := []string{}
	for _, m := range talk {
		roles = append(roles, m.Role)
	}
	return roles
}

func TestChatRemembersItsSession(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, time.Hour, backend)
		require.Empty(t, w.roles("ada"))
		w.requireSaid("ada", "weather in Rome", "Rome is sunny at 14 degrees")
		w.requireSaid("bob", "Hello", "I tell the weather and settle claims")
		w.KillApp()
		w.StartApp()
		w.requireSaid("ada", "What have I said so far?", "weather in Rome")
		w.requireSaid("bob", "What have I said so far?", "Hello")
		require.Equal(t, []string{RoleUser, RoleModel, RoleTool, RoleModel, RoleUser, RoleModel}, w.roles("ada"))

		require.NoError(t, ingress.Call0Void(t.Context(), ingress.NewObject[*Chat](w.Ingress()).Key("ada"), (*Chat).Forget))
		require.Empty(t, w.roles("ada"))
	})
}

func TestChatForgetsAMessageWhoseRunFails(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess)
	w.requireSaid("ada", "Hello", "I tell the weather and settle claims")
	_, err := w.say("ada", "claim of 300 euros for a window, and break")
	requireCode(t, http.StatusInternalServerError, err)
	require.Empty(t, w.bank.Paid())
	w.requireSaid("ada", "What have I said so far?", "Hello")
}

// The next message waits for the answer of the one before it, and reading does not.
func TestMessageWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess, restatetest.ManualClock)
	ada := ingress.NewObject[*Chat](w.Ingress()).Key("ada")
	first, err := ingress.Send(t.Context(), ada, (*Chat).Say, leg)
	require.NoError(t, err)
	w.Until(func() bool { return len(w.desk.Questions()) == 1 }, "the claim is on the desk")
	second, err := ingress.Send(t.Context(), ada, (*Chat).Say, "What have I said so far?")
	require.NoError(t, err)
	require.Empty(t, w.roles("ada"))

	w.decide(Verdict{true, "Grace"})
	w.requireAnswer(first, "3000 euros are paid, as Grace decided")
	w.requireAnswer(second, leg)
}
