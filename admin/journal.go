package admin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
)

// Journal is what an invocation has done so far.
type Journal struct {
	Entries []JournalEntry
	// Events are what happened beside it, such as failed attempts, by their time.
	Events []JournalEvent
}

// JournalEntry is a command of a handler, or the notification of its result.
type JournalEntry struct {
	// Index from 0 on. Entry 0 is the input.
	Index int
	// Type such as "Input", "Run", "Call", "Sleep" or "Output". A notification has the type of
	// its command, or "Signal".
	Type string
	// Notification tells a result from a command.
	Notification bool
	// Name of a step, or empty. It is the application's: quote it in texts for people.
	Name string
	// Completed reports whether a command has its result. Commands without a result are
	// completed, and so are notifications.
	Completed bool
	// Retries is the number of attempts that [Invocation] has, if the last failure is about
	// this entry, and 0 for others.
	Retries int
	// InvokedID and InvokedTarget are the invocation that a call or a send has made, such as
	// Cart/ada/AddItem.
	InvokedID, InvokedTarget string
	// Key is the name of the state or of the durable promise that a command is about.
	Key string
	// WakeAt is when a sleep ends, and zero for others.
	WakeAt time.Time
	// AppendedAt is when the server got the entry.
	AppendedAt time.Time
	// Size in bytes.
	Size int
	// Summary is the entry without its values, in the server's form.
	Summary json.RawMessage
}

// JournalEvent is something that happened to an invocation.
type JournalEvent struct {
	// Type is "TransientError" for a failed attempt, or "Paused".
	Type string
	// After is the index of the last entry before it.
	After int
	At    time.Time
	// Message is the error, on one line of at most 1000 characters, and Code Restate's code
	// of it. Both may be empty.
	Message, Code string
	// CommandType and CommandName are the command that the error is about, or empty.
	CommandType, CommandName string
}

type eventRow struct {
	Type        string    `json:"event_type"`
	After       int       `json:"after_journal_entry_index"`
	At          time.Time `json:"appended_at"`
	Message     string    `json:"message"`
	Code        string    `json:"code"`
	CommandType string    `json:"command_type"`
	CommandName string    `json:"command_name"`
}

// Journal returns the journal of an invocation with its events. It is empty for an invocation
// that the server does not know, and for one whose journal it no longer keeps. An error about
// the id is that of CancelInvocation.
func (c *Client) Journal(ctx context.Context, id string) (Journal, error) {
	var journal Journal
	if err := CheckInvocationID(id); err != nil {
		return journal, err
	}
	rows, err := Query[journalRow](ctx, c, `SELECT "index", entry_type, name, completed, invoked_id, invoked_target, sleep_wakeup_at, `+
		`promise_name, raw_length, appended_at, entry_lite_json FROM sys_journal WHERE id = ? ORDER BY "index"`, id)
	if err != nil {
		return journal, err
	}
	events, err := Query[eventRow](ctx, c, "SELECT event_type, after_journal_entry_index, appended_at, "+
		cut(ofEvent("error_message"))+" AS message, "+ofEvent("restate_doc_error_code")+" AS code, "+
		ofEvent("related_command_type")+" AS command_type, "+ofEvent("related_command_name")+" AS command_name "+
		"FROM sys_journal_events WHERE id = ? ORDER BY appended_at, after_journal_entry_index", id)
	if err != nil {
		return journal, err
	}
	failing, err := Query[struct {
		Retries int  `json:"retry_count"`
		Command *int `json:"last_failure_related_command_index"`
	}](ctx, c, "SELECT retry_count, last_failure_related_command_index FROM sys_invocation WHERE id = ?", id)
	if err != nil {
		return journal, err
	}
	journal.Entries = entriesOf(rows)
	for _, e := range events {
		journal.Events = append(journal.Events, JournalEvent{
			Type: e.Type, After: e.After, At: e.At,
			Message: httpclient.OneLine(e.Message, maxMessage), Code: httpclient.OneLine(e.Code, maxMessage),
			CommandType: httpclient.OneLine(e.CommandType, maxMessage), CommandName: httpclient.OneLine(e.CommandName, maxMessage),
		})
	}
	if len(failing) > 0 && failing[0].Command != nil {
		journal.retries(*failing[0].Command, failing[0].Retries)
	}
	return journal, nil
}

// ofEvent is a field of the failure in an event.
func ofEvent(field string) string {
	return "coalesce(json_get_str(event_json, '" + field + "'), json_get_str(event_json, 'last_failure', '" + field + "'))"
}

// retries gives a command its number of attempts. Its index counts commands only.
func (j *Journal) retries(command, count int) {
	for i := range j.Entries {
		switch {
		case j.Entries[i].Notification:
		case command == 0:
			j.Entries[i].Retries = count
			return
		default:
			command--
		}
	}
}
