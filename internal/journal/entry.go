package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fxrestate/go/internal/protocol"
)

// Entry is an entry of a journal.
type Entry struct {
	// Type is as in sys_journal, such as "Command: Run" and "Notification: Run".
	Type string `json:"type"`
	// Name is that of a step or a timer.
	Name string `json:"name,omitempty"`
	// Service and Handler are what is called.
	Service string `json:"service,omitempty"`
	Handler string `json:"handler,omitempty"`
	// Key is that of a state, a promise, or of what is called.
	Key            string   `json:"key,omitempty"`
	IdempotencyKey string   `json:"idempotency_key,omitempty"`
	Headers        []Header `json:"headers,omitempty"`
	// ID is that of an awakeable or of an invocation.
	ID string `json:"id,omitempty"`
	// Signal is the name of a signal, or SignalIndex its number.
	Signal      string `json:"signal,omitempty"`
	SignalIndex uint32 `json:"signal_index,omitempty"`
	// Completion is the number of the completion, which a command and its notification
	// share. InvocationCompletion is that of the id of a call.
	Completion           uint32 `json:"completion,omitempty"`
	InvocationCompletion uint32 `json:"invocation_completion,omitempty"`
	// Time is when a timer ends or a call is to be made, in milliseconds since 1970.
	Time uint64 `json:"time,omitempty"`

	Payload
	// Void says that there is no value, Keys are those of a state, and Failure is one.
	Void    bool     `json:"void,omitempty"`
	Keys    []string `json:"keys,omitempty"`
	Failure *Failure `json:"failure,omitempty"`

	// Raw is the message as it was, where this form cannot show it.
	Raw []byte `json:"raw,omitempty"`

	// Redacted are the paths in the value that were replaced, such as "/card/number", or
	// "" for the whole. When replayed, they may differ.
	Redacted []string `json:"redacted,omitempty"`
}

// Header is a header of an invocation.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Failure is a terminal error.
type Failure struct {
	Code    uint32 `json:"code"`
	Message string `json:"message"`
}

// Payload is a value as it was encoded: JSON if it is that, else in base64.
type Payload struct {
	Value  json.RawMessage `json:"value,omitempty"`
	Base64 []byte          `json:"base64,omitempty"`
	Empty  bool            `json:"empty,omitempty"` // it has no bytes
}

func payloadOf(content []byte) Payload {
	var compact bytes.Buffer
	switch {
	case len(content) == 0:
		return Payload{Empty: true}
	case utf8.Valid(content) && json.Compact(&compact, content) == nil && bytes.Equal(compact.Bytes(), content):
		return Payload{Value: content}
	default:
		return Payload{Base64: content}
	}
}

// content returns the bytes, and whether there is a value.
func (p Payload) content() (content []byte, ok bool) {
	switch {
	case p.Empty:
		return nil, true
	case p.Base64 != nil:
		return p.Base64, true
	case p.Value != nil:
		var compact bytes.Buffer
		if json.Compact(&compact, p.Value) != nil {
			return p.Value, true
		}
		return compact.Bytes(), true
	default:
		return nil, false
	}
}

// asJSON returns the value without spaces, and whether it is JSON, however it was written.
func (p Payload) asJSON() (json.RawMessage, bool) {
	content, _ := p.content()
	var compact bytes.Buffer
	if !utf8.Valid(content) || json.Compact(&compact, content) != nil || compact.Len() == 0 {
		return nil, false
	}
	return compact.Bytes(), true
}

// String returns the line of the entry in a file.
func (e Entry) String() string {
	var line strings.Builder
	encode := json.NewEncoder(&line)
	encode.SetEscapeHTML(false)
	if err := encode.Encode(e); err != nil {
		return fmt.Sprintf("%s: %v", e.Type, err) // a value is JSON that was read
	}
	return strings.TrimSuffix(line.String(), "\n")
}

// entryOf returns the entry of a frame.
func entryOf(f protocol.Frame) Entry {
	e := Entry{Type: f.Type.Entry()}
	m, err := protocol.Decode(f)
	if err == nil {
		e.describe(m)
		// The form has all of the message if the line can be read as it.
		var read Entry
		if json.Unmarshal([]byte(e.String()), &read) == nil {
			if own, err := read.frame(); err == nil && bytes.Equal(own.Body, f.Body) {
				return e
			}
		}
	}
	return Entry{Type: e.Type, Name: e.Name, Raw: f.Body}
}

