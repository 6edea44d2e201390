package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// backends are what tests of waiting workflows run on. In process, no time passes unless
// the test says so.
var backends = map[string][]fx.Option{
	"in process":  {restatetest.InProcess, restatetest.ManualClock},
	"on a server": nil,
}

// patient reminds nobody while a test runs.
var patient = Patience{Remind: time.Hour, GiveUp: 24 * time.Hour}

func (w *world) verify(id, secret string) error {
	return ingress.CallVoid(w.t.Context(), ingress.NewWorkflow[*Verification](w.Ingress()).ID(id), (*Verification).Verify, secret)
}

// begin begins a verification and waits until the mail is there.
func (w *world) begin(id string) ingress.Handle[int] {
	w.t.Helper()
	workflow := ingress.NewWorkflow[*Verification](w.Ingress()).ID(id)
	sent, err := ingress.Send(w.t.Context(), workflow, (*Verification).Run, carl)
	require.NoError(w.t, err)
	w.Until(func() bool { return w.mailbox.Secret(id) != "" }, "the mail is there")
	return sent
}

func TestVerificationWaitsForTheSecret(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, patient, backend...)
			requireCode(t, http.StatusForbidden, w.verify("nobody", ""))

			run := w.begin("carl")
			requireCode(t, http.StatusForbidden, w.verify("carl", "a guess"))
			require.NoError(t, w.verify("carl", w.mailbox.Secret("carl")))
			reminders, err := run.Attach(t.Context())
			require.NoError(t, err)
			require.Zero(t, reminders)
			require.Contains(t, w.directory.All(), "carl")
			requireCode(t, http.StatusConflict, w.verify("carl", w.mailbox.Secret("carl")))
		})
	}
}

func TestUserIsRemindedUntilTheClick(t *testing.T) {
	t.Parallel()
	w := start(t, day, restatetest.InProcess, restatetest.ManualClock)
	run := w.begin("carl")
	for range 3 {
		w.Advance(day.Remind)
	}
	require.NoError(t, w.verify("carl", w.mailbox.Secret("carl")))
	reminders, err := run.Attach(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, reminders)
	require.Equal(t, []string{"carl-reminder-1", "carl-reminder-2", "carl-reminder-3", "carl-verify"}, w.mailbox.IDs())
}

func TestUserWhoNeverClicksIsDeleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		backend  restatetest.Option
		patience Patience
		mails    int // the first one and the reminders
	}{
		"after a day in process":     {restatetest.InProcess, Patience{7 * time.Hour, 24 * time.Hour}, 4},
		"after a moment on a server": {restatetest.Private, Patience{time.Hour, time.Millisecond}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, test.patience, test.backend)
			_, err := w.begin("carl").Attach(t.Context())
			requireCode(t, http.StatusRequestTimeout, err)
			require.Len(t, w.mailbox.IDs(), test.mails)
			require.Empty(t, w.directory.All())
			require.ErrorContains(t, w.verify("carl", w.mailbox.Secret("carl")), "already")
		})
	}
}

func TestCancelledVerificationDeletesTheUser(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, patient, backend...)
			run := w.begin("eve")
			w.InvocationOf(run).AwaitEntry("Sleep") // the mail was sent, and it waits
			w.InvocationOf(run).Cancel()
			_, err := run.Attach(t.Context())
			requireCode(t, http.StatusConflict, err)
			require.ErrorContains(t, err, "cancelled")
			require.Empty(t, w.directory.All())
			require.Error(t, w.verify("eve", w.mailbox.Secret("eve")))
		})
	}
}

func TestVerificationWaitsAlthoughTheApplicationDied(t *testing.T) {
	t.Parallel()
	mailbox, directory := NewMailbox(quiet), NewDirectory(quiet) // outside: they do not die
	w := start(t, patient, fx.Replace(mailbox, directory))
	run := w.begin("carl")
	w.KillApp()
	w.StartApp()
	require.NoError(t, w.verify("carl", mailbox.Secret("carl")))
	_, err := run.Attach(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"carl-verify"}, mailbox.IDs())
	require.Contains(t, directory.All(), "carl")
}
