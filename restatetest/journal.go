package restatetest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Entry is an entry of a journal: a command, such as the run of a step, or a notification of
// what a command has led to.
type Entry struct {
	// Index of the entry, from 0 on.
	Index int
	// Type is as in sys_journal, such as "Command: Run" and "Notification: Run".
	Type string
	// Name that the handler gave to the command, or empty.
	Name string
	// Key in the state, or of a promise, that the command is about, or empty.
	Key string
	// Target of a call or a send, such as "Cart/ada/Add", or empty.
	Target string
	// Content is the entry as JSON, as the server shows it.
	Content json.RawMessage
	// Raw is the entry as the service protocol has it.
	Raw []byte
}

// String returns the type, without the word "Command", and the first that the entry has of
// name, key and target: "Run charge-card", "SetState items", "Notification: Run".
func (e Entry) String() string {
	return strings.TrimSpace(strings.TrimPrefix(e.Type, "Command: ") + " " + cmp.Or(e.Name, e.Key, e.Target))
}

// Journal returns the entries in the journal of the invocation.
func (i *Invocation) Journal() []Entry {
	i.env.t.Helper()
	ctx, cancel := i.env.context()
	defer cancel()
	entries, err := i.journal(ctx)
	if err != nil {
		i.env.t.Fatalf("restatetest: the journal of %s: %v", i.id, err)
	}
	return entries
}

func (i *Invocation) journal(ctx context.Context) ([]Entry, error) {
	return i.env.backend.journal(ctx, i.id)
}

// AwaitEntry waits until an entry is in the journal, which is written as [Entry.String] does,
// such as "Run charge-card", and returns it.
func (i *Invocation) AwaitEntry(entry string) (found Entry) {
	i.env.t.Helper()
	i.await("does not write "+entry, func() error {
		ctx, cancel := i.env.context()
		defer cancel()
		entries, err := i.journal(ctx)
		if err != nil {
			return err
		}
		var all []string
		for _, e := range entries {
			if e.String() == entry {
				found = e
				return nil
			}
			all = append(all, e.String())
		}
		return fmt.Errorf("its journal is %q", all)
	})
	return found
}
