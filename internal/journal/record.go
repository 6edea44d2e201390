package journal

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/protocol"
)

// newestProtocol is the newest version of the service protocol whose journals are recorded.
const newestProtocol = 6

// Record returns the journal of an invocation as the server has it now. The error says so if
// the server does not know the invocation, or no longer has its journal.
func Record(ctx context.Context, server *admin.Client, id string) (*Journal, error) {
	if admin.CheckInvocationID(id) != nil {
		return nil, fmt.Errorf("journal: %q is not the id of an invocation", id)
	}
	found, err := admin.Query[struct {
		Service  string `json:"target_service_name"`
		Key      string `json:"target_service_key"`
		Handler  string `json:"target_handler_name"`
		Status   string `json:"status"`
		Protocol int    `json:"pinned_service_protocol_version"`
		Server   string `json:"created_using_restate_version"`
	}](ctx, server, `SELECT target_service_name, target_service_key, target_handler_name, status, pinned_service_protocol_version,
created_using_restate_version FROM sys_invocation WHERE id = ?`, id)
	if err != nil {
		return nil, fmt.Errorf("journal: look for %s: %w", id, err)
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("journal: the server knows no invocation %s; one that has ended is gone when its retention is over", id)
	}
	of := found[0]
	if of.Protocol > newestProtocol {
		return nil, fmt.Errorf("journal: %s uses version %d of the service protocol, and journals are recorded up to %d", id, of.Protocol, newestProtocol)
	}
	rows, err := admin.Query[struct {
		Type    string `json:"entry_type"`
		Raw     string `json:"raw"`
		Version int    `json:"version"`
	}](ctx, server, `SELECT entry_type, raw, version FROM sys_journal WHERE id = ? ORDER BY "index"`, id)
	if err != nil {
		return nil, fmt.Errorf("journal: read the journal of %s: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("journal: the server no longer has the journal of %s; its retention is over, see restate.WithJournalRetention", id)
	}
	j := &Journal{Format: format, ID: id, Service: of.Service, Key: of.Key, Handler: of.Handler, Status: cmp.Or(of.Status, "unknown"), Server: of.Server}
	for i, row := range rows {
		t, ok := protocol.TypeOfEntry(row.Type)
		body, err := hex.DecodeString(row.Raw)
		if !ok || err != nil || row.Version != 2 {
			return nil, fmt.Errorf("journal: entry %d of %s, %q in version %d, is none that this version can record", i, id, row.Type, row.Version)
		}
		j.Entries = append(j.Entries, entryOf(protocol.Frame{Type: t, Body: body}))
	}
	return j, nil
}

// Ends returns the input of an invocation and, if it has ended, its output, as far as the
// server still has them and they are not larger than a number of bytes.
func Ends(ctx context.Context, server *admin.Client, id string, limit int) ([]Entry, error) {
	rows, err := admin.Query[struct {
		Type string `json:"entry_type"`
		Raw  string `json:"raw"`
	}](ctx, server, "SELECT entry_type, raw FROM sys_journal WHERE id = ? AND entry_type IN (?) AND version = 2 AND raw_length <= ? "+
		`ORDER BY "index"`, id, []string{protocol.TypeInput.Entry(), protocol.TypeOutput.Entry()}, limit)
	if err != nil {
		return nil, fmt.Errorf("journal: read the input and the output of %s: %w", id, err)
	}
	var ends []Entry
	for _, row := range rows {
		t, _ := protocol.TypeOfEntry(row.Type)
		if body, err := hex.DecodeString(row.Raw); err == nil {
			ends = append(ends, entryOf(protocol.Frame{Type: t, Body: body}))
		}
	}
	return ends, nil
}