// describe takes over what the form has of a message. Whether it has all is seen when it is
// made again.
func (e *Entry) describe(m protocol.Message) {
	switch m := m.(type) {
	case *protocol.Input:
		e.Headers, e.Name = headersOf(m.Headers), m.Name
		if m.Value != nil {
			e.Payload = payloadOf(m.Value.Content)
		}
	case *protocol.Output:
		e.Name = m.Name
		e.result(m.Result)
	case *protocol.GetLazyState:
		e.Key, e.Completion = string(m.Key), m.CompletionID
	case *protocol.GetEagerState:
		e.Key = string(m.Key)
		e.result(m.Result)
	case *protocol.GetLazyStateKeys:
		e.Completion = m.CompletionID
	case *protocol.GetEagerStateKeys:
		if m.Value != nil {
			e.result(protocol.Keys(m.Value.Keys...))
		}
	case *protocol.SetState:
		e.Key = string(m.Key)
		if m.Value != nil {
			e.Payload = payloadOf(m.Value.Content)
		}
	case *protocol.ClearState:
		e.Key = string(m.Key)
	case *protocol.GetPromise:
		e.Key, e.Completion = m.Key, m.CompletionID
	case *protocol.PeekPromise:
		e.Key, e.Completion = m.Key, m.CompletionID
	case *protocol.CompletePromise:
		e.Key, e.Completion = m.Key, m.CompletionID
		e.result(m.Completion)
	case *protocol.Sleep:
		e.Name, e.Completion, e.Time = m.Name, m.CompletionID, m.WakeUpTime
	case *protocol.Call:
		e.Service, e.Handler, e.Key, e.Headers = m.Service, m.Handler, m.Key, headersOf(m.Headers)
		e.Payload, e.IdempotencyKey = payloadOf(m.Parameter), text(m.IdempotencyKey)
		e.InvocationCompletion, e.Completion = m.InvocationIDCompletionID, m.CompletionID
	case *protocol.OneWayCall:
		e.Service, e.Handler, e.Key, e.Headers = m.Service, m.Handler, m.Key, headersOf(m.Headers)
		e.Payload, e.IdempotencyKey, e.Time = payloadOf(m.Parameter), text(m.IdempotencyKey), m.InvokeTime
		e.InvocationCompletion = m.InvocationIDCompletionID
	case *protocol.SendSignal:
		e.ID, e.Name = m.TargetInvocationID, m.EntryName
		e.signal(m.Signal)
		e.result(m.Result)
	case *protocol.Run:
		e.Name, e.Completion = m.Name, m.CompletionID
	case *protocol.AttachInvocation:
		e.ID, e.Completion = text(m.Target.InvocationID), m.CompletionID
	case *protocol.CompleteAwakeable:
		e.ID = m.AwakeableID
		e.result(m.Result)
	case *protocol.Notification:
		e.Completion = m.CompletionID
		e.result(m.Result)
	case *protocol.SignalNotification:
		e.signal(m.Signal)
		e.result(m.Result)
	}
}

// frame returns the frame of the entry.
func (e Entry) frame() (protocol.Frame, error) {
	t, ok := protocol.TypeOfEntry(e.Type)
	if !ok {
		return protocol.Frame{}, fmt.Errorf("%q is no type of an entry", e.Type)
	}
	if e.Raw != nil {
		return protocol.Frame{Type: t, Body: e.Raw}, nil
	}
	m, err := e.message(t)
	if err != nil {
		return protocol.Frame{}, err
	}
	return protocol.Encode(m), nil
}

