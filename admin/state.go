package admin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// State returns the state of a virtual object or a workflow: the values by their names, as
// the codec of the application has encoded them, by default as JSON. It is empty if there
// is none, also for a service that the server does not know.
func (c *Client) State(ctx context.Context, service, key string) (map[string]json.RawMessage, error) {
	type entry struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	rows, err := Query[entry](ctx, c, "SELECT key AS name, value FROM state WHERE service_name = ? AND service_key = ?", service, key)
	if err != nil {
		return nil, err
	}
	state := make(map[string]json.RawMessage, len(rows))
	for _, row := range rows {
		value, err := hex.DecodeString(row.Value)
		if err != nil {
			return nil, fmt.Errorf("admin: the state %q of %q/%q: %w", row.Name, service, key, err)
		}
		state[row.Name] = value
	}
	return state, nil
}

// ModifyStateRequest is the state that a virtual object gets.
type ModifyStateRequest struct {
	// State in place of the whole state that there is. Nil removes it.
	State map[string]json.RawMessage
	// Version is the [StateVersion] of the state that is to be replaced. If the state
	// has another one by the time the server gets to the request, nothing is changed,
	// and nobody is told. Empty means whatever there is.
	Version string
	// Scope of the object, for servers with scopes. Empty means none.
	Scope string
}

// values are the bytes of the values as the API has them.
func (r ModifyStateRequest) values() map[string][]int {
	values := make(map[string][]int, len(r.State))
	for name, value := range r.State {
		values[name] = make([]int, len(value)) // bytes would be sent as a string
		for i, b := range value {
			values[name][i] = int(b)
		}
	}
	return values
}

// ModifyState replaces the whole state of a virtual object. It returns when the request is
// accepted. The server does it in turn with the invocations of the key, so after the one
// that runs. To change what you have read, and only that, send its version along:
//
//	state, err := client.State(ctx, "Cart", "ada")
//	version := admin.StateVersion(state)
//	state["items"] = json.RawMessage(`[]`)
//	err = client.ModifyState(ctx, "Cart", "ada", admin.ModifyStateRequest{State: state, Version: version})
//
// The error is an [*Error] with status 404 for an unknown service, and with status 400 for
// one that has no state, unless there is nothing to set: then restate-server 1.7.12 accepts
// the request. A version that is not the state's is no error: read the state again to see
// what has become of the request.
func (c *Client) ModifyState(ctx context.Context, service, key string, req ModifyStateRequest) error {
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"services", service, "state"}, body: struct {
		Key     string           `json:"object_key"`
		State   map[string][]int `json:"new_state"`
		Version string           `json:"version,omitempty"`
		Scope   string           `json:"scope,omitempty"`
	}{key, req.values(), req.Version, req.Scope}}, nil)
	return err
}

// StateVersion returns the version of a state, as [Client.State] has returned it, for
// [ModifyStateRequest]. The server shows no version: it is computed from the names and
// values, so a state that changed and changed back has the version it had.
func StateVersion(state map[string]json.RawMessage) string {
	hash := sha256.New()
	for i, name := range slices.Sorted(maps.Keys(state)) {
		var index [8]byte
		binary.BigEndian.PutUint64(index[:], uint64(i))
		for _, part := range [][]byte{index[:], {1}, []byte(name), {2}, state[name], {3}} {
			hash.Write(part)
		}
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}
