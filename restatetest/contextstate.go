package restatetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
)

// encodeState encodes a value that a test puts into the state.
func (f *fake) encodeState(key string, value any) []byte {
	f.t.Helper()
	if encoded, ok := value.(json.RawMessage); ok {
		return encoded
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		f.t.Fatalf("restatetest: Request.State[%q]: %v", key, err)
	}
	return encoded
}

func (f *fake) stateCopy() map[string]json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]json.RawMessage, len(f.state))
	for key, value := range f.state {
		all[key] = slices.Clone(value)
	}
	return all
}

// Get implements fakectx.Context.
func (f *fake) Get(key string, output any, opts ...restate.GetOption) (bool, restate.TerminalError) {
	f.log.add(Operation{Type: OperationGetState, Name: key})
	f.mu.Lock()
	value, ok := f.state[key]
	f.mu.Unlock()
	if !ok {
		return false, nil
	}
	if err := encoding.Unmarshal(codecOr(sdk.Options(restate.GetOption.BeforeGet, opts).Codec), value, output); err != nil {
		panic(fmt.Errorf("restatetest: decode the state %q: %w", key, err))
	}
	return true, nil
}

// Keys implements fakectx.Context.
func (f *fake) Keys() ([]string, restate.TerminalError) {
	f.log.add(Operation{Type: OperationGetStateKeys})
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.state)), nil
}

// Set implements fakectx.Context.
func (f *fake) Set(key string, value any, opts ...restate.SetOption) {
	encoded, err := encoding.Marshal(codecOr(sdk.Options(restate.SetOption.BeforeSet, opts).Codec), value)
	if err != nil {
		panic(fmt.Errorf("restatetest: encode the state %q: %w", key, err))
	}
	f.log.add(Operation{Type: OperationSetState, Name: key, Value: encoded})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state[key] = encoded
}

// Clear implements fakectx.Context.
func (f *fake) Clear(key string) {
	f.log.add(Operation{Type: OperationClearState, Name: key})
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.state, key)
}

// ClearAll implements fakectx.Context.
func (f *fake) ClearAll() {
	f.log.add(Operation{Type: OperationClearAllState})
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.state)
}
