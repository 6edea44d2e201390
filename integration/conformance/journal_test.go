package conformance_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/restatetest"
)

// invocation notes an invocation when it is over, with its state and its journal.
func (s *session) invocation(id string) {
	s.t.Helper()
	i := s.env.Invocation(id)
	now := i.AwaitStatus(admin.StatusCompleted)
	target := fmt.Sprintf("%s/%s/%s", now.Service, now.Key, now.Handler)
	failed := now.LastFailure
	if failed != "" {
		failed += " " + now.LastFailureCode
	}
	s.note("%s %s: %s, failure %q, last %q", id, target, now.Status, now.Failure, failed)
	if now.Key != "" {
		state := restatetest.StateOfService(s.env, now.Service, now.Key).All()
		for _, name := range slices.Sorted(maps.Keys(state)) {
			s.note("    state %s: %s", name, shorten(state[name]))
		}
	}
	entries := i.Journal()
	if s.of.unordered {
		slices.SortStableFunc(entries, func(a, b restatetest.Entry) int {
			return cmp.Compare(s.rank(a), s.rank(b))
		})
	}
	for at, e := range entries {
		m := s.decode(e)
		if n, ok := m.(*protocol.Notification); ok && n.Result.Kind == protocol.ResultInvocationID {
			s.know(n.Result.InvocationID)
		}
		s.note("    %d %s %q: %s", at, e.Type, e.Name, describe(m))
	}
}

// rank puts commands first, as they are, and then notifications by what they complete.
func (s *session) rank(e restatetest.Entry) string {
	switch m := s.decode(e).(type) {
	case *protocol.Notification:
		return fmt.Sprintf("completion %5d", m.CompletionID)
	case *protocol.SignalNotification:
		return "signal " + describe(m)
	default:
		return ""
	}
}

// decode decodes an entry, without what differs by nature.
func (s *session) decode(e restatetest.Entry) protocol.Message {
	s.t.Helper()
	typ, ok := protocol.TypeOfEntry(e.Type)
	require.True(s.t, ok, e.Type)
	m, err := protocol.Decode(protocol.Frame{Type: typ, Body: e.Raw})
	require.NoError(s.t, err)
	switch m := m.(type) {
	case *protocol.Input:
		// Package net/http does not keep the order of those of a request.
		slices.SortFunc(m.Headers, func(a, b protocol.Header) int { return cmp.Compare(a.Key, b.Key) })
	case *protocol.Sleep:
		m.WakeUpTime = min(m.WakeUpTime, 1)
	case *protocol.OneWayCall:
		m.InvokeTime = min(m.InvokeTime, 1)
	}
	return m
}

// describe writes a message for people, without what is empty.
func describe(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v))
	return b.String()
}

func write(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		write(b, v.Elem())
	case reflect.Struct:
		b.WriteString("{")
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() && !(f.Kind() == reflect.Slice && f.Len() == 0) {
				fmt.Fprintf(b, " %s:", v.Type().Field(i).Name)
				write(b, f)
			}
		}
		b.WriteString(" }")
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b.WriteString(shorten(bytes.Clone(v.Bytes())))
			return
		}
		b.WriteString("[")
		for i := range v.Len() {
			write(b, v.Index(i))
		}
		b.WriteString("]")
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}
