package event_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/event"
)

// text returns a logger that writes lines without their times.
func text(out io.Writer, level slog.Level) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

func TestTheLineOfAnEvent(t *testing.T) {
	t.Parallel()
	why := errors.New("no route")
	at := event.Deployment{ID: "dp_1", URL: "http://a/", Created: true, Action: "create", Reason: "new", Services: []string{"A"}}
	stuck := event.Stuck{ID: "inv_1", Handler: "A/Do", Failure: "no paper", WayOut: "buy some"}
	subscription := event.Subscription{ID: "sub_1", Source: "kafka://main/posts", Handler: "A/Do", Reason: "it is declared"}
	for _, tt := range []struct {
		event event.Event
		want  string
	}{
		{event.Serving{Addr: ":9080", Services: []string{"A"}, Handlers: []string{"A/Do", "A/Undo"}}, `level=INFO msg=serving addr=:9080 services=1`},
		{event.Serving{Services: []string{"A"}}, ``},
		{event.Registered(at), `level=INFO msg="registered with Restate" deployment=dp_1 url=http://a/ created=true action=create reason=new services=[A]`},
		{event.Unchanged(at), `level=INFO msg="registered already" deployment=dp_1 url=http://a/ created=true action=create reason=new services=[A]`},
		{event.Planned{URL: "http://a/", Action: "replace", Reason: "other", Changes: []string{"A: gone"}}, `level=INFO msg="dry run: nothing is registered" url=http://a/ action=replace reason=other changes="[A: gone]"`},
		{event.RetryingRegistration{URL: "http://a/", AdminURL: "http://b", Attempts: 2, Elapsed: time.Second, Err: why}, `level=WARN msg="registration failed, trying again" url=http://a/ admin=http://b attempts=2 elapsed=1s error="no route"`},
		{event.RetryingRegistration{URL: "http://a/", AdminURL: "http://b", Attempts: 2, Elapsed: time.Second, Err: why, Unreachable: true}, `level=INFO msg="waiting for the Restate admin API" url=http://a/ admin=http://b attempts=2 elapsed=1s error="no route"`},
		{event.NotRegistered{Consequence: event.NeverRegisters, Reason: "Register is nil"}, `level=INFO msg="not registered with Restate" reason="Register is nil"`},
		{event.NotRegistered{Consequence: event.FailsToStart, Err: why}, ``},
		{event.NotRegistered{Consequence: event.KeepsTrying, Err: why}, `level=WARN msg="not registered; the application serves and keeps trying" error="no route"`},
		{event.NotRegistered{Consequence: event.HoldsInvocations, Err: why}, `level=WARN msg="not registered; the application answers all invocations 503 and keeps trying" error="no route"`},
		{event.NotRegistered{Consequence: event.TriesLater, Err: why, Pause: time.Minute}, `level=ERROR msg="registration refused; trying again later" error="no route" pause=1m0s`},
		{event.NotRegistered{Consequence: event.ServesAsRegistered, Err: why}, `level=ERROR msg="not registered; the application serves what is registered already" error="no route"`},
		{event.InvocationPaused(stuck), `level=WARN msg="an invocation is paused, and its caller waits" invocationID=inv_1 method=A/Do error="no paper" "way out"="buy some"`},
		{event.InvocationFailing{Stuck: stuck, Attempts: 7, Next: time.Unix(0, 0).UTC()}, `level=WARN msg="an invocation fails again and again" invocationID=inv_1 method=A/Do error="no paper" attempts=7 next=1970-01-01T00:00:00.000Z "way out"="buy some"`},
		{event.Refused{Cause: event.Unsigned, Requests: 2, Reason: "r"}, `level=WARN msg="refused requests that are not signed with one of IdentityKeys" requests=2 reason=r`},
		{event.Refused{Cause: event.OtherVersion, Requests: 2, Reason: "r"}, `level=INFO msg="refused requests of other versions; Restate sends them again" requests=2 reason=r`},
		{event.Refused{Cause: event.TooLarge, Requests: 2, Reason: "r"}, `level=WARN msg="refused messages of invocations" requests=2 reason=r`},
		{event.Refused{Cause: event.Overloaded, Requests: 2, Reason: "r"}, `level=WARN msg="refused attempts for which there was no room; Restate sends them again" requests=2 reason=r`},
		{event.Refused{Cause: event.Stopping, Requests: 2, Reason: "r"}, `level=DEBUG msg="refused attempts while stopping; Restate sends them again" requests=2 reason=r`},
		{event.Refused{Cause: event.Held, Requests: 2, Reason: "r"}, `level=DEBUG msg="refused attempts while invocations are held; Restate sends them again" requests=2 reason=r`},
		{event.SubscriptionCreated(subscription), `level=INFO msg="subscribed to a topic of Kafka" subscription=sub_1 source=kafka://main/posts handler=A/Do reason="it is declared"`},
		{event.SubscriptionRemoved(subscription), `level=INFO msg="removed a subscription to a topic of Kafka" subscription=sub_1 source=kafka://main/posts handler=A/Do reason="it is declared"`},
		{event.Draining{Attempts: 3}, `level=INFO msg=draining attempts=3`},
		{event.Draining{}, ``},
		{event.Drained{Cut: 1, Handlers: "A/Do", Timeout: time.Second}, `level=WARN msg="cut attempts that did not end in time; Restate retries them" attempts=1 handlers=A/Do drain_timeout=1s`},
		{event.Drained{}, ``},
		{event.Stopped{Err: why}, ``},
	} {
		t.Run(fmt.Sprintf("%T %s", tt.event, tt.want), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			event.Log(t.Context(), slog.New(text(&out, slog.LevelDebug)), tt.event)
			require.Equal(t, tt.want, strings.TrimSuffix(out.String(), "\n"))
		})
	}
}

