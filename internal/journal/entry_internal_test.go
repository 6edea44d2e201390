package journal

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
)

func TestEachEntryIsShownAndMadeAgain(t *testing.T) {
	t.Parallel()
	name, index := "go", uint32(17)
	for what, tt := range map[string]struct {
		message protocol.Message
		want    string
	}{
		"an input": {
			&protocol.Input{Headers: []protocol.Header{{Key: "a", Value: "<b>"}}, Value: &protocol.Value{Content: []byte(`{"a":"<b>"}`)}},
			`{"type":"Command: Input","headers":[{"name":"a","value":"<b>"}],"value":{"a":"<b>"}}`,
		},
		"an input without bytes":   {&protocol.Input{Value: &protocol.Value{}}, `{"type":"Command: Input","empty":true}`},
		"an input without a value": {&protocol.Input{}, `{"type":"Command: Input"}`},
		"an output":                {&protocol.Output{Result: protocol.Succeeded([]byte("null"))}, `{"type":"Command: Output","value":null}`},
		"an output that is no JSON": {
			&protocol.Output{Result: protocol.Succeeded([]byte{1, 2})}, `{"type":"Command: Output","base64":"AQI="}`,
		},
		"an output that is JSON with spaces": {
			&protocol.Output{Result: protocol.Succeeded([]byte(`{ }`))}, `{"type":"Command: Output","base64":"eyB9"}`,
		},
		"a failure": {
			&protocol.Output{Result: protocol.Failed(402, "no money")}, `{"type":"Command: Output","failure":{"code":402,"message":"no money"}}`,
		},
		"a state that is read":        {&protocol.GetEagerState{Key: []byte("n"), Result: protocol.Succeeded([]byte("1"))}, `{"type":"Command: GetEagerState","key":"n","value":1}`},
		"a state that is not there":   {&protocol.GetEagerState{Key: []byte("n"), Result: protocol.Void()}, `{"type":"Command: GetEagerState","key":"n","void":true}`},
		"a state that is asked for":   {&protocol.GetLazyState{Key: []byte("n"), CompletionID: 3}, `{"type":"Command: GetLazyState","key":"n","completion":3}`},
		"keys":                        {&protocol.GetEagerStateKeys{Value: &protocol.StateKeys{Keys: [][]byte{[]byte("a")}}}, `{"type":"Command: GetEagerStateKeys","keys":["a"]}`},
		"no keys":                     {&protocol.GetEagerStateKeys{Value: &protocol.StateKeys{}}, `{"type":"Command: GetEagerStateKeys","void":true}`},
		"keys that are asked for":     {&protocol.GetLazyStateKeys{CompletionID: 1}, `{"type":"Command: GetLazyStateKeys","completion":1}`},
		"a state that is set":         {&protocol.SetState{Key: []byte("n"), Value: &protocol.Value{Content: []byte("1")}}, `{"type":"Command: SetState","key":"n","value":1}`},
		"a state that is cleared":     {&protocol.ClearState{Key: []byte("n")}, `{"type":"Command: ClearState","key":"n"}`},
		"all states that are cleared": {&protocol.ClearAllState{}, `{"type":"Command: ClearAllState"}`},
		"a key of the state in bytes": {&protocol.ClearState{Key: []byte{0xff}}, `{"type":"Command: ClearState","raw":"CgH/"}`},
		"a promise":                   {&protocol.GetPromise{Key: "p", CompletionID: 1}, `{"type":"Command: GetPromise","key":"p","completion":1}`},
		"a promise that is looked at": {&protocol.PeekPromise{Key: "p", CompletionID: 1}, `{"type":"Command: PeekPromise","key":"p","completion":1}`},
		"a promise that is completed": {&protocol.CompletePromise{Key: "p", CompletionID: 1, Completion: protocol.Succeeded([]byte("1"))}, `{"type":"Command: CompletePromise","key":"p","completion":1,"value":1}`},
		"a timer":                     {&protocol.Sleep{Name: "s", WakeUpTime: 5, CompletionID: 1}, `{"type":"Command: Sleep","name":"s","completion":1,"time":5}`},
		"a call": {
			&protocol.Call{Service: "s", Handler: "h", Key: "k", Parameter: []byte("1"), IdempotencyKey: &name, InvocationIDCompletionID: 1, CompletionID: 2},
			`{"type":"Command: Call","service":"s","handler":"h","key":"k","idempotency_key":"go","completion":2,"invocation_completion":1,"value":1}`,
		},
		"a call with a name": {
			&protocol.Call{Service: "s", Handler: "h", Name: "n", InvocationIDCompletionID: 1, CompletionID: 2},
			`{"type":"Command: Call","raw":"CgFzEgFoUAFYAmIBbg=="}`,
		},
		"a send": {
			&protocol.OneWayCall{Service: "s", Handler: "h", InvokeTime: 7, InvocationIDCompletionID: 1},
			`{"type":"Command: OneWayCall","service":"s","handler":"h","invocation_completion":1,"time":7,"empty":true}`,
		},
		"a signal by its name":      {&protocol.SendSignal{TargetInvocationID: "inv_1", Signal: protocol.Signal{Name: &name}, Result: protocol.Void()}, `{"type":"Command: SendSignal","id":"inv_1","signal":"go","void":true}`},
		"a signal by its number":    {&protocol.SignalNotification{Signal: protocol.Signal{Index: &index}, Result: protocol.Succeeded([]byte("1"))}, `{"type":"Notification: Signal","signal_index":17,"value":1}`},
		"a step":                    {&protocol.Run{Name: "charge", CompletionID: 1}, `{"type":"Command: Run","name":"charge","completion":1}`},
		"its result":                {&protocol.Notification{Of: protocol.TypeRunCompletion, CompletionID: 1, Result: protocol.Succeeded([]byte("1"))}, `{"type":"Notification: Run","completion":1,"value":1}`},
		"the id of a call":          {&protocol.Notification{Of: protocol.TypeCallInvocationIDCompletion, CompletionID: 1, Result: protocol.InvocationID("inv_1")}, `{"type":"Notification: CallInvocationId","id":"inv_1","completion":1}`},
		"the keys of a state":       {&protocol.Notification{Of: protocol.TypeGetLazyStateKeysCompletion, CompletionID: 1, Result: protocol.Keys([]byte("a"))}, `{"type":"Notification: GetLazyStateKeys","completion":1,"keys":["a"]}`},
		"what is attached to":       {&protocol.AttachInvocation{Target: protocol.Target{InvocationID: &name}, CompletionID: 1}, `{"type":"Command: AttachInvocation","id":"go","completion":1}`},
		"an awakeable":              {&protocol.CompleteAwakeable{AwakeableID: "sign_1", Result: protocol.Failed(500, "no")}, `{"type":"Command: CompleteAwakeable","id":"sign_1","failure":{"code":500,"message":"no"}}`},
		"what has no form":          {&protocol.GetInvocationOutput{Target: protocol.Target{InvocationID: &name}, CompletionID: 1}, `{"type":"Command: GetInvocationOutput","raw":"CgJnb1gB"}`},
		"a field that is not known": {&protocol.Run{CompletionID: 1, Unknown: []byte{0xa0, 0x06, 1}}, `{"type":"Command: Run","raw":"WAGgBgE="}`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := protocol.Encode(tt.message)
			e := entryOf(f)
			require.Equal(t, tt.want, e.String())
			var read Entry
			require.NoError(t, json.Unmarshal([]byte(tt.want), &read))
			again, err := read.frame()
			require.NoError(t, err)
			require.Equal(t, f.Type, again.Type)
			require.True(t, bytes.Equal(f.Body, again.Body))
		})
	}
}

func TestTheSeedIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	// The handler's first UUID began with 5caac91e-7c18-4a7b.
	id, err := runner.IDBytes("inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD")
	require.NoError(t, err)
	require.Equal(t, uint64(0x5cca03e83bb9b93c), runner.RandomSeed(id))
}

func journalOf(t *testing.T, entries ...Entry) *Journal {
	t.Helper()
	return &Journal{Format: format, ID: "inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD", Service: "s", Handler: "h", Status: "completed", Entries: entries}
}

func value(text string) Payload { return Payload{Value: json.RawMessage(text)} }

func TestWhatIsSecretIsReplacedAndTheRestIsLeft(t *testing.T) {
	t.Parallel()
	const input, output, step = "Command: Input", "Command: Output", "Notification: Run"
	for name, tt := range map[string]struct {
		names   []string
		entries []Entry
		want    []string
	}{
		"a field": {[]string{"Card"}, []Entry{{Type: input, Payload: value(`{"card":"4711-abcd","of":"ada"}`)}}, []string{
			`{"type":"Command: Input","value":{"card":"9933-bacd","of":"ada"},"redacted":["/card"]}`,
		}},
		"a field below others": {[]string{"card"}, []Entry{{Type: input, Payload: value(`{"a":[{"card":{"no":"4711","cents":120,"ok":true,"n":null}}],"card":7}`)}}, []string{
			`{"type":"Command: Input","value":{"a":[{"card":{"no":"2322","cents":110,"ok":true,"n":null}}],"card":1},"redacted":["/a/0/card/no","/a/0/card/cents","/card"]}`,
		}},
		"wherever it occurs": {[]string{"token"}, []Entry{
			{Type: input, Payload: value(`{"token":"gh-xyz"}`)},
			{Type: output, Payload: value(`"Bearer gh-xyz"`)},
			{Type: output, Failure: &Failure{500, "gh-xyz is no good"}},
			{Type: output, Payload: Payload{Base64: []byte("\x01gh-xyz")}},
			{Type: "Command: Call", Service: "s", Handler: "h", Key: "of gh-xyz", Payload: Payload{Empty: true}},
		}, []string{
			`{"type":"Command: Input","value":{"token":"vs-vhv"},"redacted":["/token"]}`,
			`{"type":"Command: Output","value":"Bearer vs-vhv","redacted":[""]}`,
			`{"type":"Command: Output","failure":{"code":500,"message":"vs-vhv is no good"}}`,
			`{"type":"Command: Output","base64":"AXZzLXZodg==","redacted":[""]}`,
			`{"type":"Command: Call","service":"s","handler":"h","key":"of vs-vhv","empty":true}`,
		}},
		"a step": {[]string{"charge"}, []Entry{
			{Type: "Command: Run", Name: "charge", Completion: 1},
			{Type: step, Completion: 1, Payload: value(`["abc"]`)},
			{Type: step, Completion: 2, Payload: value(`["abc"]`)},
		}, []string{
			`{"type":"Command: Run","name":"charge","completion":1}`,
			`{"type":"Notification: Run","completion":1,"value":["def"],"redacted":["/0"]}`,
			`{"type":"Notification: Run","completion":2,"value":["abc"]}`,
		}},
		"headers with credentials, also if nobody names them": {nil, []Entry{{Type: input, Headers: []Header{{"Authorization", "Basic abcd"}, {"x", "abcd"}}}}, []string{
			`{"type":"Command: Input","headers":[{"name":"Authorization","value":"Dcmxe abde"},{"name":"x","value":"abcd"}]}`,
		}},
		"a time": {[]string{"born"}, []Entry{{Type: input, Payload: value(`{"born":"1980-02-03T04:05:06Z"}`)}}, []string{
			`{"type":"Command: Input","value":{"born":"2000-01-01T01:00:00Z"},"redacted":["/born"]}`,
		}},
		"a field of JSON with spaces, as people and Python write it": {[]string{"card"}, []Entry{
			{Type: input, Payload: Payload{Base64: []byte(`{"card": "4711-abcd", "of": "ada"}`)}},
		}, []string{
			`{"type":"Command: Input","value":{"card":"9933-bacd","of":"ada"},"redacted":["/card"]}`,
		}},
		"JSON with spaces that has no secret": {[]string{"card"}, []Entry{{Type: input, Payload: Payload{Base64: []byte(`{ }`)}}}, []string{
			`{"type":"Command: Input","base64":"eyB9"}`,
		}},
		"a step whose result is a text that is no JSON": {[]string{"charge"}, []Entry{
			{Type: "Command: Run", Name: "charge", Completion: 1},
			{Type: step, Completion: 1, Payload: Payload{Base64: []byte("gggg")}},
		}, []string{
			`{"type":"Command: Run","name":"charge","completion":1}`,
			`{"type":"Notification: Run","completion":1,"base64":"aWtpag==","redacted":[""]}`,
		}},
		"a step whose result is bytes": {[]string{"charge"}, []Entry{
			{Type: "Command: Run", Name: "charge", Completion: 1},
			{Type: step, Completion: 1, Payload: Payload{Base64: []byte{0xff, 7}}},
		}, []string{
			`{"type":"Command: Run","name":"charge","completion":1}`,
			`{"type":"Notification: Run","completion":1,"base64":"AAA=","redacted":[""]}`,
		}},
		"letters of any script": {[]string{"of"}, []Entry{{Type: input, Payload: value(`{"of":"Žofie Łukasz 王芳 𠮷"}`)}}, []string{
			`{"type":"Command: Input","value":{"of":"éjfqe éssdlu 四七 𠀁"},"redacted":["/of"]}`,
		}},
		"names and keys that have it in them": {[]string{"mail"}, []Entry{
			{Type: input, Payload: value(`{"mail":"gggg"}`)},
			{Type: "Command: Run", Name: "send to gggg", Completion: 1},
			{Type: "Command: SendSignal", ID: "inv_1", Signal: "gggg", Void: true},
			{Type: "Command: GetEagerStateKeys", Keys: []string{"of gggg"}},
			{Type: output, Payload: value(`{"gggg":{"n":1}}`)},
		}, []string{
			`{"type":"Command: Input","value":{"mail":"ikij"},"redacted":["/mail"]}`,
			`{"type":"Command: Run","name":"send to ikij","completion":1}`,
			`{"type":"Command: SendSignal","id":"inv_1","signal":"ikij","void":true}`,
			`{"type":"Command: GetEagerStateKeys","keys":["of ikij"]}`,
			`{"type":"Command: Output","value":{"ikij":{"n":1}},"redacted":["/ikij"]}`,
		}},
		"names with slashes": {[]string{"card"}, []Entry{{Type: input, Payload: value(`{"a/b~":{"card":"gggg"}}`)}}, []string{
			`{"type":"Command: Input","value":{"a/b~":{"card":"ikij"}},"redacted":["/a~1b~0/card"]}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journalOf(t, tt.entries...)
			j.Redact(tt.names...)
			var got []string
			for _, e := range j.Entries {
				got = append(got, e.String())
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCommandsAreComparedApartFromWhatIsRedacted(t *testing.T) {
	t.Parallel()
	call := func(text string, redacted ...string) Entry {
		return Entry{Type: "Command: Call", Service: "s", Handler: "h", Payload: value(text), Redacted: redacted}
	}
	for name, tt := range map[string]struct {
		recorded, attempted Entry
		same                bool
	}{
		"the same":                      {call(`{"a":1}`), call(`{"a":1}`), true},
		"another value":                 {call(`{"a":1}`), call(`{"a":2}`), false},
		"another value that is secret":  {call(`{"a":1,"b":2}`, "/a"), call(`{"a":2,"b":2}`), true},
		"another value beside a secret": {call(`{"a":1,"b":2}`, "/a"), call(`{"a":1,"b":3}`), false},
		"a secret within":               {call(`{"a":[{"b~/":1},2]}`, "/a/0/b~0~1"), call(`{"a":[{"b~/":3},2]}`), true},
		"a secret in JSON with spaces": {
			call(`{"a":1,"b":2}`, "/a"), Entry{Type: "Command: Call", Service: "s", Handler: "h", Payload: Payload{Base64: []byte(`{"a": 2, "b": 2}`)}}, true,
		},
		"a secret element":    {call(`[1,2]`, "/1"), call(`[1,3]`), true},
		"a secret as a whole": {call(`"a"`, ""), call(`"b"`), true},
		"another handler":     {call(`"a"`, ""), Entry{Type: "Command: Call", Service: "s", Handler: "g", Payload: value(`"a"`)}, false},
		"another time": {
			Entry{Type: "Command: Sleep", Completion: 1, Time: 1}, Entry{Type: "Command: Sleep", Completion: 1, Time: 2}, true,
		},
		"a state that was known and is asked for": {
			Entry{Type: "Command: GetEagerState", Key: "n", Payload: value("1")}, Entry{Type: "Command: GetLazyState", Key: "n", Completion: 1}, true,
		},
		"another state": {
			Entry{Type: "Command: GetEagerState", Key: "n", Void: true}, Entry{Type: "Command: GetLazyState", Key: "m", Completion: 1}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.same, same(tt.recorded, tt.attempted))
		})
	}
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	j := journalOf(t, Entry{Type: "Command: Input", Payload: value(`{"a":"<&>"}`)}, Entry{Type: "Command: Output", Void: true})
	text, err := j.Append(nil)
	require.NoError(t, err)
	require.Equal(t, `{
  "format": 1,
  "id": "inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD",
  "service": "s",
  "handler": "h",
  "status": "completed",
  "entries": [
    {"type":"Command: Input","value":{"a":"<&>"}},
    {"type":"Command: Output","void":true}
  ]
}
`, string(text))
	again, err := Parse(text)
	require.NoError(t, err)
	require.Equal(t, j, again)
}

func TestAFileThatIsNoneSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:             "journal: EOF",
		`{"format":2}`: "journal: the file has format 2, and this version reads 1; record it again",
		`{"format":1}`: "journal: the file names no handler",
		`{"format":1,"service":"s","handler":"h"}`:                                                                               "journal: the first entry is not the handler's input",
		`{"format":1,"service":"s","handler":"h","entries":[{"type":"Command: Run"}]}`:                                           "journal: the first entry is not the handler's input",
		`{"format":1,"service":"s","handler":"h","entries":[{"type":"Command: Input"},{"type":"Command: Dance"}]}`:               `journal: entry 1: "Command: Dance" is no type of an entry`,
		`{"format":1,"service":"s","handler":"h","entries":[{"type":"Command: Input"}],"other":1}`:                               `journal: json: unknown field "other"`,
		`{"format":1,"service":"s","handler":"h","entries":[{"type":"Command: Input"},{"type":"Command: GetInvocationOutput"}]}`: `journal: entry 1: an entry "Command: GetInvocationOutput" must have its message in raw`,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(text))
			require.EqualError(t, err, want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"inv_1","service":"s","handler":"h","status":"x","entries":[{"type":"Command: Input","value":{"token":"abcd"}},{"type":"Command: Output","value":"abcd"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Parse(data)
		if err != nil {
			return
		}
		j.Redact("token")
		text, err := j.Append(nil)
		require.NoError(t, err)
		_, err = Parse(text)
		require.NoError(t, err)
	})
}
