package crash

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fxrestate/go/internal/protocol"
)

// Entry is what a handler has written into its journal: a command, or the result of a
// step.
type Entry struct {
	Index  int // of the command in the journal; the input is 0
	Type   protocol.Type
	Name   string // such as that of a step
	Result bool   // the result of the step
}

// String names the entry for people.
func (e Entry) String() string {
	s := e.Type.String()
	if e.Name != "" {
		s = fmt.Sprintf("%s %q", s, e.Name)
	}
	if e.Result {
		s = "the result of " + s
	}
	return s
}

// command is a command as far as it must be the same in another run.
type command struct {
	kind  protocol.Type
	name  string
	ids   string // of its completions
	value string // what it carries, if that can be compared
	known bool   // it carries what the handler read: no doing of its own
}

// commandOf reads a command.
func commandOf(f protocol.Frame) command {
	c := command{kind: f.Type}
	message, err := protocol.Decode(f)
	if err != nil {
		c.value = string(f.Body)
		return c
	}
	switch m := message.(type) {
	case *protocol.Input:
		if m.Value != nil {
			c.value = string(WithoutIDs(m.Value.Content))
		}
		c.value += headers(m.Headers)
	case *protocol.Output:
		c.value = result(m.Result)
	case *protocol.GetLazyState:
		c.name, c.known = string(m.Key), true
	case *protocol.GetEagerState:
		c.kind, c.name, c.known = protocol.TypeGetLazyState, string(m.Key), true
		c.value = result(m.Result)
	case *protocol.SetState:
		c.name, c.value = string(m.Key), value(m.Value)
	case *protocol.ClearState:
		c.name = string(m.Key)
	case *protocol.GetLazyStateKeys:
		c.known = true
	case *protocol.GetEagerStateKeys:
		c.kind, c.known = protocol.TypeGetLazyStateKeys, true
		if m.Value != nil {
			c.value = fmt.Sprintf("%q", m.Value.Keys)
		}
	case *protocol.GetPromise:
		c.name, c.ids = m.Key, fmt.Sprint(m.CompletionID)
	case *protocol.PeekPromise:
		c.name, c.ids = m.Key, fmt.Sprint(m.CompletionID)
	case *protocol.CompletePromise:
		c.name, c.ids, c.value = m.Key, fmt.Sprint(m.CompletionID), result(m.Completion)
	case *protocol.Sleep:
		c.name, c.ids = m.Name, fmt.Sprint(m.CompletionID)
	case *protocol.Run:
		c.name, c.ids = m.Name, fmt.Sprint(m.CompletionID)
	case *protocol.Call:
		c.name, c.ids = target(m.Service, m.Key, m.Handler), fmt.Sprint(m.InvocationIDCompletionID, m.CompletionID)
		c.value = payload(m.Parameter) + headers(m.Headers) + optional(m.IdempotencyKey)
	case *protocol.OneWayCall:
		c.name, c.ids = target(m.Service, m.Key, m.Handler), fmt.Sprint(m.InvocationIDCompletionID)
		c.value = payload(m.Parameter) + headers(m.Headers) + optional(m.IdempotencyKey)
	case *protocol.SendSignal:
		c.name = optional(m.Signal.Name)
		c.value = result(m.Result)
	case *protocol.AttachInvocation:
		c.ids = fmt.Sprint(m.CompletionID)
	case *protocol.GetInvocationOutput:
		c.ids = fmt.Sprint(m.CompletionID)
	case *protocol.CompleteAwakeable:
		c.value = result(m.Result)
	}
	c.name = string(WithoutIDs([]byte(c.name)))
	return c
}

// describe names a command with what it carries, for people.
func (c command) describe() string {
	s := Entry{Type: c.kind, Name: c.name}.String()
	if c.value != "" {
		v := c.value
		if len(v) > maxShown {
			v = v[:maxShown] + "…"
		}
		s += " with " + v
	}
	return s
}

// maxShown is how many bytes of a value are shown.
const maxShown = 200

func target(service, key, handler string) string {
	if key == "" {
		return service + "/" + handler
	}
	return service + "/" + key + "/" + handler
}

// payload returns what can be compared. Of encodings other than JSON it is not known
// whether equal values have equal bytes.
func payload(b []byte) string {
	if !json.Valid(b) {
		return ""
	}
	return string(WithoutIDs(b))
}

func value(v *protocol.Value) string {
	if v == nil {
		return ""
	}
	return payload(v.Content)
}

func result(r protocol.Result) string {
	switch r.Kind {
	case protocol.ResultValue:
		return payload(r.Value.Content)
	case protocol.ResultFailure:
		return fmt.Sprintf("failure %d %q", r.Failure.Code, WithoutIDs([]byte(r.Failure.Message)))
	case protocol.ResultStateKeys:
		return fmt.Sprintf("%q", r.StateKeys.Keys)
	case protocol.ResultInvocationID:
		return "inv_…"
	default:
		return ""
	}
}

func headers(hs []protocol.Header) string {
	var b strings.Builder
	for _, h := range hs {
		if name := strings.ToLower(h.Key); name == "traceparent" || name == "tracestate" {
			continue // another one for each attempt
		}
		fmt.Fprintf(&b, " %s: %s", h.Key, h.Value)
	}
	return string(WithoutIDs([]byte(b.String())))
}

func optional(s *string) string {
	if s == nil {
		return ""
	}
	return string(WithoutIDs([]byte(*s)))
}
