package protocol_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/protocol"
)

// wire encodes fields: a number, and its value that is an int, a string or what wire has
// returned.
func wire(fields ...any) (b []byte) {
	for i := 0; i < len(fields); i += 2 {
		number := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(v))
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), v)
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), v)
		default:
			panic("no field")
		}
	}
	return b
}

var none = wire()

// messages have a message of each type, and what it is on the wire.
var messages = []struct {
	name    string
	message protocol.Message
	wire    []byte
}{
	{"Start of V6", &protocol.Start{
		ID: []byte("id"), DebugID: "inv_1", KnownEntries: 3,
		State:        []protocol.StateEntry{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("b")}},
		PartialState: true, Key: "k", RetryCount: 2, RetryDuration: 1 << 40, RandomSeed: 1 << 62,
	}, wire(1, "id", 2, "inv_1", 3, 3, 4, wire(1, "a", 2, "1"), 4, wire(1, "b"), 5, 1, 6, "k", 7, 2, 8, 1<<40, 9, 1<<62)},
	{"Start of V7", &protocol.Start{ID: []byte("id"), Scope: new("s"), LimitKey: new(""), IdempotencyKey: new("i")}, wire(1, "id", 10, "s", 11, "", 12, "i")},
	{"Start that is empty", &protocol.Start{}, none},
	{"Suspension of V6", &protocol.Suspension{
		WaitingCompletions: []uint32{1, 300}, WaitingSignals: []uint32{17}, WaitingNamedSignals: []string{"a", ""},
	}, wire(1, "\x01\xac\x02", 2, "\x11", 3, "a", 3, "")},
	{"Suspension of V7", &protocol.Suspension{AwaitingOn: &protocol.Future{
		WaitingCompletions: []uint32{0}, WaitingSignals: []uint32{1}, WaitingNamedSignals: []string{"n"},
		Nested: []protocol.Future{{WaitingCompletions: []uint32{2}}, {}}, Combinator: protocol.CombinatorAllSucceededOrFirstFailed,
	}}, wire(4, wire(1, "\x00", 2, "\x01", 3, "n", 4, wire(1, "\x02"), 4, none, 5, 4))},
	{"Error", &protocol.Error{Code: 500, Message: "m", StackTrace: "s"}, wire(1, 500, 2, "m", 3, "s")},
	{"Error of a command with a wish", &protocol.Error{
		Code: 570, Message: "m", RelatedCommandIndex: new(uint32(0)), RelatedCommandName: new("n"),
		RelatedCommandType: new(uint32(0x411)), NextRetryDelay: new(uint64(0)), Behavior: protocol.BehaviorPause,
	}, wire(1, 570, 2, "m", 4, 0, 5, "n", 6, 0x411, 8, 0, 9, 1)},
	{"End", &protocol.End{}, none},
	{"CommandAck", &protocol.CommandAck{CommandIndex: 4}, wire(1, 4)},
	{"ProposeRunCompletion with a value", &protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Succeeded([]byte("v"))}, wire(1, 1, 14, "v")},
	{"ProposeRunCompletion with an empty value", &protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Succeeded(nil)}, wire(1, 1, 14, "")},
	{"ProposeRunCompletion with a failure", &protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Failed(409, "m")}, wire(1, 1, 15, wire(1, 409, 2, "m"))},
	{"AwaitingOn", &protocol.AwaitingOn{AwaitingOn: &protocol.Future{Combinator: 1}, ExecutingSideEffects: true}, wire(1, wire(5, 1), 2, 1)},
	{"ProposeRunCompletionAck", &protocol.ProposeRunCompletionAck{CompletionID: 5}, wire(1, 5)},

	{"Input", &protocol.Input{
		Headers: []protocol.Header{{Key: "k", Value: "v"}, {}}, Name: "n", Value: &protocol.Value{Content: []byte("c")},
	}, wire(1, wire(1, "k", 2, "v"), 1, none, 12, "n", 14, wire(1, "c"))},
	{"Input with an empty value", &protocol.Input{Value: &protocol.Value{}}, wire(14, none)},
	{"Output with a value", &protocol.Output{Name: "n", Result: protocol.Succeeded([]byte("v"))}, wire(12, "n", 14, wire(1, "v"))},
	{"Output with a failure", &protocol.Output{Result: protocol.Result{Kind: protocol.ResultFailure, Failure: &protocol.Failure{
		Code: 400, Message: "m", Metadata: []protocol.Metadata{{Key: "k", Value: "v"}},
	}}}, wire(15, wire(1, 400, 2, "m", 3, wire(1, "k", 2, "v")))},
	{"GetLazyState", &protocol.GetLazyState{Key: []byte("k"), CompletionID: 1, Name: "n"}, wire(1, "k", 11, 1, 12, "n")},
	{"SetState", &protocol.SetState{Key: []byte("k"), Value: &protocol.Value{Content: []byte("v")}, Name: "n"}, wire(1, "k", 3, wire(1, "v"), 12, "n")},
	{"ClearState", &protocol.ClearState{Key: []byte("k"), Name: "n"}, wire(1, "k", 12, "n")},
	{"ClearAllState", &protocol.ClearAllState{Name: "n"}, wire(12, "n")},
	{"GetLazyStateKeys", &protocol.GetLazyStateKeys{CompletionID: 1, Name: "n"}, wire(11, 1, 12, "n")},
	{"GetEagerState without a value", &protocol.GetEagerState{Key: []byte("k"), Name: "n", Result: protocol.Void()}, wire(1, "k", 12, "n", 13, none)},
	{"GetEagerState with a value", &protocol.GetEagerState{Key: []byte("k"), Result: protocol.Succeeded([]byte("v"))}, wire(1, "k", 14, wire(1, "v"))},
	{"GetEagerStateKeys", &protocol.GetEagerStateKeys{Name: "n", Value: &protocol.StateKeys{Keys: [][]byte{[]byte("a"), nil}}}, wire(12, "n", 14, wire(1, "a", 1, ""))},
	{"GetPromise", &protocol.GetPromise{Key: "k", CompletionID: 1, Name: "n"}, wire(1, "k", 11, 1, 12, "n")},
	{"PeekPromise", &protocol.PeekPromise{Key: "k", CompletionID: 1, Name: "n"}, wire(1, "k", 11, 1, 12, "n")},
	{"CompletePromise with a value", &protocol.CompletePromise{Key: "k", Completion: protocol.Succeeded([]byte("v")), CompletionID: 1, Name: "n"}, wire(1, "k", 2, wire(1, "v"), 11, 1, 12, "n")},
	{"CompletePromise with a failure", &protocol.CompletePromise{Key: "k", Completion: protocol.Failed(1, "m"), CompletionID: 1}, wire(1, "k", 3, wire(1, 1, 2, "m"), 11, 1)},
	{"Sleep", &protocol.Sleep{WakeUpTime: 1 << 40, CompletionID: 1, Name: "n"}, wire(1, 1<<40, 11, 1, 12, "n")},
	{"Call", &protocol.Call{
		Service: "s", Handler: "h", Parameter: []byte("p"), Headers: []protocol.Header{{Key: "k", Value: "v"}}, Key: "key",
		IdempotencyKey: new("i"), Scope: new("sc"), LimitKey: new("l"), InvocationIDCompletionID: 1, CompletionID: 2, Name: "n",
	}, wire(1, "s", 2, "h", 3, "p", 4, wire(1, "k", 2, "v"), 5, "key", 6, "i", 7, "sc", 8, "l", 10, 1, 11, 2, 12, "n")},
	{"OneWayCall", &protocol.OneWayCall{
		Service: "s", Handler: "h", Parameter: []byte("p"), InvokeTime: 5, Headers: []protocol.Header{{Key: "k", Value: "v"}}, Key: "key",
		IdempotencyKey: new("i"), Scope: new("sc"), LimitKey: new("l"), InvocationIDCompletionID: 1, Name: "n",
	}, wire(1, "s", 2, "h", 3, "p", 4, 5, 5, wire(1, "k", 2, "v"), 6, "key", 7, "i", 8, "sc", 9, "l", 10, 1, 12, "n")},
	{"SendSignal that cancels", &protocol.SendSignal{
		TargetInvocationID: "inv_1", Signal: protocol.Signal{Index: new(uint32(protocol.SignalCancel))}, Result: protocol.Void(), EntryName: "n",
	}, wire(1, "inv_1", 2, 1, 4, none, 12, "n")},
	{"SendSignal with a name and a value", &protocol.SendSignal{
		TargetInvocationID: "inv_1", Signal: protocol.Signal{Name: new("")}, Result: protocol.Succeeded([]byte("v")),
	}, wire(1, "inv_1", 3, "", 5, wire(1, "v"))},
	{"SendSignal with a failure", &protocol.SendSignal{Signal: protocol.Signal{Index: new(uint32(0))}, Result: protocol.Failed(0, "m")}, wire(2, 0, 6, wire(2, "m"))},
	{"Run", &protocol.Run{CompletionID: 1, Name: "n"}, wire(11, 1, 12, "n")},
	{"AttachInvocation by id", &protocol.AttachInvocation{Target: protocol.Target{InvocationID: new("inv_1")}, CompletionID: 1, Name: "n"}, wire(1, "inv_1", 11, 1, 12, "n")},
	{"AttachInvocation by idempotency key", &protocol.AttachInvocation{Target: protocol.Target{Idempotent: &protocol.IdempotentRequestTarget{
		Service: "s", Key: new("k"), Handler: "h", IdempotencyKey: "i", Scope: new("sc"),
	}}}, wire(3, wire(1, "s", 2, "k", 3, "h", 4, "i", 5, "sc"))},
	{"GetInvocationOutput of a workflow", &protocol.GetInvocationOutput{Target: protocol.Target{Workflow: &protocol.WorkflowTarget{
		Workflow: "w", Key: "k", Scope: new("sc"),
	}}, CompletionID: 1, Name: "n"}, wire(4, wire(1, "w", 2, "k", 3, "sc"), 11, 1, 12, "n")},
	{"CompleteAwakeable with a value", &protocol.CompleteAwakeable{AwakeableID: "sign_1", Result: protocol.Succeeded([]byte("v")), Name: "n"}, wire(1, "sign_1", 2, wire(1, "v"), 12, "n")},
	{"CompleteAwakeable with a failure", &protocol.CompleteAwakeable{AwakeableID: "sign_1", Result: protocol.Failed(1, "m")}, wire(1, "sign_1", 3, wire(1, 1, 2, "m"))},

	{"completion of GetLazyState", notify(protocol.TypeGetLazyStateCompletion, protocol.Void()), wire(1, 7, 4, none)},
	{"completion of GetLazyStateKeys", notify(protocol.TypeGetLazyStateKeysCompletion, protocol.Keys([]byte("a"), nil)), wire(1, 7, 17, wire(1, "a", 1, ""))},
	{"completion of GetPromise", notify(protocol.TypeGetPromiseCompletion, protocol.Succeeded([]byte("v"))), wire(1, 7, 5, wire(1, "v"))},
	{"completion of PeekPromise", notify(protocol.TypePeekPromiseCompletion, protocol.Void()), wire(1, 7, 4, none)},
	{"completion of CompletePromise", notify(protocol.TypeCompletePromiseCompletion, protocol.Failed(409, "m")), wire(1, 7, 6, wire(1, 409, 2, "m"))},
	{"completion of Sleep", notify(protocol.TypeSleepCompletion, protocol.Void()), wire(1, 7, 4, none)},
	{"completion of Call", notify(protocol.TypeCallCompletion, protocol.Succeeded(nil)), wire(1, 7, 5, none)},
	{"id of an invocation", notify(protocol.TypeCallInvocationIDCompletion, protocol.InvocationID("inv_1")), wire(1, 7, 16, "inv_1")},
	{"completion of Run", notify(protocol.TypeRunCompletion, protocol.Succeeded([]byte("v"))), wire(1, 7, 5, wire(1, "v"))},
	{"completion of AttachInvocation", notify(protocol.TypeAttachInvocationCompletion, protocol.Failed(0, "")), wire(1, 7, 6, none)},
	{"completion of GetInvocationOutput", notify(protocol.TypeGetInvocationOutputCompletion, protocol.Result{}), wire(1, 7)},
	{"signal with an index", &protocol.SignalNotification{Signal: protocol.Signal{Index: new(uint32(17))}, Result: protocol.Succeeded([]byte("v"))}, wire(2, 17, 5, wire(1, "v"))},
	{"signal with a name", &protocol.SignalNotification{Signal: protocol.Signal{Name: new("n")}, Result: protocol.Failed(1, "m")}, wire(3, "n", 6, wire(1, 1, 2, "m"))},
}

