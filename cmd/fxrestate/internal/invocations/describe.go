package invocations

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

func newDescribe(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	cmd := &cobra.Command{
		Use:   "describe <id>",
		Short: "Show all about an invocation, and what to do about it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				done := t.Progress("looking at the invocation")
				l, err := lookAt(ctx, client, args[0])
				done()
				if err != nil {
					return err
				}
				if t.JSON {
					return t.WriteJSON(l.document(&flags))
				}
				l.print(t, &flags)
				return nil
			})
		},
		ValidArgsFunction: flags.CompleteFirst(idsOf()),
	}
	flags.Add(cmd)
	return cmd
}

func (l *look) deploymentState() string {
	switch {
	case l.DeploymentID == admin.NotBound:
		return ""
	case l.gone():
		return deploymentGone
	case l.old():
		return deploymentOld
	default:
		return onLatest
	}
}

// shownValue limits an input or an output, in characters.
const shownValue = 500

func (l *look) print(t *terminal.Terminal, flags *server.Flags) {
	t.Fields(
		terminal.Field{Name: "Invocation", Value: l.ID, Style: terminal.Strong},
		terminal.Field{Name: "Target", Value: targetOf(l.Invocation)},
		terminal.Field{Name: "Status", Value: l.statusText(), Style: styleOf(l.Invocation)},
		terminal.Field{Name: "Since", Value: t.Time(l.ModifiedAt)},
		terminal.Field{Name: "Starts", Value: l.starts(t)},
		terminal.Field{Name: "Deployment", Value: l.deploymentText()},
		terminal.Field{Name: "Made", Value: t.Time(l.CreatedAt)},
		terminal.Field{Name: "Made by", Value: l.madeBy()},
		terminal.Field{Name: "Restart of", Value: l.RestartedFrom},
		terminal.Field{Name: "Idempotency key", Value: l.IdempotencyKey},
		terminal.Field{Name: "Trace", Value: l.TraceID},
		terminal.Field{Name: "Attempts", Value: l.attempts()},
		terminal.Field{Name: "Next attempt", Value: t.Time(l.NextRetryAt)},
		terminal.Field{Name: "Last failure", Value: l.lastFailure(), Style: terminal.Warning},
		terminal.Field{Name: "Stack", Value: cutStack(l.Stack)},
		terminal.Field{Name: "Waits for", Value: strings.Join(l.waitsFor(), "\n")},
		terminal.Field{Name: "Input", Value: terminal.Cut(l.Input, shownValue)},
		terminal.Field{Name: "Output", Value: terminal.Cut(l.Output, shownValue)},
		terminal.Field{Name: "Failure", Value: l.Failure, Style: terminal.Bad},
	)
	if len(l.Journal.Entries) > 0 {
		t.Title("Journal")
		t.Table(l.journalTable(t))
	}
	if next := l.advise(flags); len(next) > 0 {
		t.Title("What to do")
		for _, a := range next {
			t.Printf("%s\n", t.Wrap("  ", terminal.Escape(a.Why)))
			if a.Command != "" {
				t.Printf("    %s\n", t.Paint(terminal.Strong, a.Command))
			}
		}
	}
}

// statusText says a status in words.
func (l *look) statusText() string {
	text := map[admin.InvocationStatus]string{
		admin.StatusScheduled:  "it was sent with a delay",
		admin.StatusPending:    "it waits for another invocation of the same key",
		admin.StatusReady:      "it waits for the server to run it",
		admin.StatusRunning:    "a handler runs",
		admin.StatusSuspended:  "it waits, without a handler that runs",
		admin.StatusBackingOff: "its last attempt has failed, and the next one comes by itself",
		admin.StatusPaused:     "it makes no attempts until somebody resumes it",
		admin.StatusCompleted:  "it has ended with a result",
	}[l.Status]
	if l.Failure != "" {
		text = "it has ended with a failure"
	}
	if text == "" {
		return string(l.Status) // of a newer server
	}
	return string(l.Status) + ": " + text
}

