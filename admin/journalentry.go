package admin

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

type journalRow struct {
	Index     int       `json:"index"`
	Type      string    `json:"entry_type"`
	Name      string    `json:"name"`
	Completed bool      `json:"completed"`
	ID        string    `json:"invoked_id"`
	Target    string    `json:"invoked_target"`
	WakeAt    time.Time `json:"sleep_wakeup_at"`
	Promise   string    `json:"promise_name"`
	Size      int       `json:"raw_length"`
	Appended  time.Time `json:"appended_at"`
	Summary   string    `json:"entry_lite_json"`
}

// summary is what an entry says of itself without its values.
type summary struct {
	// Command has the fields of the command under its type.
	Command      map[string]command
	Notification struct {
		ID struct {
			Completion *int `json:"CompletionId"`
		} `json:"id"`
	}
}

type command struct {
	Completion *int            `json:"completion_id"`
	Result     *int            `json:"result_completion_id"`
	ID         string          `json:"invocation_id"`
	Target     json.RawMessage `json:"invocation_target"`
	WakeAt     int64           `json:"wake_up_time"` // in milliseconds
	Key        json.RawMessage `json:"key"`
}

// target returns whom a command calls, as sys_invocation has it.
func (c command) target() string {
	var target map[string]struct{ Name, Key, Handler string }
	if json.Unmarshal(c.Target, &target) != nil {
		return ""
	}
	for kind, t := range target {
		if kind == "Service" {
			return t.Name + "/" + t.Handler
		}
		return t.Name + "/" + t.Key + "/" + t.Handler
	}
	return ""
}

// key returns the name of a state or a promise. The server has names as bytes as well.
func (c command) key() string {
	var text string
	var bytes []int
	if json.Unmarshal(c.Key, &text) == nil || json.Unmarshal(c.Key, &bytes) != nil {
		return text
	}
	raw := make([]byte, len(bytes))
	for i, b := range bytes {
		raw[i] = byte(b)
	}
	return string(raw)
}

func entriesOf(rows []journalRow) []JournalEntry {
	entries := make([]JournalEntry, len(rows))
	waits := map[int]int{} // the position of a command by its completion
	for i, row := range rows {
		entries[i] = row.entry()
		var says summary
		if json.Unmarshal([]byte(row.Summary), &says) != nil {
			continue // it is that of an older protocol, which has columns instead
		}
		for _, c := range says.Command {
			entries[i].describe(c)
			for _, completion := range []*int{c.Completion, c.Result} {
				if completion != nil {
					waits[*completion] = i
					entries[i].Completed = false
				}
			}
		}
		if completion := says.Notification.ID.Completion; completion != nil {
			if at, ok := waits[*completion]; ok {
				entries[at].Completed = true
			}
		}
	}
	return entries
}

// entry returns what the columns say.
func (r journalRow) entry() JournalEntry {
	kind, of, described := strings.Cut(r.Type, ": ")
	if !described {
		of = kind // of older protocols
	}
	e := JournalEntry{
		Index: r.Index, Type: of, Notification: kind == "Notification", Name: r.Name, Completed: r.Completed || described,
		InvokedID: r.ID, InvokedTarget: r.Target, Key: r.Promise, WakeAt: r.WakeAt, AppendedAt: r.Appended, Size: r.Size,
	}
	if json.Valid([]byte(r.Summary)) {
		e.Summary = json.RawMessage(r.Summary)
	}
	return e
}

// describe adds what a command says of itself.
func (e *JournalEntry) describe(c command) {
	e.InvokedID = cmp.Or(e.InvokedID, c.ID)
	e.InvokedTarget = cmp.Or(e.InvokedTarget, c.target())
	e.Key = cmp.Or(e.Key, c.key())
	if e.WakeAt.IsZero() && c.WakeAt > 0 {
		e.WakeAt = time.UnixMilli(c.WakeAt)
	}
}