func notify(of protocol.Type, result protocol.Result) protocol.Message {
	return &protocol.Notification{Of: of, CompletionID: 7, Result: result}
}

func TestMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	for _, tt := range messages {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			encoded := protocol.Encode(tt.message)
			require.Equal(t, tt.message.Type(), encoded.Type)
			require.Equal(t, string(tt.wire), string(encoded.Body))
			require.Equal(t, "before"+string(encoded.Append(nil)), string(protocol.AppendMessage([]byte("before"), tt.message)))
			decoded, err := protocol.Decode(encoded)
			require.NoError(t, err)
			require.Equal(t, tt.message, decoded)
		})
	}
}

// Every field of a message must be in the table, so that none is forgotten in the codec.
func TestTheTableHasEveryField(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var note func(v reflect.Value)
	note = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				note(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				note(v.Index(i))
			}
		case reflect.Struct:
			for field, value := range v.Fields() {
				name := v.Type().Name() + "." + field.Name
				seen[name] = seen[name] || !value.IsZero()
				note(value)
			}
		}
	}
	for _, tt := range messages {
		note(reflect.ValueOf(tt.message))
	}
	for field, filled := range seen {
		if !strings.HasSuffix(field, ".Unknown") && field != "Result.Void" {
			require.True(t, filled, "no message has %s", field)
		}
	}
}

