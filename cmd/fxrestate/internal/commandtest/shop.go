package commandtest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// Shop is an object whose handlers bring an invocation into each status.
type Shop struct {
	Name       string
	Deployment string
	// Awakeables has the ids of those that Await waits for.
	Awakeables chan string
	// Mended lets the handlers that fail succeed, once it is closed.
	Mended chan struct{}
}

// long is how long invocations stay as they are.
const long = 100 * time.Hour

// Hostile is the end of the failure of Charge.
const Hostile = "\x1b[31mcard declined\x1b[0m\nlevel=ERROR msg=forged"

// NewShop registers a shop.
func NewShop(t testing.TB) *Shop {
	t.Helper()
	s := &Shop{Name: Unique("Shop"), Awakeables: make(chan string, 100), Mended: make(chan struct{})}
	s.Deployment = s.Register(t)
	return s
}

// Register registers the shop once more, at another address, and returns the deployment.
func (s *Shop) Register(t testing.TB) string {
	t.Helper()
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(s.definition()).Handler()
	require.NoError(t, err)
	registered, err := testkit.Admin().RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: "http://" + testkit.Listen(t, handler)})
	require.NoError(t, err)
	return registered.ID
}

// definition has shared handlers, so that invocations of a key do not wait for each other,
// and the exclusive Hold.
func (s *Shop) definition() restate.ServiceDefinition {
	soon := restate.WithInactivityTimeout(time.Millisecond)
	seldom := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(long), restate.WithMaxRetryInterval(long))
	once := restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.PauseOnMaxAttempts())
	reserve := func(ctx restate.Context) error {
		return restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName("reserve"))
	}
	shared := func(do func(ctx restate.ObjectSharedContext) error) restate.ObjectSharedHandlerFn[string, string] {
		return func(ctx restate.ObjectSharedContext, in string) (string, error) { return in, do(ctx) }
	}
	charge := func(ctx restate.ObjectSharedContext) error {
		if err := reserve(ctx); err != nil {
			return err
		}
		select {
		case <-s.Mended:
			return nil
		default:
			return errors.New(Hostile)
		}
	}
	return restate.NewObject(s.Name).
		Handler("Echo", restate.NewObjectSharedHandler(shared(func(restate.ObjectSharedContext) error { return nil }))).
		Handler("Fail", restate.NewObjectSharedHandler(shared(func(restate.ObjectSharedContext) error { return restate.TerminalErrorf("sold out") }))).
		Handler("FailLate", restate.NewObjectSharedHandler(shared(func(ctx restate.ObjectSharedContext) error {
			return errors.Join(reserve(ctx), restate.TerminalErrorf("sold out"))
		}))).
		Handler("Charge", restate.NewObjectSharedHandler(shared(charge), seldom)).
		Handler("Pause", restate.NewObjectSharedHandler(shared(charge), once)).
		Handler("Panic", restate.NewObjectSharedHandler(shared(func(restate.ObjectSharedContext) error { panic("a nil map") }), once)).
		Handler("Await", restate.NewObjectSharedHandler(shared(func(ctx restate.ObjectSharedContext) error {
			awakeable := restate.Awakeable[string](ctx)
			s.Awakeables <- awakeable.Id()
			_, err := awakeable.Result()
			return err
		}), soon)).
		Handler("Sleep", restate.NewObjectSharedHandler(shared(func(ctx restate.ObjectSharedContext) error { return restate.Sleep(ctx, long) }), soon)).
		Handler("Call", restate.NewObjectSharedHandler(shared(func(ctx restate.ObjectSharedContext) error {
			_, err := restate.Object[string](ctx, s.Name, restate.Key(ctx), "Sleep").Request("")
			return err
		}), soon)).
		Handler("Run", restate.NewObjectSharedHandler(shared(func(ctx restate.ObjectSharedContext) error {
			return restate.RunVoid(ctx, func(ctx restate.RunContext) error { <-ctx.Done(); return context.Cause(ctx) }, restate.WithName("pack"))
		}), restate.WithInactivityTimeout(long))).
		Handler("Set", restate.NewObjectHandler(func(ctx restate.ObjectContext, in map[string]any) (restate.Void, error) {
			for name, value := range in {
				restate.Set(ctx, name, value)
			}
			return restate.Void{}, nil
		})).
		Handler("SetBytes", restate.NewObjectHandler(func(ctx restate.ObjectContext, in []byte) (restate.Void, error) {
			restate.Set(ctx, "bytes", in, restate.WithBinary)
			return restate.Void{}, nil
		}, restate.WithBinary)).
		Handler("Hold", restate.NewObjectHandler(func(ctx restate.ObjectContext, in string) (string, error) {
			return in, restate.Sleep(ctx, long)
		}, soon))
}

// Send sends an invocation and waits until it has a status.
func (s *Shop) Send(t testing.TB, key, handler string, status admin.InvocationStatus) string {
	t.Helper()
	id := testkit.Submit(t, testkit.Path(s.Name, key, handler), "in")
	testkit.AwaitStatus(t, id, string(status))
	return id
}

// SendLater sends an invocation that is to start in a while.
func (s *Shop) SendLater(t testing.TB, key, handler string) string {
	t.Helper()
	answer := testkit.Post(t, testkit.Path(s.Name, key, handler)+"/send?delay=100h", "in")
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(t, json.Unmarshal(answer.Body, &sent))
	testkit.AwaitStatus(t, sent.ID, string(admin.StatusScheduled))
	return sent.ID
}