func (e Entry) message(t protocol.Type) (protocol.Message, error) {
	content, hasValue := e.content()
	var value *protocol.Value
	if hasValue {
		value = &protocol.Value{Content: content}
	}
	result := e.asResult()
	switch t {
	case protocol.TypeInput:
		return &protocol.Input{Headers: asHeaders(e.Headers), Name: e.Name, Value: value}, nil
	case protocol.TypeOutput:
		return &protocol.Output{Name: e.Name, Result: result}, nil
	case protocol.TypeGetLazyState:
		return &protocol.GetLazyState{Key: []byte(e.Key), CompletionID: e.Completion}, nil
	case protocol.TypeGetEagerState:
		return &protocol.GetEagerState{Key: []byte(e.Key), Result: result}, nil
	case protocol.TypeGetLazyStateKeys:
		return &protocol.GetLazyStateKeys{CompletionID: e.Completion}, nil
	case protocol.TypeGetEagerStateKeys:
		return &protocol.GetEagerStateKeys{Value: &protocol.StateKeys{Keys: byteStrings(e.Keys)}}, nil
	case protocol.TypeSetState:
		return &protocol.SetState{Key: []byte(e.Key), Value: value}, nil
	case protocol.TypeClearState:
		return &protocol.ClearState{Key: []byte(e.Key)}, nil
	case protocol.TypeClearAllState:
		return &protocol.ClearAllState{}, nil
	case protocol.TypeGetPromise:
		return &protocol.GetPromise{Key: e.Key, CompletionID: e.Completion}, nil
	case protocol.TypePeekPromise:
		return &protocol.PeekPromise{Key: e.Key, CompletionID: e.Completion}, nil
	case protocol.TypeCompletePromise:
		return &protocol.CompletePromise{Key: e.Key, CompletionID: e.Completion, Completion: result}, nil
	case protocol.TypeSleep:
		return &protocol.Sleep{Name: e.Name, CompletionID: e.Completion, WakeUpTime: e.Time}, nil
	case protocol.TypeCall:
		return &protocol.Call{
			Service: e.Service, Handler: e.Handler, Key: e.Key, Headers: asHeaders(e.Headers), Parameter: content,
			IdempotencyKey: optional(e.IdempotencyKey), InvocationIDCompletionID: e.InvocationCompletion, CompletionID: e.Completion,
		}, nil
	case protocol.TypeOneWayCall:
		return &protocol.OneWayCall{
			Service: e.Service, Handler: e.Handler, Key: e.Key, Headers: asHeaders(e.Headers), Parameter: content,
			IdempotencyKey: optional(e.IdempotencyKey), InvokeTime: e.Time, InvocationIDCompletionID: e.InvocationCompletion,
		}, nil
	case protocol.TypeSendSignal:
		return &protocol.SendSignal{TargetInvocationID: e.ID, EntryName: e.Name, Signal: e.asSignal(), Result: result}, nil
	case protocol.TypeRun:
		return &protocol.Run{Name: e.Name, CompletionID: e.Completion}, nil
	case protocol.TypeAttachInvocation:
		return &protocol.AttachInvocation{Target: protocol.Target{InvocationID: optional(e.ID)}, CompletionID: e.Completion}, nil
	case protocol.TypeCompleteAwakeable:
		return &protocol.CompleteAwakeable{AwakeableID: e.ID, Result: result}, nil
	case protocol.TypeSignalNotification:
		return &protocol.SignalNotification{Signal: e.asSignal(), Result: result}, nil
	default:
		if t.IsNotification() {
			return &protocol.Notification{Of: t, CompletionID: e.Completion, Result: result}, nil
		}
		return nil, fmt.Errorf("an entry %q must have its message in raw", e.Type)
	}
}

func (e *Entry) result(r protocol.Result) {
	switch r.Kind {
	case protocol.ResultVoid:
		e.Void = true
	case protocol.ResultValue:
		e.Payload = payloadOf(r.Value.Content)
	case protocol.ResultFailure:
		e.Failure = &Failure{r.Failure.Code, r.Failure.Message}
	case protocol.ResultInvocationID:
		e.ID = r.InvocationID
	case protocol.ResultStateKeys:
		for _, key := range r.StateKeys.Keys {
			e.Keys = append(e.Keys, string(key))
		}
		e.Void = len(e.Keys) == 0
	}
}

func (e Entry) asResult() protocol.Result {
	content, ok := e.content()
	switch {
	case ok:
		return protocol.Succeeded(content)
	case e.Failure != nil:
		return protocol.Failed(e.Failure.Code, e.Failure.Message)
	case e.Type == protocol.TypeCallInvocationIDCompletion.Entry():
		return protocol.InvocationID(e.ID)
	case e.Type == protocol.TypeGetLazyStateKeysCompletion.Entry():
		return protocol.Keys(byteStrings(e.Keys)...)
	case e.Void:
		return protocol.Void()
	default:
		return protocol.Result{}
	}
}

func (e *Entry) signal(s protocol.Signal) {
	e.Signal = text(s.Name)
	if s.Index != nil {
		e.SignalIndex = *s.Index
	}
}

func (e Entry) asSignal() protocol.Signal {
	if e.Signal != "" {
		return protocol.Signal{Name: &e.Signal}
	}
	return protocol.Signal{Index: &e.SignalIndex}
}

func headersOf(headers []protocol.Header) (own []Header) {
	for _, h := range headers {
		own = append(own, Header{h.Key, h.Value})
	}
	return own
}

func asHeaders(own []Header) (headers []protocol.Header) {
	for _, h := range own {
		headers = append(headers, protocol.Header{Key: h.Name, Value: h.Value})
	}
	return headers
}

func byteStrings(texts []string) (all [][]byte) {
	for _, t := range texts {
		all = append(all, []byte(t))
	}
	return all
}

func text(t *string) string {
	if t == nil {
		return ""
	}
	return *t
}

func optional(t string) *string {
	if t == "" {
		return nil
	}
	return &t
}