func TestAnObservingHandlerIsToldEachEventOnce(t *testing.T) {
	t.Parallel()
	e := event.Draining{Attempts: 1}
	for name, tt := range map[string]struct {
		level slog.Level
		with  func(*slog.Logger) *slog.Logger
		want  string
	}{
		"beside its line":             {slog.LevelInfo, func(l *slog.Logger) *slog.Logger { return l }, "level=INFO msg=draining attempts=1\n"},
		"whose line is not written":   {slog.LevelWarn, func(l *slog.Logger) *slog.Logger { return l }, ""},
		"of a logger with attributes": {slog.LevelInfo, func(l *slog.Logger) *slog.Logger { return l.With("a", 1) }, "level=INFO msg=draining a=1 attempts=1\n"},
		"of a logger with a group":    {slog.LevelInfo, func(l *slog.Logger) *slog.Logger { return l.WithGroup("g") }, "level=INFO msg=draining g.attempts=1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			var told []event.Event
			base := text(&out, tt.level)
			h := event.Observe(base, func(e event.Event) { told = append(told, e) })
			require.Same(t, base, event.Base(h))
			require.Same(t, base, event.Base(base))
			log := tt.with(slog.New(h))
			log.Debug("a line that is no event")
			event.Log(t.Context(), log, e)
			require.Equal(t, []event.Event{e}, told)
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestTheLineOfAnEventHasThePlaceThatToldIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{AddSource: true}))
	_, file, line, ok := runtime.Caller(0)
	require.True(t, ok)
	event.Log(t.Context(), log, event.Draining{Attempts: 1})
	require.Contains(t, out.String(), fmt.Sprintf("%s:%d", filepath.Base(file), line+2))
}

func ExampleObserve() {
	log := slog.New(event.Observe(slog.DiscardHandler, func(e event.Event) {
		switch e := e.(type) {
		case event.Registered:
			fmt.Println("registered", e.ID)
		case event.NotRegistered:
			fmt.Println("not registered, and", e.Consequence)
		}
	}))
	// Give log to deployment.NewRegistrar, and its handler to endpoint.New.
	event.Log(context.Background(), log, event.Registered{ID: "dp_1"})
	// Output: registered dp_1
}
