package invocations

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/awakeableid"
	"github.com/fxrestate/go/internal/invocationid"
	"github.com/fxrestate/go/internal/journal"
)

// look is what the server tells of one invocation.
type look struct {
	admin.Invocation
	// Latest is the deployment that new invocations of the service come to, or empty.
	Latest string
	// Deployment to which it is bound; nil if to none, or if it is gone.
	Deployment *admin.DeploymentSummary
	Workflow   bool
	Queue      admin.KeyQueue // if it is pending
	Journal    admin.Journal
	Input      string
	Output     string
	Stack      string
	Awakeables []string // that it waits for
}

// gone reports that its deployment was removed.
func (l *look) gone() bool { return l.DeploymentID != admin.NotBound && l.Deployment == nil }

// old reports that its deployment is not the latest of its service.
func (l *look) old() bool {
	return l.DeploymentID != admin.NotBound && l.Latest != "" && l.DeploymentID != l.Latest
}

const (
	// maxValue is up to which size inputs and outputs are read, in bytes.
	maxValue = 64 << 10
	// maxStack limits a stack, in characters.
	maxStack = 16 << 10
)

// lookAt reads all about an invocation.
func lookAt(ctx context.Context, client *admin.Client, id string) (*look, error) {
	found, err := find(ctx, client, []string{id})
	if err != nil {
		return nil, err
	}
	l := &look{Invocation: found[0]}
	return l, errors.Join(
		l.readDeployment(ctx, client),
		l.readJournal(ctx, client),
		l.readMore(ctx, client),
		l.readQueue(ctx, client),
	)
}

func (l *look) readDeployment(ctx context.Context, client *admin.Client) error {
	service, err := client.Service(ctx, l.Service)
	if err != nil && !notFound(err) {
		return err
	}
	l.Latest = service.DeploymentID
	if l.DeploymentID == admin.NotBound {
		return nil
	}
	deployments, err := client.Deployments(ctx)
	if at := slices.IndexFunc(deployments, func(d admin.DeploymentSummary) bool { return d.ID == l.DeploymentID }); at >= 0 {
		l.Deployment = &deployments[at]
	}
	return err
}

func (l *look) readJournal(ctx context.Context, client *admin.Client) (err error) {
	if l.Journal, err = client.Journal(ctx, l.ID); err != nil {
		return err
	}
	ends, err := journal.Ends(ctx, client, l.ID, maxValue)
	for _, e := range ends {
		value := valueOf(e)
		if e.Type == "Command: Input" {
			l.Input = value
		} else if e.Failure == nil {
			l.Output = value
		}
	}
	return err
}

func valueOf(e journal.Entry) string {
	switch {
	case e.Value != nil:
		return string(e.Value)
	case e.Empty || e.Void:
		return ""
	case e.Base64 != nil && json.Valid(e.Base64): // with spaces
		return string(e.Base64)
	default:
		return "(not JSON)"
	}
}

// readMore reads what package admin does not tell.
func (l *look) readMore(ctx context.Context, client *admin.Client) error {
	rows, err := admin.Query[struct {
		Type    string   `json:"ty"`
		Signals []uint32 `json:"signals"`
	}](ctx, client, "SELECT target_service_ty AS ty, suspended_waiting_for_signals AS signals FROM sys_invocation WHERE id = ?", l.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l.Workflow = row.Type == "workflow"
		l.Awakeables = awakeablesOf(l.ID, row.Signals)
	}
	stacks, err := admin.Query[struct {
		Stack string `json:"stack"`
	}](ctx, client, "SELECT left(coalesce(json_get_str(event_json, 'error_stacktrace'), json_get_str(event_json, 'last_failure', 'error_stacktrace')), ?) AS stack "+
		"FROM sys_journal_events WHERE id = ? ORDER BY appended_at DESC LIMIT 1", maxStack, l.ID)
	if len(stacks) > 0 && l.LastFailure != "" {
		l.Stack = stacks[0].Stack
		if len(l.Stack) == maxStack { // without the line that was cut
			l.Stack = l.Stack[:strings.LastIndexByte(l.Stack, '\n')+1]
		}
	}
	return err
}

// firstAwakeable is the first signal that is an awakeable. Those before are the server's own,
// such as that of a cancellation.
const firstAwakeable = 17

func awakeablesOf(id string, signals []uint32) []string {
	parsed, err := invocationid.Parse(id)
	if err != nil {
		return nil // of a newer server
	}
	var ids []string
	for _, signal := range signals {
		if signal >= firstAwakeable {
			ids = append(ids, awakeableid.Of(parsed, signal))
		}
	}
	return ids
}

func (l *look) readQueue(ctx context.Context, client *admin.Client) (err error) {
	if l.Status == admin.StatusPending {
		l.Queue, err = client.Queue(ctx, l.Service, l.Key)
	}
	return err
}

// waits returns the commands of the journal that lack their result.
func (l *look) waits() []admin.JournalEntry {
	if l.Status == admin.StatusCompleted {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(l.Journal.Entries), func(e admin.JournalEntry) bool { return e.Notification || e.Completed })
}
