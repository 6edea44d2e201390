package restatetest_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

// Parcel is what is sent.
type Parcel struct {
	To      string `json:"to"`
	Token   string `json:"token"`
	Cents   int    `json:"cents"`
	Express bool   `json:"express"`
}

// Shipping is an object whose handlers do a bit of everything. change is what differs in a
// later version.
type Shipping struct {
	self   rpc.Object[*Shipping]
	change string
	ran    *atomic.Int64
}

// Ship ships a parcel.
func (s *Shipping) Ship(ctx restate.ObjectContext, in Parcel) (string, error) {
	n, err := restate.Get[int](ctx, "n")
	if err != nil {
		return "", err
	}
	restate.Set(ctx, "n", n+1)
	id := restate.UUID(ctx).String()
	if s.change == "a step more" {
		if err := restate.RunVoid(ctx, s.step, restate.WithName("weigh")); err != nil {
			return "", err
		}
	}
	label, err := restate.Run(ctx, func(restate.RunContext) (Parcel, error) {
		s.ran.Add(1)
		return Parcel{To: in.To, Token: "label-" + in.Token}, nil
	}, restate.WithName("label"))
	if err != nil {
		return "", err
	}
	if s.change != "a timer less" {
		if err := restate.Sleep(ctx, time.Millisecond); err != nil {
			return "", err
		}
	}
	sum := in.Cents * 2
	if s.change == "another input of a call" {
		sum = in.Cents * 3
	}
	got, callErr := rpc.Call(ctx, s.self.Key("depot"), (*Shipping).Store, Parcel{To: id, Token: "Bearer " + label.Token, Cents: sum})
	if callErr != nil {
		return "", callErr
	}
	if _, err := rpc.Send(ctx, s.self.Key("depot"), (*Shipping).Store, Parcel{To: "later"}, restate.WithDelay(time.Minute)); err != nil {
		return "", err
	}
	awakeable := restate.Awakeable[string](ctx)
	restate.ResolveAwakeable(ctx, awakeable.Id(), "there")
	if _, err := awakeable.Result(); err != nil {
		return "", err
	}
	keys, err := restate.Keys(ctx)
	if err != nil {
		return "", err
	}
	restate.Clear(ctx, keys[0])
	if s.change == "another result" {
		return "lost", nil
	}
	return got, nil
}

func (s *Shipping) step(restate.RunContext) error {
	s.ran.Add(1)
	return nil
}

// Store stores a parcel.
func (s *Shipping) Store(_ restate.ObjectContext, in Parcel) (string, error) { return "stored", nil }

// Wait waits for what never comes.
func (s *Shipping) Wait(ctx restate.ObjectContext) error {
	if err := restate.RunVoid(ctx, s.step, restate.WithName("once")); err != nil {
		return err
	}
	_, err := restate.Awakeable[string](ctx).Result()
	return err
}

func shipping(change string, ran *atomic.Int64) fx.Option {
	return fx.Options(fxrestate.Module, fxrestate.Object[*Shipping](func(self rpc.Object[*Shipping]) *Shipping {
		return &Shipping{self, change, ran}
	}))
}

// recorded records what Ship did, and returns the file.
func recorded(t *testing.T, redact ...string) string {
	t.Helper()
	var ran atomic.Int64
	env := restatetest.Start(t, shipping("", &ran))
	to := ingress.NewObject[*Shipping](env.Ingress()).Key("ada@example.org")
	sent, err := ingress.Send(t.Context(), to, (*Shipping).Ship, Parcel{To: "ada@example.org", Token: "s3cret-t0ken", Cents: 1234, Express: true},
		restate.WithHeaders(map[string]string{"authorization": "Bearer 4711-4711"}))
	require.NoError(t, err)
	got, err := sent.Attach(t.Context())
	require.NoError(t, err)
	require.Equal(t, "stored", got)
	path := filepath.Join(t.TempDir(), "ship.journal.json")
	env.InvocationOf(sent).Record(path, redact...)
	return path
}

