package crash

import (
	"bytes"
	"slices"

	"github.com/fxrestate/go/internal/protocol"
)

// Compare compares the journals of one invocation in two runs. It returns nil unless the
// handler did different things although it was told the same until then: the input, the
// results of what it did, signals, and their order. What comes after the first
// difference in what it was told is not compared.
func Compare(recorded, now *Invocation) *Finding {
	a, b := &recorded.Journal, &now.Journal
	if len(a.Commands) == 0 || len(b.Commands) == 0 || !sameInput(a.Commands[0].Frame, b.Commands[0].Frame) {
		return nil
	}
	for i := 1; i < min(len(a.Commands), len(b.Commands)); i++ {
		x, y := commandOf(a.Commands[i].Frame), commandOf(b.Commands[i].Frame)
		if x == y {
			continue
		}
		if x.known && y.known && x.kind == y.kind && x.name == y.name {
			return nil // it read something else
		}
		if x.value == "" || y.value == "" { // one of them cannot be compared
			if x.value, y.value = "", ""; x == y {
				continue
			}
		}
		if !sameNotifications(a, b, max(a.Commands[i].Heard, b.Commands[i].Heard)) {
			return nil
		}
		return &Finding{
			Handler: now.Target(), Invocation: now.ID, Entry: i,
			Recorded: x.describe(), Attempted: y.describe() + " in another run, after the same results",
		}
	}
	return nil
}

func sameInput(a, b protocol.Frame) bool { return commandOf(a) == commandOf(b) }

// sameNotifications reports whether the first n notifications are the same.
func sameNotifications(a, b *Journal, n int) bool {
	if n > len(a.Notifications) || n > len(b.Notifications) {
		return false
	}
	return slices.EqualFunc(a.Notifications[:n], b.Notifications[:n], func(x, y protocol.Frame) bool {
		return x.Type == y.Type && bytes.Equal(WithoutIDs(x.Body), WithoutIDs(y.Body))
	})
}
