package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// backends are what tests of waiting claims run on. In process, no time passes unless the
// test says so.
var backends = map[string][]fx.Option{
	"in process":  {restatetest.InProcess, restatetest.ManualClock},
	"on a server": nil,
}

const leg = "claim of 3000 euros for a broken leg"

// file files a large claim and waits until it is on the desk.
func (w *world) file(claim string) ingress.Handle[string] {
	w.t.Helper()
	sent := w.send(claim)
	w.Until(func() bool { return len(w.desk.Questions()) == 1 }, "the claim is on the desk")
	return sent
}

func (w *world) send(claim string) ingress.Handle[string] {
	w.t.Helper()
	sent, err := ingress.Send(w.t.Context(), ingress.NewService[*Assistant](w.Ingress()), (*Assistant).Ask, claim)
	require.NoError(w.t, err)
	return sent
}

func (w *world) decide(v Verdict) {
	w.t.Helper()
	require.NoError(w.t, ingress.Resolve(w.t.Context(), w.Ingress(), verdict, w.desk.Questions()[0], v))
}

func (w *world) requireAnswer(sent ingress.Handle[string], want string) {
	w.t.Helper()
	said, err := sent.Attach(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, want, said)
}

func TestPersonDecidesOnALargeClaim(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		for decision, test := range map[string]struct {
			verdict Verdict
			answer  string
			paid    []int
		}{
			"and approves it": {Verdict{true, "Grace"}, "3000 euros are paid, as Grace decided", []int{3000}},
			"and refuses it":  {Verdict{false, "Grace"}, "sorry, Grace has refused the claim", nil},
		} {
			t.Run(decision+" "+name, func(t *testing.T) {
				t.Parallel()
				w := start(t, time.Hour, backend...)
				claim := w.file(leg)
				require.Empty(t, w.bank.Paid())
				w.decide(test.verdict)
				w.decide(Verdict{!test.verdict.Approved, "somebody who is too late"})
				w.requireAnswer(claim, test.answer)
				require.Equal(t, test.paid, w.bank.Paid())
			})
		}
	}
}

func TestClaimOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess)
	w.requireAnswer(w.send("claim of 0 euros for fun"), "sorry, the amount must be positive")
	require.Empty(t, w.bank.Paid())
}

// The application dies while the claim waits. The model is not asked again for what it has
// said, and the desk gets no second question.
func TestClaimWaitsAlthoughTheApplicationDied(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)
			claim := w.file(leg)
			question := w.desk.Questions()
			w.KillApp()
			w.StartApp()
			if backend != nil {
				w.Advance(time.Minute) // attempts that were cut begin again
			}
			require.Equal(t, question, w.desk.Questions())
			w.decide(Verdict{true, "Grace"})
			w.requireAnswer(claim, "3000 euros are paid, as Grace decided")
			require.Equal(t, []int{3000}, w.bank.Paid())
			require.Equal(t, map[string]int{leg + " [0]": 1, leg + " [2]": 1}, w.script.Asked())
		})
	}
}

func TestClaimIsRefusedWhenNobodyDecidesInTime(t *testing.T) {
	t.Parallel()
	w := start(t, 3*time.Hour, restatetest.InProcess, restatetest.ManualClock)
	claim := w.file(leg)
	w.Advance(time.Hour)
	w.KillApp() // the time runs on
	w.StartApp()
	w.Advance(2*time.Hour - time.Second)
	require.Len(t, w.desk.Questions(), 1)
	w.Advance(time.Second)
	w.requireAnswer(claim, "sorry, nobody has decided in time")
	require.Empty(t, w.desk.Questions())
	require.Empty(t, w.bank.Paid())
}

// Whether the time ends before the application dies or while it is down.
func TestTimeOfAClaimRunsOnAServer(t *testing.T) {
	t.Parallel()
	w := start(t, time.Second)
	claim := w.send(leg)
	w.KillApp()
	w.StartApp()
	w.requireAnswer(claim, "sorry, nobody has decided in time")
	require.Empty(t, w.desk.Questions())
	require.Empty(t, w.bank.Paid())
}

func TestCancelledRunWithdrawsItsQuestionAndTakesBackWhatItPaid(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)
			claim := w.file("claim of 200 euros for a bicycle, and " + leg)
			w.Until(func() bool { return len(w.bank.Paid()) == 1 }, "the small claim is paid")

			w.InvocationOf(claim).Cancel()
			w.InvocationOf(claim).AwaitStatus(admin.StatusCompleted)

			_, err := claim.Attach(t.Context())
			requireCode(t, http.StatusConflict, err)
			require.Empty(t, w.bank.Paid())
			require.Equal(t, 200, w.bank.TakenBack())
			w.Until(func() bool { return len(w.desk.Questions()) == 0 }, "the large claim is off the desk")
		})
	}
}
