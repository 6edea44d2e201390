package drain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// Commands returns the commands drain and deployments.
func Commands(t *terminal.Terminal) []*cobra.Command {
	return []*cobra.Command{newDrain(t), terminal.Group("deployments", "Look at deployments, and remove them", newList(t), newDescribe(t), newDelete(t))}
}

// overview is what the server has of deployments.
type overview struct {
	deployments []admin.DeploymentSummary
	services    []admin.Service
	inFlight    []admin.InFlight
}

func look(ctx context.Context, t *terminal.Terminal, client *admin.Client, ids ...string) (o overview, err error) {
	defer t.Progress("looking at deployments")()
	if o.deployments, err = client.Deployments(ctx); err != nil {
		return o, err
	}
	if o.services, err = client.Services(ctx); err != nil {
		return o, err
	}
	o.inFlight, err = client.InFlight(ctx, ids...)
	return o, err
}

// latest returns the services for which a deployment is the latest.
func (o overview) latest(id string) []string {
	var names []string
	for _, s := range o.services {
		if s.DeploymentID == id {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// count returns how many invocations are bound to a deployment.
func (o overview) count(id string) int {
	n := 0
	for _, row := range o.inFlight {
		if row.DeploymentID == id {
			n += row.Count
		}
	}
	return n
}

// deployment returns a deployment, or an error that says that there is none.
func (o overview) deployment(id string) (admin.DeploymentSummary, error) {
	for _, d := range o.deployments {
		if d.ID == id {
			return d, nil
		}
	}
	return admin.DeploymentSummary{}, fmt.Errorf("the server knows no deployment %s; see fxrestate deployments list", terminal.Escape(id))
}

// checkID finds a mistake before the server is asked.
func checkID(id string) error {
	if !strings.HasPrefix(id, "dp_") {
		return terminal.Usagef("%q is not the id of a deployment, which begins with dp_", terminal.Escape(id))
	}
	return nil
}

// document is a deployment in JSON.
type document struct {
	ID        string                  `json:"id"`
	URI       string                  `json:"uri,omitempty"`
	ARN       string                  `json:"arn,omitempty"`
	CreatedAt string                  `json:"created_at"`
	Services  []admin.ServiceRevision `json:"services"`
	Latest    []string                `json:"latest_of"`
	InFlight  int                     `json:"in_flight"`
	Metadata  map[string]string       `json:"metadata,omitempty"`
}

func (o overview) document(d admin.DeploymentSummary) document {
	return document{
		d.ID, d.URI, d.ARN, d.CreatedAt.UTC().Format("2006-01-02T15:04:05Z"), d.Services,
		append([]string{}, o.latest(d.ID)...), o.count(d.ID), d.Metadata,
	}
}

func newList(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	cmd := &cobra.Command{
		Use: "list", Short: "List deployments, the newest first",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				o, err := look(ctx, t, client)
				if err != nil {
					return err
				}
				slices.SortStableFunc(o.deployments, func(a, b admin.DeploymentSummary) int { return b.CreatedAt.Compare(a.CreatedAt) })
				return o.list(t)
			})
		},
	}
	flags.Add(cmd)
	return cmd
}

func (o overview) list(t *terminal.Terminal) error {
	if t.JSON {
		all := make([]document, 0, len(o.deployments))
		for _, d := range o.deployments {
			all = append(all, o.document(d))
		}
		return t.WriteJSON(struct {
			Deployments []document `json:"deployments"`
		}{all})
	}
	if len(o.deployments) == 0 {
		t.Notef("there are no deployments")
		return nil
	}
	table := terminal.Table{Header: []string{"Id", "Address", "Age", "Latest of", "In flight"}}
	for _, d := range o.deployments {
		table.Rows = append(table.Rows, []string{d.ID, cmp.Or(d.URI, d.ARN), t.Since(d.CreatedAt), latestText(o.latest(d.ID)), strconv.Itoa(o.count(d.ID))})
	}
	t.Table(table)
	return nil
}

func latestText(services []string) string {
	if len(services) == 0 {
		return "none"
	}
	return strings.Join(services, ", ")
}

func newDescribe(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	cmd := &cobra.Command{
		Use: "describe <id>", Short: "Show a deployment, and what runs on it",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID(args[0]); err != nil {
				return err
			}
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				o, err := look(ctx, t, client, args[0])
				if err != nil {
					return err
				}
				d, err := o.deployment(args[0])
				if err != nil {
					return err
				}
				if t.JSON {
					return t.WriteJSON(struct {
						document
						Invocations []admin.InFlight `json:"invocations"`
					}{o.document(d), append([]admin.InFlight{}, o.inFlight...)})
				}
				o.describe(t, d)
				return nil
			})
		},
		ValidArgsFunction: flags.CompleteFirst(server.Deployments),
	}
	flags.Add(cmd)
	return cmd
}

func (o overview) describe(t *terminal.Terminal, d admin.DeploymentSummary) {
	var services, metadata []string
	for _, s := range d.Services {
		text := fmt.Sprintf("%s, revision %d", s.Name, s.Revision)
		if !slices.Contains(o.latest(d.ID), s.Name) {
			text += ", which is not the latest"
		}
		services = append(services, text)
	}
	slices.Sort(services)
	for _, name := range slices.Sorted(maps.Keys(d.Metadata)) {
		metadata = append(metadata, name+"="+d.Metadata[name])
	}
	// The values of headers may be secret.
	headers := slices.Sorted(maps.Keys(d.AdditionalHeaders))
	t.Fields(
		terminal.Field{Name: "Deployment", Value: d.ID, Style: terminal.Strong},
		terminal.Field{Name: "Address", Value: cmp.Or(d.URI, d.ARN)},
		terminal.Field{Name: "Made", Value: t.Time(d.CreatedAt)},
		terminal.Field{Name: "Protocol", Value: fmt.Sprintf("%s, %s, versions %d to %d", d.ProtocolType, cmp.Or(d.HTTPVersion, "Lambda"), d.MinProtocolVersion, d.MaxProtocolVersion)},
		terminal.Field{Name: "SDK", Value: d.SDKVersion},
		terminal.Field{Name: "Services", Value: strings.Join(services, "\n")},
		terminal.Field{Name: "Headers", Value: strings.Join(headers, ", ")},
		terminal.Field{Name: "Metadata", Value: strings.Join(metadata, "\n")},
	)
	if len(o.inFlight) > 0 {
		t.Title("In flight")
		t.Table(inFlightTable(t, o.inFlight))
	}
}

// inFlightTable returns the table of what runs, by handler and status.
func inFlightTable(t *terminal.Terminal, rows []admin.InFlight) terminal.Table {
	table := terminal.Table{
		Header: []string{"Handler", "Status", "Invocations", "Oldest"},
		Style: func(r, c int) terminal.Style {
			switch {
			case c == 1 && rows[r].Status == admin.StatusPaused:
				return terminal.Bad
			case c == 1 && rows[r].Status == admin.StatusBackingOff:
				return terminal.Warning
			default:
				return terminal.Plain
			}
		},
	}
	for _, row := range rows {
		table.Rows = append(table.Rows, []string{row.Service + "/" + row.Handler, string(row.Status), strconv.Itoa(row.Count), t.Since(row.Oldest)})
	}
	return table
}