func TestARecordedJournalIsReplayedAgainstTheCodeOfToday(t *testing.T) {
	t.Parallel()
	plain, redacted := recorded(t), recorded(t, "token", "to", "cents")
	text, err := os.ReadFile(redacted)
	require.NoError(t, err)
	for _, secret := range []string{"s3cret", "t0ken", "ada@example.org", "1234", "2468", "4711"} {
		require.NotContains(t, string(text), secret)
	}

	for name, tt := range map[string]struct {
		change string
		want   []string
	}{
		"the code that it was recorded with": {},
		"a step more": {"a step more", []string{
			"does not do any more what entry 3 of inv_", `- {"type":"Command: Run","name":"label","completion":2}`, `+ {"type":"Command: Run","name":"weigh","completion":2}`,
		}},
		"a timer less": {"a timer less", []string{`- {"type":"Command: Sleep","completion":3`, `+ {"type":"Command: Call","service":"Shipping","handler":"Store"`}},
		"another result": {"another result", []string{
			`- {"type":"Command: Output","value":"stored"}`, `+ {"type":"Command: Output","value":"lost"}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, path := range map[string]string{"plain": plain, "redacted": redacted} {
				t.Run(kind, func(t *testing.T) {
					var ran atomic.Int64
					texts := failures(t, func(t testing.TB) { restatetest.Replay(t, path, shipping(tt.change, &ran)) })
					require.Zero(t, ran.Load(), "a step ran")
					if tt.want == nil {
						require.Empty(t, texts)
						return
					}
					require.Len(t, texts, 1)
					for _, want := range tt.want {
						require.Contains(t, texts[0], want)
					}
				})
			}
		})
	}
	t.Run("another input of a call", func(t *testing.T) {
		t.Parallel()
		var ran atomic.Int64
		texts := failures(t, func(t testing.TB) { restatetest.Replay(t, plain, shipping("another input of a call", &ran)) })
		require.Len(t, texts, 1)
		require.Contains(t, texts[0], `"cents":2468`)
		require.Contains(t, texts[0], `"cents":3702`)
		restatetest.Replay(t, redacted, shipping("another input of a call", &ran)) // it cannot be seen
	})
}

func TestTheJournalOfWhatHasNotEndedIsReplayedUpToItsEnd(t *testing.T) {
	t.Parallel()
	var ran atomic.Int64
	env := restatetest.Start(t, shipping("", &ran))
	sent, err := ingress.Send0Void(t.Context(), ingress.NewObject[*Shipping](env.Ingress()).Key("ada"), (*Shipping).Wait)
	require.NoError(t, err)
	env.InvocationOf(sent).AwaitEntry("Notification: Run")
	path := filepath.Join(t.TempDir(), "wait.journal.json")
	env.InvocationOf(sent).Record(path)
	ran.Store(0)
	restatetest.Replay(t, path, shipping("", &ran))
	require.Zero(t, ran.Load())

	// Without the result of the step, which must not run.
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "Notification: Run") {
			kept = append(kept, line)
		}
	}
	open := strings.Replace(strings.Join(kept, ""), "},\n  ]", "}\n  ]", 1)
	require.NoError(t, os.WriteFile(path, []byte(open), 0o600))
	restatetest.Replay(t, path, shipping("", &ran))
	require.Zero(t, ran.Load())
}

func TestWhatCannotBeReplayedSaysWhy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.journal.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"format":7}`), 0o600))
	var ran atomic.Int64
	for name, tt := range map[string]struct {
		path string
		opts fx.Option
		want string
	}{
		"no file":        {"testdata/none", shipping("", &ran), "restatetest: Replay: journal: open testdata/none"},
		"another format": {path, shipping("", &ran), "journal: the file has format 7, and this version reads 1; record it again (" + path + ")"},
		"no module":      {path, fx.Options(), "restatetest: fxrestate.Module is not among the options"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := failures(t, func(t testing.TB) { restatetest.Replay(t, tt.path, tt.opts) })
			require.Len(t, texts, 1)
			require.Contains(t, texts[0], tt.want)
		})
	}
}

func TestAJournalIsReplayedAgainstTheSDKsOwnServerToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "greet.journal.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"format":1,"id":"inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD","service":"greeter","handler":"Greet","status":"completed","entries":[
		{"type":"Command: Input","value":"Ada"},
		{"type":"Command: Run","name":"look","completion":1},
		{"type":"Notification: Run","completion":1,"value":"noon"},
		{"type":"Command: Output","value":"Ada at noon"}]}`), 0o600))
	serve := func(greet func(restate.Context, string) (string, error)) http.Handler {
		handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).
			Bind(restate.NewService("greeter").Handler("Greet", restate.NewServiceHandler(greet))).Handler()
		require.NoError(t, err)
		return http.HandlerFunc(handler)
	}
	look := func(ctx restate.Context) (string, error) {
		return restate.Run(ctx, func(restate.RunContext) (string, error) {
			t.Error("the step ran")
			return "", nil
		}, restate.WithName("look"))
	}
	for name, tt := range map[string]struct {
		greet func(restate.Context, string) (string, error)
		want  string
	}{
		"the same": {func(ctx restate.Context, name string) (string, error) {
			at, err := look(ctx)
			return name + " at " + at, err
		}, ""},
		"one that fails": {func(restate.Context, string) (string, error) {
			return "", errors.New("it is broken")
		}, "entry 1 of inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD has\n  - {\"type\":\"Command: Run\",\"name\":\"look\",\"completion\":1}\n  + nothing: the handler failed with 500: it is broken"},
		"one that fails later": {func(ctx restate.Context, _ string) (string, error) {
			if _, err := look(ctx); err != nil {
				return "", err
			}
			return "", errors.New("it is broken")
		}, "+ nothing: the handler failed with 500: it is broken"},
		"one that goes on": {func(ctx restate.Context, name string) (string, error) {
			at, err := look(ctx)
			if err != nil {
				return "", err
			}
			if err := restate.Sleep(ctx, 1); err != nil {
				return "", err
			}
			return name + " at " + at, err
		}, `+ {"type":"Command: Sleep","completion":2,`},
		"one that ends early": {func(restate.Context, string) (string, error) {
			return "Ada at noon", nil
		}, `+ {"type":"Command: Output","value":"Ada at noon"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := failures(t, func(t testing.TB) { restatetest.ReplayHandler(t, path, serve(tt.greet)) })
			if tt.want == "" {
				require.Empty(t, texts)
				return
			}
			require.Len(t, texts, 1)
			require.Contains(t, texts[0], tt.want)
		})
	}
}