func TestFieldsOfLaterVersionsAreKept(t *testing.T) {
	t.Parallel()
	later := wire(100, "later", 101, 5)
	for _, tt := range []struct {
		name string
		kind protocol.Type
		wire []byte
	}{
		{"in a message", protocol.TypeRun, wire(11, 1, 100, "later", 101, 5)},
		{"in one without others", protocol.TypeEnd, later},
		{"in a value", protocol.TypeSetState, wire(1, "k", 3, append(wire(1, "v"), later...))},
		{"in a failure and its metadata", protocol.TypeOutput, wire(15, append(wire(1, 400, 3, append(wire(1, "k"), later...)), later...))},
		{"in a void", protocol.TypeSleepCompletion, wire(1, 1, 4, later)},
		{"in keys", protocol.TypeGetLazyStateKeysCompletion, wire(1, 1, 17, append(wire(1, "a"), later...))},
		{"in an entry of the state", protocol.TypeStart, wire(4, append(wire(1, "k"), later...))},
		{"in a header", protocol.TypeCall, wire(4, append(wire(1, "k"), later...))},
		{"in a future", protocol.TypeAwaitingOn, wire(1, append(wire(4, later), later...))},
		{"in targets", protocol.TypeAttachInvocation, wire(4, append(wire(1, "w"), later...))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := protocol.Decode(protocol.Frame{Type: tt.kind, Body: tt.wire})
			require.NoError(t, err)
			require.Equal(t, string(tt.wire), string(m.AppendTo(nil)))
		})
	}
}

func TestMessagesAreReadAsProtobufSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		wire []byte
		want protocol.Message
	}{
		{"the last of two values counts", wire(1, 1, 1, 2), &protocol.CommandAck{CommandIndex: 2}},
		{"the order is free", wire(12, "n", 11, 1), &protocol.Run{CompletionID: 1, Name: "n"}},
		{"a default may be written", wire(11, 0, 12, ""), &protocol.Run{}},
		{"numbers need not be packed", wire(1, 1, 1, "\x02\x03", 2, 17), &protocol.Suspension{WaitingCompletions: []uint32{1, 2, 3}, WaitingSignals: []uint32{17}}},
		{"the last of a union counts", wire(14, wire(1, "v"), 15, wire(1, 5)), &protocol.Output{Result: protocol.Failed(5, "")}},
		{"a message that comes twice is merged", wire(15, wire(1, 5), 15, wire(2, "m")), &protocol.Output{Result: protocol.Failed(5, "m")}},
		{"the last name of a signal counts", wire(2, 17, 3, "n"), &protocol.SendSignal{Signal: protocol.Signal{Name: new("n")}}},
		{"the last index of a signal counts", wire(3, "n", 2, 17), &protocol.SendSignal{Signal: protocol.Signal{Index: new(uint32(17))}}},
		{"the last target counts", wire(1, "inv_1", 4, wire(1, "w")), &protocol.AttachInvocation{Target: protocol.Target{Workflow: &protocol.WorkflowTarget{Workflow: "w"}}}},
		{"another target counts if it is the last", wire(4, none, 3, none, 1, "inv_1"), &protocol.AttachInvocation{Target: protocol.Target{InvocationID: new("inv_1")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := protocol.Decode(protocol.Frame{Type: tt.want.Type(), Body: tt.wire})
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestMalformedMessagesAreErrors(t *testing.T) {
	t.Parallel()
	deep := none
	for range 200 {
		deep = wire(4, deep)
	}
	for _, tt := range []struct {
		name string
		kind protocol.Type
		wire []byte
		says string
	}{
		{"no field", protocol.TypeStart, []byte{0xff}, "start"},
		{"a field that is cut", protocol.TypeStart, wire(1, "id")[:3], "start"},
		{"a field of another type", protocol.TypeRun, wire(11, "1"), "field 11: wire type 2 instead of 0"},
		{"a message of another type", protocol.TypeInput, wire(14, 1), "field 14: wire type 0 instead of 2"},
		{"a number that is too large", protocol.TypeRun, wire(11, 1<<32), "field 11: more than 32 bits"},
		{"a packed number that is too large", protocol.TypeSuspension, wire(1, "\xff\xff\xff\xff\xff\x01"), "field 1: more than 32 bits"},
		{"a packed number that is cut", protocol.TypeSuspension, wire(1, "\xff"), "field 1: unexpected EOF"},
		{"a name that is no text", protocol.TypeRun, wire(12, "\xff"), "field 12: no UTF-8"},
		{"a message within that is malformed", protocol.TypeOutput, wire(15, wire(3, wire(1, 5))), "field 15: field 3: field 1: wire type"},
		{"futures within futures without an end", protocol.TypeAwaitingOn, wire(1, deep), "too deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := protocol.Decode(protocol.Frame{Type: tt.kind, Body: tt.wire})
			require.Nil(t, m)
			require.ErrorIs(t, err, protocol.ErrMalformed)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestUnknownTypesAreErrors(t *testing.T) {
	t.Parallel()
	for _, kind := range []protocol.Type{0x0008, 0x040F, 0x8003, 0xFBFE, 0xFC00} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			m, err := protocol.Decode(protocol.Frame{Type: kind})
			require.Nil(t, m)
			require.ErrorIs(t, err, protocol.ErrUnknownType)
			require.NotErrorIs(t, err, protocol.ErrMalformed)
		})
	}
}

// A result that a message has no place for, or that is not complete, must not break it.
func TestOddResultsAreEncoded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		result protocol.Result
		wire   []byte
	}{
		{"a failure without one", protocol.Result{Kind: protocol.ResultFailure}, wire(15, none)},
		{"a void where there is none", protocol.Void(), none},
		{"keys where there are none", protocol.Keys([]byte("k")), none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, string(tt.wire), string((&protocol.Output{Result: tt.result}).AppendTo(nil)))
		})
	}
}

// FuzzDecode checks that what decodes says the same after it was encoded, and that the
// encoding is settled then.
func FuzzDecode(f *testing.F) {
	for _, tt := range messages {
		f.Add(uint16(tt.message.Type()), tt.wire)
	}
	f.Add(uint16(protocol.TypeStart), []byte{0xff})
	f.Add(uint16(protocol.TypeCall), wire(200, "later"))
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		m, err := protocol.Decode(protocol.Frame{Type: protocol.Type(kind), Body: body})
		if err != nil {
			require.Nil(t, m)
			return
		}
		require.EqualValues(t, kind, m.Type())
		encoded := protocol.Encode(m)
		again, err := protocol.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, m, again)
		require.Equal(t, encoded, protocol.Encode(again))
	})
}
