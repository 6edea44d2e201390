package invocations

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// shown is how many invocations are shown one by one.
const shown = 20

// show shows what is taken.
func (r *request) show(t *terminal.Terminal, some []admin.Invocation, all int) {
	if t.JSON {
		return
	}
	t.Table(tableOf(t, some))
	if all > len(some) {
		t.Printf("… and %d more\n", all-len(some))
	}
	t.Notef("\n%s", t.Wrap("", r.means))
}

// question asks whether to do it.
func (r *request) question(n int) string {
	verb := strings.ToUpper(r.name[:1]) + r.name[1:]
	switch {
	case r.operation == admin.OperationPurgeJournal:
		return fmt.Sprintf("Purge the %s of %s?", plural(n, "journal", "journals"), terminal.Plural(n, "invocation"))
	case r.all:
		return fmt.Sprintf("%s %s, of all services?", verb, terminal.Plural(n, "invocation"))
	default:
		return fmt.Sprintf("%s %s?", verb, terminal.Plural(n, "invocation"))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// report is what a change prints as JSON.
type report struct {
	Operation   admin.Operation `json:"operation"`
	DryRun      bool            `json:"dry_run"`
	Invocations []outcome       `json:"invocations"`
}

// outcome is what has become of one invocation.
type outcome struct {
	ID string `json:"id"`
	// Result is that of a change, or one of those below, and empty in a dry run.
	Result string `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
	// NewID is that of the invocation that it was restarted as.
	NewID string `json:"new_id,omitempty"`
}

const (
	refused = "refused" // by the server
	skipped = "skipped" // it is in another status by now
	unknown = "unknown" // the command ended early
	ignored = "ignored" // the server has accepted it, and does not do it
)

func (r *request) report(ids []string, result admin.BatchResult) report {
	of := report{r.operation, r.dryRun, make([]outcome, 0, len(ids))}
	failures := map[string]*admin.Error{}
	for _, f := range result.Failures {
		failures[f.ID] = f.Err
	}
	for _, id := range ids {
		one := outcome{ID: id, NewID: result.Restarted[id]}
		switch failed := failures[id]; {
		case r.dryRun:
		case failed != nil:
			one.Result, one.Error = refused, failed.Message
		case slices.Contains(result.Skipped, id):
			one.Result = skipped
		case r.operation == admin.OperationPause && r.suspended[id]:
			one.Result = ignored
		case one.NewID != "" || slices.Contains(result.IDs, id):
			one.Result = r.done
		default:
			one.Result = unknown
		}
		of.Invocations = append(of.Invocations, one)
	}
	return of
}

// result shows what has become of each, or for many only of those that were not changed.
func (r *request) result(t *terminal.Terminal, ids []string, result admin.BatchResult) error {
	of := r.report(ids, result)
	if t.JSON {
		return t.WriteJSON(of)
	}
	table, reasons := terminal.Table{Header: []string{"Id", "Result", "Why"}, Below: true}, false
	for _, one := range of.Invocations {
		why := one.Error
		switch {
		case one.Result == skipped:
			why = "it is in another status now"
		case one.NewID != "":
			why = "as " + one.NewID
		case one.Result == unknown:
			why = "the command ended early"
		case one.Result == ignored:
			why = "it is suspended, and the server pauses it only once it runs"
		}
		reasons = reasons || why != ""
		if len(ids) <= shown || one.Result != r.done {
			table.Rows = append(table.Rows, []string{one.ID, one.Result, why})
		}
	}
	if !reasons {
		table.Header, table.Below = table.Header[:2], false
	}
	table.Style = func(row, column int) terminal.Style {
		if column == 1 && table.Rows[row][1] != r.done {
			return terminal.Bad
		}
		return terminal.Plain
	}
	t.Printf("\n")
	if len(table.Rows) > 0 {
		t.Table(table)
	}
	if len(ids) > shown {
		t.Printf("%s of %d\n", terminal.Plural(result.Succeeded, r.done+" invocation"), len(ids))
	}
	return nil
}
