package admin

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
)

// State returns the state of a virtual object or a workflow: the values by their names, as
// the codec of the application has encoded them, by default as JSON. It is empty if there
// is none, also for a service that the server does not know.
func (c *Client) State(ctx context.Context, service, key string) (map[string]json.RawMessage, error) {
	type entry struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	rows, err := Query[entry](ctx, c, "SELECT key AS name, value FROM state WHERE service_name = "+Quote(service)+" AND service_key = "+Quote(key))
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

// ModifyState replaces the whole state of a virtual object: nil removes it. It returns when
// the request is accepted. The server does it in turn with the invocations of the key, so
// after the one that runs.
//
// The error is an [*Error] with status 404 for an unknown service, and with status 400 for
// one that has no state, unless there is nothing to set: then restate-server 1.7.12 accepts
// the request.
func (c *Client) ModifyState(ctx context.Context, service, key string, state map[string]json.RawMessage) error {
	values := make(map[string][]int, len(state))
	for name, value := range state {
		values[name] = make([]int, len(value)) // bytes would be sent as a string
		for i, b := range value {
			values[name][i] = int(b)
		}
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"services", service, "state"}, body: struct {
		Key   string           `json:"object_key"`
		State map[string][]int `json:"new_state"`
	}{key, values}}, nil)
	return err
}
