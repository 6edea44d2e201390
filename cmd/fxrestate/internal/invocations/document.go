package invocations

import (
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
)

// document is what describe prints as JSON.
type document struct {
	admin.Invocation
	DeploymentState  string   `json:"deployment_state,omitempty"`
	LatestDeployment string   `json:"latest_deployment_id,omitempty"`
	Input            string   `json:"input,omitempty"`
	Output           string   `json:"output,omitempty"`
	Stack            string   `json:"last_failure_stack,omitempty"`
	WaitsFor         []string `json:"waits_for"`
	Holder           string   `json:"key_held_by,omitempty"`
	Journal          []entry  `json:"journal"`
	Events           []event  `json:"events"`
	Next             []advice `json:"next"`
}

func (l *look) document(flags *server.Flags) document {
	d := document{
		Invocation: l.Invocation, DeploymentState: l.deploymentState(), LatestDeployment: l.Latest, Input: l.Input, Output: l.Output, Stack: l.Stack,
		WaitsFor: append([]string{}, l.waitsFor()...), Journal: l.entries(), Events: l.events(), Next: append([]advice{}, l.advise(flags)...),
	}
	if l.Queue.Holder != nil {
		d.Holder = l.Queue.Holder.ID
	}
	return d
}

// entry is an entry of the journal.
type entry struct {
	Index         int       `json:"index"`
	Type          string    `json:"type"`
	Notification  bool      `json:"notification"`
	Name          string    `json:"name,omitempty"`
	Key           string    `json:"key,omitempty"`
	Completed     bool      `json:"completed"`
	Attempts      int       `json:"attempts,omitempty"`
	InvokedID     string    `json:"invoked_id,omitempty"`
	InvokedTarget string    `json:"invoked_target,omitempty"`
	WakeAt        time.Time `json:"wake_at,omitzero"`
	AppendedAt    time.Time `json:"appended_at,omitzero"`
	Size          int       `json:"size"`
}

func (l *look) entries() []entry {
	entries := make([]entry, len(l.Journal.Entries))
	for i, e := range l.Journal.Entries {
		entries[i] = entry{
			Index: e.Index, Type: e.Type, Notification: e.Notification, Name: e.Name, Key: e.Key, Completed: e.Completed, Attempts: e.Retries,
			InvokedID: e.InvokedID, InvokedTarget: e.InvokedTarget, WakeAt: e.WakeAt, AppendedAt: e.AppendedAt, Size: e.Size,
		}
	}
	return entries
}

// event is what happened beside the journal.
type event struct {
	Type    string    `json:"type"`
	After   int       `json:"after"`
	At      time.Time `json:"at"`
	Message string    `json:"message,omitempty"`
	Code    string    `json:"code,omitempty"`
}

func (l *look) events() []event {
	events := make([]event, len(l.Journal.Events))
	for i, e := range l.Journal.Events {
		events[i] = event{e.Type, e.After, e.At, e.Message, e.Code}
	}
	return events
}
