package restatetest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/fxrestate/go/admin"
)

// row is an entry as sys_journal has it.
type row struct {
	Index   int    `json:"index"`
	Type    string `json:"entry_type"`
	Name    string `json:"name"`
	Target  string `json:"invoked_target"`
	Content string `json:"entry_json"`
	Raw     string `json:"raw"` // hexadecimal
}

func (s *server) journal(ctx context.Context, id string) ([]Entry, error) {
	rows, err := ask(ctx, s, func() ([]row, error) {
		return admin.Query[row](ctx, s.admin, `SELECT "index", entry_type, name, invoked_target, entry_json, raw FROM sys_journal WHERE id = ? ORDER BY "index"`, id)
	})
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		e := Entry{Index: r.Index, Type: r.Type, Name: r.Name, Target: r.Target, Content: json.RawMessage(r.Content)}
		if e.Raw, err = hex.DecodeString(r.Raw); err != nil {
			return nil, fmt.Errorf("entry %d: %w", r.Index, err)
		}
		// {"Command": {"SetState": {"key": "items", …}}}
		var content map[string]map[string]json.RawMessage
		if json.Unmarshal(e.Content, &content) == nil {
			for _, body := range content["Command"] {
				var about struct{ Key string }
				if json.Unmarshal(body, &about) == nil {
					e.Key = about.Key
				}
			}
		}
		entries[i] = e
	}
	return entries, nil
}