func (l *look) starts(t *terminal.Terminal) string {
	if l.Status != admin.StatusScheduled {
		return ""
	}
	return t.Time(l.ScheduledAt)
}

func (l *look) deploymentText() string {
	switch {
	case l.DeploymentID == admin.NotBound && l.Status == admin.StatusCompleted:
		return ""
	case l.DeploymentID == admin.NotBound && l.Latest == "":
		return "none serves " + l.Service
	case l.DeploymentID == admin.NotBound:
		return "bound to none: its next attempt runs on the latest, " + l.Latest
	case l.gone():
		return l.DeploymentID + ", which is gone"
	}
	text := l.DeploymentID + " at " + cmp.Or(l.Deployment.URI, l.Deployment.ARN)
	switch {
	case l.Latest == "":
		return text + "; no deployment serves " + l.Service + " now"
	case l.old():
		return text + "; the latest is " + l.Latest
	default:
		return text
	}
}

func (l *look) madeBy() string {
	switch {
	case l.InvokedByID != "":
		return strings.TrimSpace(l.InvokedByTarget + " " + l.InvokedByID)
	case l.InvokedBy == "ingress":
		return "a call from outside"
	case l.InvokedBy == "subscription":
		return "a Kafka subscription"
	case l.InvokedBy == "restart_as_new":
		return "a restart"
	default:
		return l.InvokedBy
	}
}

func (l *look) attempts() string {
	if l.RetryCount == 0 {
		return ""
	}
	return strconv.Itoa(l.RetryCount)
}

func (l *look) lastFailure() string {
	if l.LastFailure == "" {
		return ""
	}
	text := failureOf(admin.Invocation{LastFailure: l.LastFailure, LastFailureCode: l.LastFailureCode})
	if command := strings.TrimSpace(l.LastCommandType + " " + l.LastCommandName); command != "" {
		text += "\nat " + command
	}
	return text
}

// waitsFor says what the invocation waits for.
func (l *look) waitsFor() []string {
	var waits []string
	for _, e := range l.waits() {
		text := fmt.Sprintf("%d %s", e.Index, e.Type)
		if about := aboutOf(e); about != "" {
			text += " " + about
		}
		waits = append(waits, text)
	}
	for _, id := range l.Awakeables {
		waits = append(waits, "awakeable "+id)
	}
	if h := l.Queue.Holder; h != nil {
		waits = append(waits, fmt.Sprintf("%s %s, %s, which holds the key", targetOf(*h), h.ID, h.Status))
	}
	return waits
}

// aboutOf is what an entry is about.
func aboutOf(e admin.JournalEntry) string {
	words := []string{e.Name, e.Key, e.InvokedTarget, e.InvokedID}
	if !e.WakeAt.IsZero() {
		words = append(words, "until "+e.WakeAt.UTC().Format(time.RFC3339))
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func (l *look) journalTable(t *terminal.Terminal) terminal.Table {
	table := terminal.Table{Header: []string{"Entry", "Type", "State", "Time", "About"}, Below: true}
	for _, e := range l.Journal.Entries {
		kind, state := e.Type, ""
		switch {
		case e.Notification:
			kind, state = "  result of "+e.Type, ""
		case !e.Completed:
			state = "open"
		}
		if e.Retries > 1 {
			state = strings.TrimSpace(fmt.Sprintf("%s, attempt %d", state, e.Retries))
		}
		at := ""
		if !e.AppendedAt.IsZero() {
			at = e.AppendedAt.UTC().Format(time.TimeOnly)
		}
		table.Rows = append(table.Rows, []string{strconv.Itoa(e.Index), kind, state, at, terminal.Cut(aboutOf(e), shownFailure)})
	}
	table.Style = func(r, c int) terminal.Style {
		if c == 2 {
			return terminal.Warning
		}
		return terminal.Plain
	}
	return table
}
